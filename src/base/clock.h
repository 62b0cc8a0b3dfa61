// Time comes in as a parameter: the system's for a server, a hand-set one for simulations and
// tests.
#pragma once

#include <cstdint>

namespace gavel {

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back; says nothing about the date. For time-outs and latencies.
  virtual std::int64_t steady_ns() const = 0;
  // Since 1970, as the machine believes; may jump. For `ts` and for tokens.
  virtual std::int64_t wall_ms() const = 0;

  std::int64_t steady_ms() const { return steady_ns() / 1'000'000; }
};

// Any thread.
class SystemClock final : public Clock {
 public:
  std::int64_t steady_ns() const override;
  std::int64_t wall_ms() const override;
};

// Moves only by advance(). One thread.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::int64_t wall_ms = 1'764'036'000'000) : wall_ms_(wall_ms) {}
  std::int64_t steady_ns() const override { return steady_ns_; }
  std::int64_t wall_ms() const override { return wall_ms_; }

  void advance_ms(std::int64_t ms) {
    steady_ns_ += ms * 1'000'000;
    wall_ms_ += ms;
  }
  void set_wall_ms(std::int64_t wall_ms) { wall_ms_ = wall_ms; }

 private:
  std::int64_t steady_ns_ = 1'000'000'000;
  std::int64_t wall_ms_;
};

}  // namespace gavel
