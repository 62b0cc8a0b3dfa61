// What a bench found: a table for people, JSON for scripts.
#pragma once

#include <cstdint>
#include <string>

#include "cli/bench/options.h"
#include "cli/bench/player.h"
#include "cli/bench/process_use.h"

namespace gavel::cli {

struct BenchResult {
  Tally tally;         // of all workers
  double seconds = 0;  // measured; the following three within them
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t bytes_in = 0;
  double generator_cores = 0;  // that our busiest thread used: 1 = it was saturated
  ProcessUse before;
  ProcessUse after;
  bool interrupted = false;
};

std::string report_table(const BenchOptions& options, const BenchResult& result);
std::string report_json(const BenchOptions& options, const BenchResult& result);

}  // namespace gavel::cli
