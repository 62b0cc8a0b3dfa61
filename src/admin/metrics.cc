#include "admin/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>
#include <vector>

#include "admin/process_stats.h"
#include "base/log.h"

namespace gavel::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;

class Page {
 public:
  void gauge(const char* name, const char* help, double value, const Labels& labels = {}) {
    ClientMetric& metric = add(family(name, help, MetricType::Gauge), labels);
    metric.gauge.value = value;
  }
  void counter(const char* name, const char* help, std::uint64_t value, const Labels& labels = {}) {
    counter_value(name, help, static_cast<double>(value), labels);
  }
  void counter_value(const char* name, const char* help, double value, const Labels& labels = {}) {
    ClientMetric& metric = add(family(name, help, MetricType::Counter), labels);
    metric.counter.value = value;
  }
  void histogram(const char* name, const char* help, const LatencyHistogram& times,
                 const Labels& labels = {}) {
    ClientMetric& metric = add(family(name, help, MetricType::Histogram), labels);
    metric.histogram.sample_count = times.count();
    metric.histogram.sample_sum = static_cast<double>(times.sum_us()) / 1e6;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < LatencyHistogram::buckets(); ++i) {
      below += times.in_bucket(i);
      const double bound = i < LatencyHistogram::kBoundsUs.size()
                               ? static_cast<double>(LatencyHistogram::kBoundsUs[i]) / 1e6
                               : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({below, bound});
    }
  }
  // The family is there even when none of its labels has a value yet.
  MetricFamily& family(const char* name, const char* help, MetricType type) {
    for (MetricFamily& one : families_) {
      if (one.name == name) return one;
    }
    families_.push_back({name, help, type, {}});
    return families_.back();
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  static ClientMetric& add(MetricFamily& family, const Labels& labels) {
    ClientMetric metric;
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    family.metric.push_back(std::move(metric));
    return family.metric.back();
  }

  std::vector<MetricFamily> families_;
};

void add_gauges(Page& page, const TotalsSnapshot& totals) {
  page.gauge("gavel_connections", "Open connections, joined or not.",
             static_cast<double>(totals.connections));
  page.gauge("gavel_rooms", "Rooms that are open in this process.",
             static_cast<double>(totals.rooms));
  page.gauge("gavel_members", "Members of all rooms.", static_cast<double>(totals.members));
  page.gauge("gavel_slowest_member_lag_messages",
             "Messages that the slowest member of any room has not got yet.",
             static_cast<double>(totals.slowest_lag));
  page.gauge("gavel_unkept_bytes", "Accepted messages that the store has not confirmed yet.",
             static_cast<double>(totals.unkept_bytes));
  page.gauge("gavel_backlog_bytes", "Memory of all rooms' backlogs.",
             static_cast<double>(totals.backlog_bytes));
}

void add_counters(Page& page, const TotalsSnapshot& totals) {
  page.counter("gavel_connections_accepted_total", "Connections that were accepted.",
               totals.accepted);
  page.counter("gavel_connections_refused_total", "Connections that a limit refused.",
               totals.refused);
  page.counter("gavel_joins_total", "Joins that succeeded.", totals.joins);
  page.counter("gavel_resumes_total", "Joins that got their earlier client_id back.",
               totals.resumes);
  page.counter("gavel_messages_received_total",
               "Messages that clients sent, whatever became of them.", totals.messages_received);
  page.counter("gavel_messages_sequenced_total",
               "Messages that were accepted into their room's order.", totals.messages_in);
  page.counter("gavel_messages_delivered_total",
               "Messages that were sent to a member, each counted.", totals.messages_out);
  page.counter("gavel_messages_duplicate_total", "Messages that came again under a known ref.",
               totals.duplicates);
  page.counter("gavel_sequenced_bytes_total", "Bytes of accepted messages.", totals.bytes_in);
  page.counter("gavel_delivered_bytes_total", "Bytes of delivered messages, with their frames.",
               totals.bytes_out);
  page.counter("gavel_socket_received_bytes_total", "Bytes read from game sockets.",
               totals.socket_bytes_in);
  page.counter("gavel_socket_sent_bytes_total", "Bytes written to game sockets.",
               totals.socket_bytes_out);
  page.counter("gavel_catch_up_reads_total", "Pages that lagging members read from the store.",
               totals.pages_read);
  page.counter("gavel_store_refused_appends_total", "Batches that the store did not keep.",
               totals.store_refusals);
  page.family("gavel_errors_total", "Error messages to clients, by code.", MetricType::Counter);
  for (const auto& [code, count] : totals.errors)
    page.counter("gavel_errors_total", "", count, {{"code", code}});
  page.family("gavel_disconnects_total", "Connections that ended, by close code.",
              MetricType::Counter);
  for (const auto& [code, count] : totals.disconnects) {
    page.counter("gavel_disconnects_total", "", count, {{"code", std::to_string(code)}});
  }
}

void add_latencies(Page& page, const TotalsSnapshot& totals) {
  page.histogram("gavel_sequencing_seconds",
                 "A message's time from the loop turn that read it until it was kept under its id.",
                 totals.sequencing);
  page.histogram("gavel_delivery_seconds",
                 "A message's time from the loop turn that read it until it was handed to the "
                 "members' sockets.",
                 totals.delivery);
  page.histogram("gavel_store_append_seconds", "A batch's time at the store.", totals.store_append);
  for (std::size_t i = 0; i < totals.turn_times.size(); ++i) {
    page.histogram("gavel_turn_seconds", "Work of a loop turn, without waiting.",
                   totals.turn_times[i], {{"shard", std::to_string(i)}});
  }
}

void add_process(Page& page) {
  const ProcessStats process = read_process_stats();
  page.counter_value("process_cpu_seconds_total", "Processor time of this process.",
                     process.cpu_seconds);
  page.gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  page.gauge("process_open_fds", "Open file descriptors.", process.open_fds);
  page.gauge("process_max_fds", "The limit of open file descriptors.", process.max_fds);
  page.gauge("process_start_time_seconds", "When the process started, since 1970.",
             process.start_seconds);
}

}  // namespace

std::string metrics_page(const ServerFacts& facts, const StoreState& store, bool draining,
                         const TotalsSnapshot& totals) {
  Page page;
  page.gauge("gavel_build_info", "Always 1; the labels say what runs.", 1,
             {{"version", facts.version}});
  page.gauge("gavel_shards", "Threads that serve rooms.", facts.threads);
  page.gauge("gavel_store_up", "1 while the store works.", store.ok ? 1 : 0);
  page.gauge("gavel_draining", "1 while the server ends and takes no connections.",
             draining ? 1 : 0);
  add_gauges(page, totals);
  add_counters(page, totals);
  add_latencies(page, totals);
  page.counter("gavel_log_lines_lost_total", "Log lines that their target did not take.",
               log::lost_lines());
  add_process(page);
  return page.text();
}

}  // namespace gavel::admin
