#include "store/read_through/archive_readers.h"

#include "base/log.h"

namespace gavel::store {

ArchiveReaders::ArchiveReaders(Archive& archive, const ReadThroughOptions& options)
    : archive_(archive), options_(options) {
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

ArchiveReaders::~ArchiveReaders() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ArchiveReaders::ask(ArchiveQuestion question, std::shared_ptr<ArchiveInbox> inbox) {
  {
    const std::lock_guard lock(mutex_);
    if (calls_.size() < options_.calls_max && Clock::now() >= pause_until_) {
      calls_.push_back({std::move(question), std::move(inbox)});
      wake_.notify_one();
      return;
    }
    ++figures_.failures;
  }
  ArchiveAnswer answer;
  answer.question = std::move(question);
  answer.error = ArchiveError::unavailable;
  inbox->put(std::move(answer));
}

ReadThroughFigures ArchiveReaders::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void ArchiveReaders::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    if (stopping_) return;
    Call call = std::move(calls_.front());
    calls_.pop_front();
    // What piled up while the archive did not answer shall not wait for it one by one.
    const bool paused = Clock::now() < pause_until_;
    if (paused) ++figures_.failures;
    lock.unlock();
    ArchiveAnswer one;
    if (paused) {
      one.question = std::move(call.question);
      one.error = ArchiveError::unavailable;
    } else {
      one = answer(std::move(call.question));
    }
    call.inbox->put(std::move(one));
    lock.lock();
  }
}

ArchiveAnswer ArchiveReaders::answer(ArchiveQuestion question) {
  ArchiveAnswer answer;
  answer.question = std::move(question);
  const ArchiveQuestion& asked = answer.question;
  std::string what;
  if (asked.request == 0) {
    auto found = archive_.find(asked.room, asked.epoch);
    if (found) {
      answer.mark = std::move(found.value());
    } else {
      answer.error = found.error().error;
      what = found.error().what;
    }
  } else {
    auto page = archive_.read(asked.room, asked.epoch, asked.after, asked.bytes_max);
    if (page) {
      answer.page = std::move(page.value());
    } else {
      answer.error = page.error().error;
      what = page.error().what;
    }
  }
  note(answer, what);
  return answer;
}

void ArchiveReaders::note(const ArchiveAnswer& answer, const std::string& what) {
  bool was_ok = true;
  // One damaged room says nothing about the archive as a whole.
  const bool away = answer.error && *answer.error != ArchiveError::damaged;
  {
    const std::lock_guard lock(mutex_);
    if (answer.error) ++figures_.failures;
    if (!answer.error && answer.question.request != 0) ++figures_.pages;
    was_ok = std::exchange(figures_.ok, !away);
    pause_until_ = away ? Clock::now() + options_.pause : Clock::time_point{};
  }
  if (answer.error && (was_ok || !away)) {
    GAVEL_LOG(archive, warning, "old history can't be read", {"room", answer.question.room},
              {"why", what});
  } else if (!answer.error && !was_ok) {
    GAVEL_LOG(archive, info, "old history can be read again");
  }
}

}  // namespace gavel::store
