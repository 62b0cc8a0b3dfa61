// The statistics that the article's server printed: messages and bytes a second, in and out, in all
// and for the busiest rooms; a line a period, and none while nothing happens. One thread.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "admin/snapshot.h"

namespace gavel::app {

class StatsLine {
 public:
  // The lines for the time since the last call (`seconds` ago); empty where nothing came or went.
  std::vector<std::string> next(const admin::TotalsSnapshot& totals,
                                const std::vector<admin::RoomSnapshot>& rooms, double seconds);

 private:
  struct Count {
    std::uint64_t messages_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_out = 0;
  };
  static Count since(const Count& now, const Count& before);

  Count total_;
  std::unordered_map<std::string, Count> rooms_;
};

}  // namespace gavel::app
