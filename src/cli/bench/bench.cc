#include "cli/bench/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>

#include "base/units.h"
#include "cli/bench/message.h"
#include "cli/bench/run.h"
#include "cli/conformance/judge.h"

namespace gavel::cli {
namespace {

struct Given {
  BenchOptions options;
  std::string url = "ws://127.0.0.1:8765/";
  std::string slow_rate = "10KB/s";
  std::optional<std::uint16_t> client_conformance;
};

// The first Ctrl-C ends the run with its report, a second one at once.
void on_interrupt(int signal) {
  bench_interrupted = 1;
  std::signal(signal, SIG_DFL);
}

void add_duration(CLI::App& command, const std::string& name, double& seconds,
                  const std::string& help) {
  command
      .add_option_function<std::string>(
          name,
          [&seconds, name](const std::string& text) {
            const auto parsed = parse_duration(text);
            if (!parsed) throw CLI::ValidationError(name, parsed.error());
            seconds = std::chrono::duration<double>(parsed.value()).count();
          },
          help)
      ->type_name("DURATION");
}

void add_load(CLI::App& command, BenchOptions& o) {
  const auto count = [&command](const char* name, std::size_t& value, const char* help,
                                std::size_t least, std::size_t most) {
    command.add_option(name, value, help)->check(CLI::Range(least, most))->type_name("N");
  };
  count("--rooms", o.rooms, "Rooms [1]", 1, 100'000);
  count("--clients", o.clients, "Clients a room [10]", 1, 99'999);
  count("--senders", o.senders, "So many of them send; 0: all [0]", 0, 99'999);
  count("--payload", o.payload, "Bytes of a message's text [100]", kBenchBytesMin, 1 << 20);
  count("--window", o.window, "Own messages that a sender leaves unanswered [16]", 1, 100'000);
  command
      .add_option("--rate", o.rate,
                  "Messages a second and room at fixed times, instead of a window; latency counts "
                  "from when each was due")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command.add_option("--messages", o.messages, "Messages a sender, instead of a duration")
      ->type_name("N");
  add_duration(command, "--duration", o.duration_s, "How long to measure [10s]");
  add_duration(command, "--warmup", o.warmup_s, "Load before that [1s]");
  add_duration(command, "--drain", o.drain_s, "How long what was sent may take to arrive [20s]");
  count("--threads", o.threads, "Threads of the generator, at most one a room [1]", 1, 256);
}

void add_clients(CLI::App& command, Given& given) {
  BenchOptions& o = given.options;
  command.add_option("--slow", o.slow, "Further members of the first room that read slowly")
      ->type_name("N");
  command.add_option("--slow-rate", given.slow_rate, "What each of them reads [10KB/s]")
      ->type_name("SIZE");
  command.add_option("--stuck", o.stuck, "Further members of the first room that never read")
      ->type_name("N");
  command
      .add_option("--churn", o.churn,
                  "So many times a second a client leaves and joins again, or breaks its "
                  "connection and resumes")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command.add_flag("--idle", o.idle, "Join and hold, send nothing (for memory a connection)");
}

void add_rest(CLI::App& command, Given& given) {
  BenchOptions& o = given.options;
  command.add_option("--url", given.url, "The server [ws://127.0.0.1:8765/]")->type_name("URL");
  command.add_option("--room-prefix", o.room_prefix, "Rooms are PREFIX-0, … [a new one each run]")
      ->type_name("PREFIX");
  command.add_option("--token", o.token, "A join token, where the server asks for one")
      ->type_name("JWT");
  command
      .add_option("--server-pid", o.server_pid,
                  "The server's process on this machine: its CPU time and memory are measured")
      ->type_name("PID");
  command.add_option("--json", o.json, "Write the figures to this file, too")->type_name("FILE");
  command
      .add_option("--client-conformance", given.client_conformance,
                  "Judge a client instead: be a server on this port of 127.0.0.1 (0: a free one) "
                  "that cuts, delays, repeats, refuses and forgets. The client joins any room, and "
                  "answers each {\"type\":\"ask\",\"n\":N} that it hands on with "
                  "{\"type\":\"answer\",\"n\":N}, at once, and sends nothing else")
      ->type_name("PORT");
}

// Empty, or what is wrong.
std::string complete(Given& given) {
  BenchOptions& o = given.options;
  auto url = parse_url(given.url);
  if (!url) return "--url: " + url.error();
  o.url = std::move(url.value());
  std::string rate = given.slow_rate;
  if (rate.ends_with("/s")) rate.resize(rate.size() - 2);
  const auto slow_rate = parse_size(rate);
  if (!slow_rate) return "--slow-rate: " + slow_rate.error();
  o.slow_rate = static_cast<std::size_t>(slow_rate.value());
  if (o.senders > o.clients) return "--senders: there are only so many --clients";
  if (o.rate > 0 && o.messages != 0) return "--messages goes with --window, not with --rate";
  o.threads = std::min(o.threads, o.rooms);
  o.progress = ::isatty(STDERR_FILENO) == 1;
  return {};
}

int run_given(Given& given) {
  const std::string error = complete(given);
  if (!error.empty()) {
    std::fprintf(stderr, "gavel bench: %s\n", error.c_str());
    return 2;
  }
  if (given.client_conformance) return judge_client(*given.client_conformance);
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  return run_bench(given.options);
}

}  // namespace

void add_bench_command(CLI::App& app, std::function<int()>& run) {
  const auto given = std::make_shared<Given>();
  given->options.room_prefix = fmt::format("bench{:08x}", std::random_device{}());
  CLI::App* const command =
      app.add_subcommand("bench", "Load a server, and check the order that every client sees")
          ->footer(
              "Exit status 3: the server broke the order, or lost, doubled or changed a message; "
              "or the client under test broke a rule.");
  add_load(*command, given->options);
  add_clients(*command, *given);
  add_rest(*command, *given);
  command->callback([given, &run] { run = [given] { return run_given(*given); }; });
}

}  // namespace gavel::cli
