// How long something took, counted in fixed buckets: recorded by one thread (a shard's, a few times
// a loop turn), copied by value to whoever shows it. No allocation, no atomic.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace gavel {

class LatencyHistogram {
 public:
  // Upper bounds in microseconds; beyond the last one there is one bucket more. From a turn that
  // does nothing (some microseconds) to a store that is away.
  static constexpr std::array<std::uint64_t, 19> kBoundsUs{
      10,     25,     50,      100,     250,     500,       1'000,     2'500,     5'000,     10'000,
      25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  void record(std::uint64_t us, std::uint64_t times = 1) {
    const auto bucket =
        std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), us) - kBoundsUs.begin();
    counts_[static_cast<std::size_t>(bucket)] += times;
    count_ += times;
    sum_us_ += us * times;
  }

  LatencyHistogram& operator+=(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_us_ += other.sum_us_;
    return *this;
  }
  // What was recorded since `earlier`, an earlier copy of this one.
  LatencyHistogram since(const LatencyHistogram& earlier) const {
    LatencyHistogram out = *this;
    for (std::size_t i = 0; i < counts_.size(); ++i) out.counts_[i] -= earlier.counts_[i];
    out.count_ -= earlier.count_;
    out.sum_us_ -= earlier.sum_us_;
    return out;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t sum_us() const { return sum_us_; }
  // Of the bucket that ends at kBoundsUs[i]; the last one has no end.
  std::uint64_t in_bucket(std::size_t i) const { return counts_[i]; }
  static constexpr std::size_t buckets() { return kBoundsUs.size() + 1; }

  // The value below which the share `q` (0 to 1) of all lies, interpolated in its bucket; 0 where
  // nothing was recorded.
  double quantile_us(double q) const {
    const double rank = q * static_cast<double>(count_);
    double below = 0;
    for (std::size_t i = 0; i < kBoundsUs.size(); ++i) {
      const auto here = static_cast<double>(counts_[i]);
      if (here > 0 && below + here >= rank) {
        const double from = i == 0 ? 0 : static_cast<double>(kBoundsUs[i - 1]);
        return from +
               (static_cast<double>(kBoundsUs[i]) - from) * std::max(0.0, rank - below) / here;
      }
      below += here;
    }
    return count_ == 0 ? 0 : static_cast<double>(kBoundsUs.back());
  }

 private:
  std::array<std::uint64_t, kBoundsUs.size() + 1> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_us_ = 0;
};

}  // namespace gavel
