// The threads that ask the archive, and the answers' way back to a shard.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/read_through/read_through_store.h"

namespace gavel::store {

// What a room's epoch is asked for: its mark, or a page.
struct ArchiveQuestion {
  RoomKey key;
  std::string room;
  Epoch epoch;
  std::uint64_t request = 0;  // 0: the mark
  MessageId after;
  std::size_t bytes_max = 0;
};

struct ArchiveAnswer {
  ArchiveQuestion question;
  std::optional<ArchiveError> error;
  std::optional<ArchivedRoom> mark;
  ArchivePage page;
};

// Where one shard's answers arrive. put() from any thread; the rest on the shard's.
class ArchiveInbox : public std::enable_shared_from_this<ArchiveInbox> {
 public:
  ArchiveInbox(Post post, std::function<void()> drain)
      : post_(std::move(post)), drain_(std::move(drain)) {}

  void put(ArchiveAnswer answer) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    answers_.push_back(std::move(answer));
    if (std::exchange(posted_, true)) return;
    // Under the lock: nothing is posted once close() has returned.
    post_([self = shared_from_this()] {
      if (self->drain_) self->drain_();
    });
  }
  std::vector<ArchiveAnswer> take() {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    return std::exchange(answers_, {});
  }
  // The log goes: whatever comes is dropped.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    drain_ = nullptr;
    answers_.clear();
  }

 private:
  std::mutex mutex_;
  const Post post_;
  std::function<void()> drain_;  // touched on the shard's thread only
  std::vector<ArchiveAnswer> answers_;
  bool posted_ = false;
  bool closed_ = false;
};

// Any thread.
class ArchiveReaders {
 public:
  ArchiveReaders(Archive& archive, const ReadThroughOptions& options);
  ArchiveReaders(const ArchiveReaders&) = delete;
  ArchiveReaders& operator=(const ArchiveReaders&) = delete;
  // Waits for the calls that are made now.
  ~ArchiveReaders();

  // Each is answered once, never from inside.
  void ask(ArchiveQuestion question, std::shared_ptr<ArchiveInbox> inbox);
  ReadThroughFigures figures() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Call {
    ArchiveQuestion question;
    std::shared_ptr<ArchiveInbox> inbox;
  };
  void run();
  ArchiveAnswer answer(ArchiveQuestion question);
  void note(const ArchiveAnswer& answer, const std::string& what);

  Archive& archive_;
  const ReadThroughOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Call> calls_;
  ReadThroughFigures figures_;
  Clock::time_point pause_until_{};
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gavel::store
