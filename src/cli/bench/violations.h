// What a server did wrong, as a bench's clients saw it. One thread; merged at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gavel::cli {

enum class Fault : std::uint8_t {
  skipped,
  repeated,
  differed,
  foreign,
  reordered,
  doubled,
  forged,
  lost,
  refused,
  broken,
};

struct FaultInfo {
  std::string_view name;  // in JSON
  std::string_view meaning;
};

inline constexpr std::array<FaultInfo, 10> kFaults{{
    {"skipped", "ids are missing"},
    {"repeated", "an id came again, or went back"},
    {"differed", "two members saw different messages under one id"},
    {"foreign", "a message of another room"},
    {"reordered", "a sender's own messages changed places"},
    {"doubled", "a sender's own message came twice, under two ids"},
    {"forged", "a message under another client_id than its sender's"},
    {"lost", "sent, and not arrived in the end"},
    {"refused", "the server answered with an error"},
    {"broken", "the connection ended, or something came that is not of the protocol"},
}};

class Violations {
 public:
  void note(Fault fault, const std::string& text, std::uint64_t count = 1) {
    const auto i = static_cast<std::size_t>(fault);
    counts_[i] += count;
    if (firsts_[i].empty()) firsts_[i] = text;
  }
  void merge(const Violations& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (other.counts_[i] != 0) note(static_cast<Fault>(i), other.firsts_[i], other.counts_[i]);
    }
  }
  std::uint64_t count(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  // The first one of the kind; empty where there was none.
  const std::string& first(Fault fault) const { return firsts_[static_cast<std::size_t>(fault)]; }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) sum += count;
    return sum;
  }

 private:
  std::array<std::uint64_t, kFaults.size()> counts_{};
  std::array<std::string, kFaults.size()> firsts_;
};

}  // namespace gavel::cli
