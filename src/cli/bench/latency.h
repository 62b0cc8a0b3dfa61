// A histogram of latencies, exact to 1.6 %: 64 steps in each power of two of nanoseconds. One
// thread; merged at the end.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace gavel::cli {

class Latency {
 public:
  void record(std::uint64_t ns) {
    ++counts_[index_of(ns)];
    ++total_;
    if (ns > max_) max_ = ns;
  }
  void merge(const Latency& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    if (other.max_ > max_) max_ = other.max_;
  }
  std::uint64_t count() const { return total_; }
  double max_ms() const { return static_cast<double>(max_) / 1e6; }
  double percentile_ms(double percent) const {
    if (total_ == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(static_cast<double>(total_) * percent / 100.0);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) return static_cast<double>(value_of(i)) / 1e6;
    }
    return max_ms();
  }

 private:
  static constexpr unsigned kSteps = 64;
  static std::size_t index_of(std::uint64_t ns) {
    if (ns < kSteps) return ns;
    const auto power = static_cast<unsigned>(std::bit_width(ns)) - 7;  // of a step of this size
    return (power + 1) * kSteps + ((ns >> power) - kSteps);
  }
  static std::uint64_t value_of(std::size_t index) {
    if (index < kSteps) return index;
    const std::size_t power = index / kSteps - 1;
    return (index % kSteps + kSteps) << power;
  }

  std::array<std::uint64_t, 59 * kSteps> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace gavel::cli
