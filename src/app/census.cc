#include "app/census.h"

#include <algorithm>

#include "wire/codes.h"

namespace gavel::app {
namespace {

// Opened by nothing but a question about it (or left before anything was said): not shown.
bool is_unused(const room::Room& room) {
  return room.last() == MessageId{0} && room.members().empty();
}

admin::RoomSnapshot snapshot_of(const room::Room& room) {
  admin::RoomSnapshot out;
  out.name = room.name();
  out.epoch = room.epoch().value;
  out.first = room.first().value;
  out.last = room.last().value;
  out.members = room.members().size();
  out.messages_in = room.counters().messages_in;
  out.bytes_in = room.counters().bytes_in;
  out.messages_out = room.counters().messages_out;
  out.bytes_out = room.counters().bytes_out;
  out.unkept_bytes = room.unkept_bytes();
  out.backlog_bytes = room.backlog_bytes();
  for (const room::Member* member : room.members()) {
    out.slowest_lag = std::max(out.slowest_lag, member->lag());
  }
  return out;
}

void add_rooms(const room::Rooms& rooms, admin::TotalsSnapshot& totals) {
  room::RoomCounters counters = rooms.released();
  rooms.for_each([&](const room::Room& room) {
    counters += room.counters();
    if (!is_unused(room)) ++totals.rooms;
    totals.members += room.members().size();
    totals.unkept_bytes += room.unkept_bytes();
    totals.backlog_bytes += room.backlog_bytes();
    for (const room::Member* member : room.members()) {
      totals.slowest_lag = std::max(totals.slowest_lag, member->lag());
    }
  });
  totals.messages_in += counters.messages_in;
  totals.bytes_in += counters.bytes_in;
  totals.messages_out += counters.messages_out;
  totals.bytes_out += counters.bytes_out;
  totals.pages_read += rooms.pages_read();
}

void add_gateway(const net::Gateway& gateway, admin::TotalsSnapshot& totals) {
  const net::GatewayCounters& counters = gateway.counters_now();
  totals.socket_bytes_in += counters.bytes_in;
  totals.socket_bytes_out += counters.bytes_out;
  totals.accepted += counters.accepted;
  totals.refused += counters.refused;
  for (const auto& [code, count] : counters.closes) totals.disconnects[code] += count;
  const session::SessionCounters& sessions = gateway.session_env_now().counters;
  totals.messages_received += sessions.messages;
  totals.joins += sessions.joins;
  totals.resumes += sessions.resumes;
  totals.duplicates += sessions.duplicates;
  for (const wire::ErrorInfo& row : wire::error_codes()) {
    const std::uint64_t count = sessions.errors[static_cast<std::size_t>(row.code)];
    if (count != 0) totals.errors[std::string(row.name)] += count;
  }
}

void add_shard(shard::Shard& shard, admin::TotalsSnapshot& totals) {
  totals.turns += shard.turn_times().turns;
  totals.turn_times.push_back(shard.turn_times().busy);
  const room::Latencies& latencies = shard.rooms().latencies();
  totals.sequencing += latencies.sequencing;
  totals.delivery += latencies.delivery;
  totals.store_append += latencies.store_append;
  totals.store_refusals += latencies.refused_appends;
}

}  // namespace

admin::TotalsSnapshot count_totals(Server& server) {
  admin::TotalsSnapshot totals;
  totals.connections = server.connections();
  server.on_each_shard([&](shard::Shard& shard, net::Gateway& gateway) {
    add_rooms(shard.rooms(), totals);
    add_gateway(gateway, totals);
    add_shard(shard, totals);
  });
  return totals;
}

std::vector<admin::RoomSnapshot> count_rooms(Server& server) {
  std::vector<admin::RoomSnapshot> rooms;
  server.on_each_shard([&](shard::Shard& shard, net::Gateway&) {
    shard.rooms().for_each([&](const room::Room& room) {
      if (!is_unused(room)) rooms.push_back(snapshot_of(room));
    });
  });
  return rooms;
}

void look_at_room(shard::Shard& shard, net::Gateway& gateway, const room::Room& room,
                  admin::RoomView& view) {
  view.room = snapshot_of(room);
  gateway.for_each([&](net::Connection& connection) {
    const room::Member& member = connection.peer_member();
    if (member.room() != &room) return;
    admin::MemberSnapshot one;
    one.client_id = member.client().value;
    one.player = connection.player();
    one.address = connection.address();
    one.lag = member.lag();
    one.reading_store = member.paging();
    one.connected_ms = shard.now_ms() - connection.opened_ms();
    view.members.push_back(std::move(one));
  });
}

}  // namespace gavel::app
