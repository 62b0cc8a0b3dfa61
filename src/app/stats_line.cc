#include "app/stats_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"

namespace gavel::app {
namespace {

constexpr std::size_t kRoomsShown = 5;

std::string bytes_text(double bytes) {
  if (bytes >= 1e6) return fmt::format("{:.1f} MB/s", bytes / 1e6);
  if (bytes >= 1e3) return fmt::format("{:.1f} kB/s", bytes / 1e3);
  return fmt::format("{:.0f} B/s", bytes);
}

}  // namespace

StatsLine::Count StatsLine::since(const Count& now, const Count& before) {
  // A room that was released and opened again counts from zero.
  if (now.messages_in < before.messages_in || now.messages_out < before.messages_out) return now;
  return {now.messages_in - before.messages_in, now.bytes_in - before.bytes_in,
          now.messages_out - before.messages_out, now.bytes_out - before.bytes_out};
}

std::vector<std::string> StatsLine::next(const admin::TotalsSnapshot& totals,
                                         const std::vector<admin::RoomSnapshot>& rooms,
                                         double seconds) {
  const auto line = [seconds](std::string_view what, const Count& count) {
    return fmt::format("{}: in {:.0f} msg/s {}, out {:.0f} msg/s {}", what,
                       static_cast<double>(count.messages_in) / seconds,
                       bytes_text(static_cast<double>(count.bytes_in) / seconds),
                       static_cast<double>(count.messages_out) / seconds,
                       bytes_text(static_cast<double>(count.bytes_out) / seconds));
  };
  std::vector<std::string> lines;
  const Count now{totals.messages_in, totals.bytes_in, totals.messages_out, totals.bytes_out};
  const Count all = since(now, total_);
  total_ = now;
  std::unordered_map<std::string, Count> counts;
  std::vector<std::pair<std::string, Count>> busy;
  for (const admin::RoomSnapshot& room : rooms) {
    const Count count{room.messages_in, room.bytes_in, room.messages_out, room.bytes_out};
    const auto before = rooms_.find(room.name);
    const Count delta = since(count, before == rooms_.end() ? Count{} : before->second);
    if (delta.messages_in + delta.messages_out != 0) busy.emplace_back(room.name, delta);
    counts.emplace(room.name, count);
  }
  rooms_ = std::move(counts);
  if (all.messages_in + all.messages_out == 0) return lines;
  lines.push_back(line(fmt::format("all {} rooms, {} members", totals.rooms, totals.members), all));
  const std::size_t shown = std::min(kRoomsShown, busy.size());
  std::partial_sort(
      busy.begin(), busy.begin() + static_cast<std::ptrdiff_t>(shown), busy.end(),
      [](const auto& a, const auto& b) { return a.second.messages_out > b.second.messages_out; });
  for (std::size_t i = 0; i < shown; ++i) {
    lines.push_back(line("room " + escape_for_log(busy[i].first), busy[i].second));
  }
  return lines;
}

}  // namespace gavel::app
