// An answer that a shard gives later, and a thread that waits for it, but not for ever: what comes
// after it gave up goes to `late`, or nowhere. Shared by the two sides; both may be gone before the
// other.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace gavel::app {

template <class T>
class Answer {
 public:
  explicit Answer(std::function<void(const T&)> late = {}) : late_(std::move(late)) {}

  // The shard's side, once.
  void give(T value) {
    std::unique_lock lock(mutex_);
    if (given_up_) {
      lock.unlock();
      if (late_) late_(value);
      return;
    }
    value_ = std::move(value);
    come_.notify_one();
  }
  // The other side, once. Nothing when it did not come in time.
  std::optional<T> wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    come_.wait_for(lock, time, [this] { return value_.has_value(); });
    given_up_ = !value_.has_value();
    return std::move(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable come_;
  std::optional<T> value_;
  bool given_up_ = false;
  std::function<void(const T&)> late_;
};

}  // namespace gavel::app
