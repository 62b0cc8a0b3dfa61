#include "app/serve.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/census.h"
#include "app/player_admission.h"
#include "app/server.h"
#include "app/stats_line.h"
#include "app/stores.h"
#include "base/log.h"
#include "net/tcp_socket.h"

namespace gavel::app {
namespace {

using std::chrono::milliseconds;

std::int64_t ms(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration).count();
}

bool parse_endpoint(const std::string& text, Endpoint& endpoint) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  endpoint.port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)));
  return true;
}

ServerOptions options_of(const Config& config) {
  ServerOptions options;
  for (const std::string& text : config.listen) {
    Endpoint endpoint;
    if (parse_endpoint(text, endpoint)) options.listen.push_back(endpoint);
  }
  options.threads = config.threads > 0 ? static_cast<unsigned>(config.threads)
                                       : std::max(1u, std::thread::hardware_concurrency());
  options.busy_poll_us = static_cast<int>(config.busy_poll.count());

  net::GatewayOptions& gateway = options.gateway;
  gateway.handshake_timeout_ms = gateway.join_timeout_ms = ms(config.join_timeout);
  gateway.ping_interval_ms = ms(config.ping_interval);
  gateway.ping_timeout_ms = ms(config.ping_timeout);
  gateway.message_bytes_max = static_cast<std::size_t>(config.message_bytes_max);
  gateway.fragments_max = static_cast<std::size_t>(config.fragments_max);
  gateway.connections_max = static_cast<std::size_t>(config.connections_max);
  gateway.connections_per_address_max = static_cast<std::size_t>(config.connections_per_address_max);
  gateway.echo = config.echo;
  gateway.deflate = config.deflate;
  gateway.www = config.www;
  gateway.allow_origins = config.allow_origin;

  session::SessionOptions& session = options.session;
  session.join.room_bytes_max = static_cast<std::size_t>(config.room_name_bytes_max);
  session.messages_a_second = static_cast<double>(config.rate_messages);
  session.messages_burst = static_cast<double>(config.rate_messages * config.rate_burst);
  session.bytes_a_second = static_cast<double>(config.rate_bytes);
  session.bytes_burst = static_cast<double>(config.rate_bytes * config.rate_burst);

  room::RoomOptions& rooms = options.rooms;
  rooms.rooms_max = static_cast<std::size_t>(config.rooms_max);
  rooms.members_max = static_cast<std::size_t>(config.room_members_max);
  rooms.backlog_bytes_max = static_cast<std::size_t>(config.backlog_bytes);
  rooms.unkept_bytes_max = static_cast<std::size_t>(config.room_unkept_bytes_max);
  rooms.pages_in_flight_max = static_cast<std::size_t>(config.pages_in_flight);
  rooms.linger_ms = ms(config.linger);
  rooms.resume_ttl_ms = ms(config.resume_ttl);
  rooms.shared_store = config.store.starts_with("redis") || config.store.starts_with("unix:");
  return options;
}

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
    const std::string host = endpoint.host.find(':') == std::string::npos
                                 ? endpoint.host
                                 : "[" + endpoint.host + "]";
    say(fmt::format("gavel: listening on {}://{}:{}", scheme, host, endpoint.port));
  }
  if (!config.www.empty() && !server.listening().empty()) {
    say(fmt::format("gavel: open http{}://{}:{}/ in a browser", config.tls_cert.empty() ? "" : "s",
                    server.listening().front().host, server.listening().front().port));
  }
  GAVEL_LOG(app, info, "started", {"store", store.describe()}, {"threads", server.threads()});
}

// Waits for a signal to stop, and prints the statistics meanwhile.
void run_until_signal(Server& server, const Config& config, const sigset_t& signals) {
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
      GAVEL_LOG(app, info, "SIGHUP: nothing to reload");
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

int serve(const Config& config) {
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  raise_descriptor_limit();
  std::string error;
  const std::unique_ptr<store::Store> store = open_store(config, error);
  if (!store) {
    std::fprintf(stderr, "gavel: %s\n", error.c_str());
    return 1;
  }
  const std::unique_ptr<session::Admission> admission = make_admission(config, *store, error);
  if (!admission) {
    std::fprintf(stderr, "gavel: %s\n", error.c_str());
    return 1;
  }
  Server server(options_of(config), *store, *admission,
                [](int fd) { return std::make_unique<net::TcpSocket>(fd); });
  if (!server.start(error)) {
    std::fprintf(stderr, "gavel: %s\n", error.c_str());
    return 1;
  }
  announce(server, config, *store);
  run_until_signal(server, config, signals);
  GAVEL_LOG(app, info, "stopping: no new connections, delivering what was accepted",
            {"connections", server.connections()});
  end_at_second_signal(signals);
  if (!server.drain(ms(config.drain))) {
    GAVEL_LOG(app, warning, "the drain time is over: connections are cut",
              {"connections", server.connections()});
  }
  server.stop();
  GAVEL_LOG(app, info, "stopped");
  return 0;
}

}  // namespace gavel::app
