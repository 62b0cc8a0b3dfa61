// Where the writer and the reader put their answers for one shard. The first that comes into an
// empty inbox wakes the shard; the others ride along. Any thread puts; the log takes, on its
// shard's thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "store/rocks/traffic.h"
#include "store/store.h"

namespace gavel::store::rocks {

struct Answers {
  std::vector<std::unique_ptr<Commit>> commits;
  std::vector<OpenAnswer> opens;
  std::vector<PageAnswer> pages;
  std::vector<ClaimAnswer> claims;
  std::vector<TrimAnswer> trims;

  void clear() {
    commits.clear();
    opens.clear();
    pages.clear();
    claims.clear();
    trims.clear();
  }
};

class Inbox : public std::enable_shared_from_this<Inbox> {
 public:
  Inbox(Post post, std::function<void()> drain)
      : post_(std::move(post)), drain_(std::move(drain)) {}

  template <class Answer>
  void put(std::vector<Answer> Answers::*list, Answer answer) {
    const std::lock_guard lock(mutex_);
    if (!drain_) return;
    (answers_.*list).push_back(std::move(answer));
    if (std::exchange(posted_, true)) return;
    // Under the lock: nothing is posted once close() has returned.
    post_([self = shared_from_this()] { self->run(); });
  }

  // Exchanges what came for `empty`.
  void take(Answers& empty) {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    std::swap(answers_, empty);
  }

  // The log goes: whatever comes is dropped.
  void close() {
    const std::lock_guard lock(mutex_);
    drain_ = nullptr;
    answers_.clear();
  }

 private:
  void run() {
    std::function<void()> drain;
    {
      const std::lock_guard lock(mutex_);
      drain = drain_;
    }
    if (drain) drain();
  }

  std::mutex mutex_;
  Post post_;
  std::function<void()> drain_;
  Answers answers_;
  bool posted_ = false;
};

}  // namespace gavel::store::rocks
