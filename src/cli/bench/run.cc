#include "cli/bench/run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "cli/bench/report.h"
#include "cli/bench/worker.h"

namespace gavel::cli {

volatile std::sig_atomic_t bench_interrupted = 0;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kJoinSeconds = 60;

// What all workers have done up to a moment.
struct Reading {
  Clock::time_point time;
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t bytes_in = 0;
  std::vector<std::uint64_t> cpu_ns{};  // a worker
};

class Run {
 public:
  explicit Run(const BenchOptions& options) : options_(options) {}

  int run() {
    raise_limit();
    for (std::size_t i = 0; i < options_.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(options_, control_, i));
    }
    shown_ = read();
    const ProcessUse empty = use_of(options_.server_pid);
    for (auto& worker : workers_) threads_.emplace_back([&worker] { worker->run(); });
    const bool joined =
        wait("joining", kJoinSeconds, [this] { return control_.ready.load() == workers_.size(); });
    if (!joined) return give_up(fmt::format("not all clients joined within {} s", kJoinSeconds));
    if (options_.messages == 0) pass(Phase::warmup, options_.warmup_s, "warming up");
    measure(empty);
    control_.phase = Phase::drain;
    wait("draining", options_.drain_s,
         [this] { return control_.drained.load() == workers_.size(); });
    finish();
    return report();
  }

 private:
  static void raise_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  void measure(const ProcessUse& empty) {
    result_.before = options_.idle ? empty : use_of(options_.server_pid);
    const Reading before = read();
    pass(Phase::measure, options_.duration_s, "measuring");
    const Reading after = read();
    result_.after = use_of(options_.server_pid);
    result_.seconds = std::chrono::duration<double>(after.time - before.time).count();
    result_.sent = after.sent - before.sent;
    result_.delivered = after.delivered - before.delivered;
    result_.bytes_in = after.bytes_in - before.bytes_in;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const double cpu_s = static_cast<double>(after.cpu_ns[i] - before.cpu_ns[i]) / 1e9;
      result_.generator_cores = std::max(result_.generator_cores, cpu_s / result_.seconds);
    }
  }

  Reading read() const {
    Reading reading{.time = Clock::now()};
    for (const auto& worker : workers_) {
      reading.sent += worker->progress().sent.load();
      reading.delivered += worker->progress().delivered.load();
      reading.bytes_in += worker->progress().bytes_in.load();
      reading.cpu_ns.push_back(worker->progress().cpu_ns.load());
    }
    return reading;
  }

  template <class Done>
  bool wait(const char* what, double seconds, Done done) {
    const auto until = Clock::now() + std::chrono::duration<double>(seconds);
    // An interrupt ends all phases but the last: what was sent must arrive.
    const bool is_last = control_.phase.load() == Phase::drain;
    while (!done()) {
      if (control_.failed || Clock::now() >= until) return false;
      if (bench_interrupted != 0 && !is_last) return false;
      show(what);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  void pass(Phase phase, double seconds, const char* what) {
    control_.phase = phase;
    if (options_.messages == 0) {
      wait(what, seconds, [] { return false; });
      return;
    }
    const std::size_t senders = options_.senders == 0 ? options_.clients : options_.senders;
    const std::uint64_t all = options_.messages * options_.rooms * senders;
    constexpr double kNoEnd = 1e9;
    // No second without a delivery: what is lost would be waited for without end.
    Reading last = read();
    wait(what, kNoEnd, [&] {
      const Reading now = read();
      if (now.delivered != last.delivered) last = now;
      const auto quiet = std::chrono::duration<double>(now.time - last.time).count();
      return now.sent >= all || quiet > options_.drain_s;
    });
  }

  void show(const char* what) {
    if (!options_.progress) return;
    const Reading now = read();
    const double seconds = std::chrono::duration<double>(now.time - shown_.time).count();
    if (seconds < 1) return;
    std::fprintf(stderr, "\r\033[K%s: sent %.0f/s, delivered %.0f/s", what,
                 static_cast<double>(now.sent - shown_.sent) / seconds,
                 static_cast<double>(now.delivered - shown_.delivered) / seconds);
    shown_ = now;
  }

  void finish() {
    control_.phase = Phase::done;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    if (options_.progress) std::fputs("\r\033[K", stderr);
    Tally& all = result_.tally;
    for (const auto& worker : workers_) {
      const Tally& one = worker->tally();
      all.latency.merge(one.latency);
      all.violations.merge(one.violations);
      all.left += one.left;
      all.resumed += one.resumed;
      all.untold += one.untold;
      all.apart += one.apart;
    }
    result_.interrupted = bench_interrupted != 0;
  }

  int give_up(std::string why) {
    finish();
    for (const auto& worker : workers_) {
      if (!worker->failure().empty()) why = worker->failure();
    }
    if (bench_interrupted != 0) why = "interrupted before all clients had joined";
    std::fprintf(stderr, "gavel bench: %s\n", why.c_str());
    return 1;
  }

  int report() {
    std::fputs(report_table(options_, result_).c_str(), stdout);
    std::fflush(stdout);
    if (!options_.json.empty()) {
      std::ofstream file(options_.json);
      file << report_json(options_, result_) << std::flush;
      if (!file) {
        std::fprintf(stderr, "gavel bench: can't write %s\n", options_.json.c_str());
        return 1;
      }
    }
    return result_.tally.violations.total() != 0 ? 3 : 0;
  }

  const BenchOptions& options_;
  Control control_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  BenchResult result_;
  Reading shown_;
};

}  // namespace

int run_bench(const BenchOptions& options) { return Run(options).run(); }

}  // namespace gavel::cli
