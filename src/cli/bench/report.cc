#include "cli/bench/report.h"

#include <fmt/format.h>

namespace gavel::cli {
namespace {

double a_second(std::uint64_t count, const BenchResult& result) {
  return result.seconds > 0 ? static_cast<double>(count) / result.seconds : 0;
}

double server_cpu_s(const BenchResult& result) { return result.after.cpu_s - result.before.cpu_s; }

double cpu_us_a_delivery(const BenchResult& result) {
  if (result.delivered == 0) return 0;
  return server_cpu_s(result) * 1e6 / static_cast<double>(result.delivered);
}

double kib_a_connection(const BenchOptions& options, const BenchResult& result) {
  const auto grown =
      static_cast<double>(result.after.rss_bytes) - static_cast<double>(result.before.rss_bytes);
  return grown / 1024 / static_cast<double>(options.rooms * options.clients);
}

// Who was the bottleneck: figures of a generator that could not keep up say little of the server.
std::string judgement(const BenchOptions& options, const BenchResult& result) {
  if (options.idle) return "nothing was sent";
  const double server = busiest_thread(result.before, result.after, result.seconds);
  if (options.server_pid != 0 && server > 0.9) return "the server was saturated";
  if (result.generator_cores > 0.9) {
    return "the generator was saturated: the server can do more (--threads, or a core of its own)";
  }
  if (options.rate > 0) return "neither was saturated: the load was fixed";
  return "neither was saturated: more --clients or --window bring more load";
}

std::string load_of(const BenchOptions& options) {
  if (options.idle) return "idle";
  const std::string senders = options.senders == 0 || options.senders == options.clients
                                  ? "all send"
                                  : fmt::format("{} send", options.senders);
  return senders + (options.rate > 0 ? fmt::format(", {} messages/s a room", options.rate)
                                     : fmt::format(", window {}", options.window));
}

class Table {
 public:
  explicit Table(std::string title) : out_(std::move(title)) {}
  void row(std::string_view name, const std::string& value) {
    out_ += fmt::format("  {:<15} {}\n", name, value);
  }
  const std::string& text() const { return out_; }

 private:
  std::string out_;
};

void add_server(Table& table, const BenchOptions& options, const BenchResult& result) {
  if (options.server_pid == 0) return;
  const auto mb = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  table.row("server CPU",
            fmt::format("{:.3f} us a delivered message; {:.2f} cores, its busiest thread {:.2f}",
                        cpu_us_a_delivery(result), server_cpu_s(result) / result.seconds,
                        busiest_thread(result.before, result.after, result.seconds)));
  std::string memory = fmt::format("{:.1f} MB, before {:.1f} MB", mb(result.after.rss_bytes),
                                   mb(result.before.rss_bytes));
  if (options.idle)
    memory += fmt::format(": {:.2f} KiB a connection", kib_a_connection(options, result));
  table.row("server memory", memory);
}

void add_incidents(Table& table, const Tally& tally) {
  if (tally.left + tally.resumed != 0) {
    table.row("churn", fmt::format("{} left and joined again, {} broke and resumed", tally.left,
                                   tally.resumed));
  }
  if (tally.untold != 0) {
    table.row("not kept", fmt::format("{} messages, for whom came back too late", tally.untold));
  }
  if (tally.apart != 0) {
    table.row("closed", fmt::format("{} slow or stuck members, by the server", tally.apart));
  }
}

void add_violations(Table& table, const Violations& violations) {
  if (violations.total() == 0) {
    table.row("violations", "none");
    return;
  }
  table.row("VIOLATIONS", std::to_string(violations.total()));
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    const auto fault = static_cast<Fault>(i);
    if (violations.count(fault) == 0) continue;
    table.row(fmt::format("  {}", kFaults[i].name),
              fmt::format("{}: {}", violations.count(fault), violations.first(fault)));
  }
}

}  // namespace

std::string report_table(const BenchOptions& options, const BenchResult& result) {
  const Latency& latency = result.tally.latency;
  Table table(fmt::format("{} room(s) x {} client(s), {}, {} bytes a message, {:.1f} s{}\n",
                          options.rooms, options.clients, load_of(options), options.payload,
                          result.seconds, result.interrupted ? " (interrupted)" : ""));
  table.row("sent", fmt::format("{:.0f} messages/s", a_second(result.sent, result)));
  table.row("delivered",
            fmt::format("{:.0f} messages/s, {:.1f} MB/s", a_second(result.delivered, result),
                        a_second(result.bytes_in, result) / 1e6));
  if (latency.count() != 0) {
    table.row(
        "latency",
        fmt::format("p50 {:.3f} ms, p90 {:.3f}, p99 {:.3f}, p99.9 {:.3f}, max {:.3f}",
                    latency.percentile_ms(50), latency.percentile_ms(90), latency.percentile_ms(99),
                    latency.percentile_ms(99.9), latency.max_ms()));
  }
  add_server(table, options, result);
  table.row("generator CPU",
            fmt::format("{:.2f} of a core, its busiest thread", result.generator_cores));
  table.row("judgement", judgement(options, result));
  add_incidents(table, result.tally);
  add_violations(table, result.tally.violations);
  return table.text();
}

std::string report_json(const BenchOptions& options, const BenchResult& result) {
  const Latency& latency = result.tally.latency;
  const Tally& tally = result.tally;
  std::string out =
      fmt::format(R"({{"rooms":{},"clients":{},"senders":{},"payload":{},"window":{},"rate":{},)"
                  R"("seconds":{:.3f},)",
                  options.rooms, options.clients, options.senders, options.payload, options.window,
                  options.rate, result.seconds);
  out += fmt::format(R"("sent":{},"delivered":{},"sent_per_s":{:.1f},"delivered_per_s":{:.1f},)"
                     R"("bytes_per_s":{:.1f},)",
                     result.sent, result.delivered, a_second(result.sent, result),
                     a_second(result.delivered, result), a_second(result.bytes_in, result));
  out += fmt::format(
      R"("latency_ms":{{"p50":{:.4f},"p90":{:.4f},"p99":{:.4f},"p999":{:.4f},"max":{:.4f}}},)",
      latency.percentile_ms(50), latency.percentile_ms(90), latency.percentile_ms(99),
      latency.percentile_ms(99.9), latency.max_ms());
  out += fmt::format(
      R"("server_cpu_s":{:.4f},"server_cpu_us_per_delivery":{:.4f},"server_busiest_thread":{:.3f},)"
      R"("server_rss_before":{},"server_rss_bytes":{},"generator_cpu":{:.3f},)",
      server_cpu_s(result), cpu_us_a_delivery(result),
      busiest_thread(result.before, result.after, result.seconds), result.before.rss_bytes,
      result.after.rss_bytes, result.generator_cores);
  out += fmt::format(
      R"("left":{},"resumed":{},"untold":{},"apart_closed":{},"violations":{{"total":{})",
      tally.left, tally.resumed, tally.untold, tally.apart, tally.violations.total());
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    out +=
        fmt::format(R"(,"{}":{})", kFaults[i].name, tally.violations.count(static_cast<Fault>(i)));
  }
  return out + "}}\n";
}

}  // namespace gavel::cli
