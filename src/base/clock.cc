#include "base/clock.h"

#include <ctime>

namespace gavel {
namespace {

std::int64_t now_ns(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::steady_ns() const { return now_ns(CLOCK_MONOTONIC); }
std::int64_t SystemClock::wall_ms() const { return now_ns(CLOCK_REALTIME) / 1'000'000; }

}  // namespace gavel
