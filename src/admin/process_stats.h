// What the system says about this process. Any thread.
#pragma once

namespace gavel::admin {

struct ProcessStats {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
  double start_seconds = 0;  // since 1970
};

ProcessStats read_process_stats();

}  // namespace gavel::admin
