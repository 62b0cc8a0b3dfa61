// What a process uses of the machine, from /proc. Any thread.
#pragma once

#include <cstdint>
#include <map>

namespace gavel::cli {

struct ProcessUse {
  double cpu_s = 0;  // user and system, of all its threads, those that ended included
  std::uint64_t rss_bytes = 0;
  std::map<int, double> thread_cpu_s;  // of those that live
};

// Zeros where there is no such process (or it is not ours to look at).
ProcessUse use_of(int pid);

// The most that one thread used in between, in cores.
double busiest_thread(const ProcessUse& before, const ProcessUse& after, double seconds);

}  // namespace gavel::cli
