// A whole run of a bench: its threads, its phases, its report. One thread (the main one).
#pragma once

#include <csignal>

#include "cli/bench/options.h"

namespace gavel::cli {

// Set by a signal's handler: the run ends early, with its report.
extern volatile std::sig_atomic_t bench_interrupted;

// The exit status: 0, 1 (it could not run), 3 (a violation).
int run_bench(const BenchOptions& options);

}  // namespace gavel::cli
