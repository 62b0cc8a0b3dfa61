#include "admin/board.h"

#include <algorithm>
#include <utility>

namespace gavel::admin {
namespace {

constexpr std::int64_t kLookMs = 1000;

template <class Counts>
Rates rates_between(const Counts& before, const Counts& now, std::int64_t ms) {
  // A room that was released and opened again meanwhile counts from zero.
  const bool anew = now.messages_in < before.messages_in || now.messages_out < before.messages_out;
  const auto rate = [&](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(anew ? to : to - from) * 1000 / static_cast<double>(ms);
  };
  return {.messages_in = rate(before.messages_in, now.messages_in),
          .bytes_in = rate(before.bytes_in, now.bytes_in),
          .messages_out = rate(before.messages_out, now.messages_out),
          .bytes_out = rate(before.bytes_out, now.bytes_out)};
}

LatencyHistogram all_turns(const TotalsSnapshot& totals) {
  LatencyHistogram all;
  for (const LatencyHistogram& one : totals.turn_times) all += one;
  return all;
}

bool comes_first(const RoomRow& a, const RoomRow& b, RoomOrder order) {
  switch (order) {
    case RoomOrder::traffic:
      if (a.rates.messages_out != b.rates.messages_out)
        return a.rates.messages_out > b.rates.messages_out;
      if (a.room.messages_out != b.room.messages_out)
        return a.room.messages_out > b.room.messages_out;
      break;
    case RoomOrder::members:
      if (a.room.members != b.room.members) return a.room.members > b.room.members;
      break;
    case RoomOrder::lag:
      if (a.room.slowest_lag != b.room.slowest_lag) return a.room.slowest_lag > b.room.slowest_lag;
      break;
    case RoomOrder::name:
      break;
  }
  return a.room.name < b.room.name;
}

}  // namespace

Board::Board(Source& source, std::function<std::int64_t()> now_ms)
    : source_(source), now_ms_(std::move(now_ms)) {}

Totals Board::totals() {
  Totals out;
  out.now = source_.totals();
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = now_ms_();
  if (!newer_ || now_ms - newer_->at_ms >= kLookMs) {
    older_ = std::exchange(newer_, Look{now_ms, out.now});
  }
  if (!older_) return out;
  out.window_ms = now_ms - older_->at_ms;
  const TotalsSnapshot& before = older_->totals;
  out.rates = rates_between(before, out.now, out.window_ms);
  out.sequencing = out.now.sequencing.since(before.sequencing);
  out.delivery = out.now.delivery.since(before.delivery);
  out.store_append = out.now.store_append.since(before.store_append);
  out.turn = all_turns(out.now).since(all_turns(before));
  return out;
}

void Board::look_at_rooms() {
  const std::int64_t now_ms = now_ms_();
  if (newer_rooms_ && now_ms - newer_rooms_->at_ms < kLookMs) return;
  RoomLook look{now_ms, source_.rooms(), {}};
  for (std::size_t i = 0; i < look.rooms.size(); ++i) look.by_name.emplace(look.rooms[i].name, i);
  older_rooms_ = std::exchange(newer_rooms_, std::move(look));
}

RoomPage Board::rooms(const RoomQuery& query) {
  const std::lock_guard lock(mutex_);
  look_at_rooms();
  RoomPage page;
  std::vector<RoomRow> rows;
  if (older_rooms_) page.window_ms = newer_rooms_->at_ms - older_rooms_->at_ms;
  for (const RoomSnapshot& room : newer_rooms_->rooms) {
    if (room.name.find(query.filter) == std::string::npos) continue;
    RoomRow row{room, {}};
    if (older_rooms_) {
      const auto before = older_rooms_->by_name.find(room.name);
      row.rates =
          rates_between(before == older_rooms_->by_name.end() ? RoomSnapshot{}
                                                              : older_rooms_->rooms[before->second],
                        room, page.window_ms);
    }
    rows.push_back(std::move(row));
  }
  page.total = rows.size();
  const std::size_t begin = std::min(query.offset, rows.size());
  const std::size_t end = std::min(rows.size(), begin + query.limit);
  std::partial_sort(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(end), rows.end(),
      [&](const RoomRow& a, const RoomRow& b) { return comes_first(a, b, query.order); });
  page.rooms.assign(std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(begin)),
                    std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(end)));
  return page;
}

Rates Board::room_rates(const RoomSnapshot& room, std::int64_t& window_ms) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = now_ms_();
  window_ms = 0;
  if (watched_.size() >= kRoomsWatchedMax && !watched_.contains(room.name)) watched_.clear();
  const auto [it, first] = watched_.try_emplace(room.name);
  RoomLooks& looks = it->second;
  if (first || now_ms - looks.newer_ms >= kLookMs) {
    if (!first)
      looks.older = std::exchange(looks.newer, room);
    else
      looks.newer = room;
    looks.older_ms = std::exchange(looks.newer_ms, now_ms);
  }
  if (!looks.older) return {};
  window_ms = now_ms - looks.older_ms;
  return rates_between(*looks.older, room, window_ms);
}

}  // namespace gavel::admin
