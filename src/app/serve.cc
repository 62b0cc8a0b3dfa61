#include "app/serve.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/admin_address.h"
#include "app/census.h"
#include "app/player_admission.h"
#include "app/reload.h"
#include "app/server.h"
#include "app/server_options.h"
#include "app/stats_line.h"
#include "app/stores.h"
#include "base/log.h"

namespace gavel::app {
namespace {

// Each connection is a descriptor: as many as the system allows us.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

void say(const std::string& line) {
  // Nobody may be listening; a server does not end for that.
  [[maybe_unused]] const auto written = std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void announce(const Server& server, const Config& config, const store::Store& store) {
  const char* scheme = config.tls_cert.empty() ? "ws" : "wss";
  for (const Endpoint& endpoint : server.listening()) {
    const std::string host =
        endpoint.host.find(':') == std::string::npos ? endpoint.host : "[" + endpoint.host + "]";
    say(fmt::format("gavel: listening on {}://{}:{}", scheme, host, endpoint.port));
  }
  if (!config.www.empty() && !server.listening().empty()) {
    say(fmt::format("gavel: open http{}://{}:{}/ in a browser", config.tls_cert.empty() ? "" : "s",
                    server.listening().front().host, server.listening().front().port));
  }
  GAVEL_LOG(app, info, "started", {"store", store.describe()}, {"threads", server.threads()});
}

// Waits for a signal to stop, and prints the statistics meanwhile.
void run_until_signal(Server& server, const Config& config, Reloader& reloader,
                      const sigset_t& signals) {
  using Clock = std::chrono::steady_clock;
  StatsLine stats;
  auto last = Clock::now();
  while (true) {
    siginfo_t info{};
    timespec wait{.tv_sec = 3600, .tv_nsec = 0};
    if (config.stats.count() > 0) {
      wait.tv_sec = config.stats.count() / 1'000'000;
      wait.tv_nsec = config.stats.count() % 1'000'000 * 1000;
    }
    const int number = ::sigtimedwait(&signals, &info, &wait);
    if (number == SIGTERM || number == SIGINT) return;
    if (number == SIGHUP) {
      reloader.reload(server);
      continue;
    }
    if (config.stats.count() == 0 || (number < 0 && errno == EINTR)) continue;
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - last).count();
    last = now;
    for (const std::string& line : stats.next(count_totals(server), count_rooms(server), seconds)) {
      say("stats: " + line);
    }
  }
}

// A second signal while the server drains ends it at once.
void end_at_second_signal(const sigset_t& signals) {
  std::thread([signals] {
    int number = 0;
    ::sigwait(&signals, &number);
    ::_exit(1);
  }).detach();
}

}  // namespace

int serve(const Loaded& loaded, const std::function<Loaded()>& load_again) {
  const Config& config = loaded.config;
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  raise_descriptor_limit();
  std::string error;
  const auto fail = [&error] {
    std::fprintf(stderr, "gavel: %s\n", error.c_str());
    return 1;
  };
  if (!start_log(config, error)) return fail();
  const std::unique_ptr<store::Store> store = open_store(config, error);
  if (!store) return fail();
  Reloader reloader(loaded, load_again, *store);
  if (!reloader.start(error)) return fail();
  Server server(server_options(config), *store, reloader.admission(), reloader.socket_maker());
  if (!server.start(error)) return fail();
  AdminAddress admin(config, server, *store);
  if (!admin.start(error)) return fail();
  if (!admin.url().empty()) say("gavel: admin on " + admin.url());
  announce(server, config, *store);
  run_until_signal(server, config, reloader, signals);
  GAVEL_LOG(app, info, "stopping: no new connections, delivering what was accepted",
            {"connections", server.connections()});
  end_at_second_signal(signals);
  if (!server.drain(ms(config.drain))) {
    GAVEL_LOG(app, warning, "the drain time is over: connections are cut",
              {"connections", server.connections()});
  }
  admin.stop();
  server.stop();
  GAVEL_LOG(app, info, "stopped");
  return 0;
}

}  // namespace gavel::app
