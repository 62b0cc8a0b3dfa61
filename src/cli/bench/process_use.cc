#include "cli/bench/process_use.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace gavel::cli {
namespace {

// From a stat file: utime and stime, fields 14 and 15, counted from behind the name, which may hold
// any character. Ticks of 10 ms.
double ticks_s(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Nanoseconds, where the kernel counts them.
double thread_s(const std::string& folder) {
  std::ifstream file(folder + "/schedstat");
  double ns = 0;
  return file >> ns ? ns / 1e9 : ticks_s(folder + "/stat");
}

}  // namespace

ProcessUse use_of(int pid) {
  ProcessUse use;
  if (pid <= 0) return use;
  const std::string folder = "/proc/" + std::to_string(pid);
  std::error_code error;
  double living = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/task", error)) {
    const double cpu_s = thread_s(entry.path().string());
    use.thread_cpu_s[std::stoi(entry.path().filename().string())] = cpu_s;
    living += cpu_s;
  }
  // The threads' own counts are finer; the process's has those that ended, too.
  const double all = ticks_s(folder + "/stat");
  use.cpu_s = all > living + 0.1 ? all : living;
  std::ifstream status(folder + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) use.rss_bytes = std::stoull(line.substr(6)) * 1024;
  }
  return use;
}

double busiest_thread(const ProcessUse& before, const ProcessUse& after, double seconds) {
  double most = 0;
  for (const auto& [thread, cpu_s] : after.thread_cpu_s) {
    const auto earlier = before.thread_cpu_s.find(thread);
    most = std::max(most, cpu_s - (earlier == before.thread_cpu_s.end() ? 0 : earlier->second));
  }
  return seconds > 0 ? most / seconds : 0;
}

}  // namespace gavel::cli
