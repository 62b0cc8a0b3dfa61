// A token bucket: how many of something a client may do a second, and how many at once. Time is
// handed in. One thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace gavel::session {

class TokenBucket {
 public:
  // `rate` a second, `burst` at once; a rate of 0 means no limit.
  TokenBucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  // Takes `amount` tokens where they are there; else takes nothing, and retry_after_ms() says when
  // it would work.
  bool take(double amount, std::int64_t now_ms) {
    if (rate_ <= 0) return true;
    if (now_ms > last_ms_) {
      tokens_ = std::min(burst_, tokens_ + rate_ * static_cast<double>(now_ms - last_ms_) / 1000.0);
      last_ms_ = now_ms;
    }
    // More than the bucket ever holds: let through when it is full, or it never could be.
    const double wanted = std::min(amount, burst_);
    if (tokens_ < wanted) {
      missing_ = wanted - tokens_;
      return false;
    }
    tokens_ -= wanted;
    return true;
  }
  std::uint64_t retry_after_ms() const {
    return static_cast<std::uint64_t>(missing_ / rate_ * 1000.0) + 1;
  }

 private:
  double rate_;
  double burst_;
  double tokens_;
  double missing_ = 0;
  std::int64_t last_ms_ = 0;
};

}  // namespace gavel::session
