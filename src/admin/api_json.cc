#include "admin/api_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace gavel::admin {
namespace {

using Json = nlohmann::ordered_json;

// Names from outside are valid UTF-8 by then; whatever slips through must not throw.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

Json rates(const Rates& rates) {
  return {{"messages_in", rounded(rates.messages_in)},
          {"bytes_in", rounded(rates.bytes_in)},
          {"messages_out", rounded(rates.messages_out)},
          {"bytes_out", rounded(rates.bytes_out)}};
}

// Null where nothing happened in the window: 0 ms would be a claim.
Json latency(const LatencyHistogram& times) {
  if (times.count() == 0) return nullptr;
  return {{"count", times.count()},
          {"p50_ms", rounded(times.quantile_us(0.5) / 1000)},
          {"p90_ms", rounded(times.quantile_us(0.9) / 1000)},
          {"p99_ms", rounded(times.quantile_us(0.99) / 1000)}};
}

Json room(const RoomSnapshot& room) {
  return {{"name", room.name},
          {"epoch", std::to_string(room.epoch)},
          {"first", room.first},
          {"last", room.last},
          {"members", room.members},
          {"messages_in", room.messages_in},
          {"bytes_in", room.bytes_in},
          {"messages_out", room.messages_out},
          {"bytes_out", room.bytes_out},
          {"unkept_bytes", room.unkept_bytes},
          {"backlog_bytes", room.backlog_bytes},
          {"slowest_lag", room.slowest_lag}};
}

Json settings(const RoomSettings& settings) {
  Json out{{"capacity", settings.capacity}, {"locked", settings.locked}};
  out["metadata"] =
      settings.metadata.empty() ? Json::object() : Json::parse(settings.metadata, nullptr, false);
  out["bans"] = settings.bans;
  return out;
}

void add_counts(Json& out, const TotalsSnapshot& now) {
  out["connections"] = now.connections;
  out["rooms"] = now.rooms;
  out["members"] = now.members;
  out["messages_received"] = now.messages_received;
  out["messages_in"] = now.messages_in;
  out["bytes_in"] = now.bytes_in;
  out["messages_out"] = now.messages_out;
  out["bytes_out"] = now.bytes_out;
  out["socket_bytes_in"] = now.socket_bytes_in;
  out["socket_bytes_out"] = now.socket_bytes_out;
  out["accepted"] = now.accepted;
  out["refused"] = now.refused;
  out["joins"] = now.joins;
  out["resumes"] = now.resumes;
  out["duplicates"] = now.duplicates;
  out["pages_read"] = now.pages_read;
  out["turns"] = now.turns;
  out["slowest_lag"] = now.slowest_lag;
  out["unkept_bytes"] = now.unkept_bytes;
  out["backlog_bytes"] = now.backlog_bytes;
  out["store_refusals"] = now.store_refusals;
  out["errors"] = Json::object();
  for (const auto& [code, count] : now.errors) out["errors"][code] = count;
  out["disconnects"] = Json::object();
  for (const auto& [code, count] : now.disconnects)
    out["disconnects"][std::to_string(code)] = count;
}

}  // namespace

std::string stats_json(const StatsView& view) {
  Json out;
  out["version"] = view.facts.version;
  out["threads"] = view.facts.threads;
  out["listen"] = view.facts.listen;
  out["uptime_ms"] = view.uptime_ms;
  out["draining"] = view.draining;
  out["store"] = {{"name", view.facts.store}, {"ok", view.store.ok}, {"detail", view.store.detail}};
  add_counts(out, view.totals.now);
  out["window_ms"] = view.totals.window_ms;
  out["rates"] = view.totals.window_ms == 0 ? Json(nullptr) : rates(view.totals.rates);
  out["latency"] = {{"sequencing", latency(view.totals.sequencing)},
                    {"delivery", latency(view.totals.delivery)},
                    {"store_append", latency(view.totals.store_append)},
                    {"turn", latency(view.totals.turn)}};
  return text_of(out);
}

std::string rooms_json(const RoomPage& page, const RoomQuery& query) {
  Json out{{"total", page.total},
           {"offset", query.offset},
           {"limit", query.limit},
           {"window_ms", page.window_ms}};
  out["rooms"] = Json::array();
  for (const RoomRow& row : page.rooms) {
    Json one = room(row.room);
    one["rates"] = page.window_ms == 0 ? Json(nullptr) : rates(row.rates);
    out["rooms"].push_back(std::move(one));
  }
  return text_of(out);
}

std::string room_json(const RoomView& view, const Rates& room_rates, std::int64_t window_ms) {
  Json out = room(view.room);
  out["window_ms"] = window_ms;
  out["rates"] = window_ms == 0 ? Json(nullptr) : rates(room_rates);
  out["settings"] = settings(view.settings);
  out["member_list"] = Json::array();
  for (const MemberSnapshot& member : view.members) {
    out["member_list"].push_back({{"client_id", member.client_id},
                                  {"player", member.player},
                                  {"address", member.address},
                                  {"lag", member.lag},
                                  {"reading_store", member.reading_store},
                                  {"connected_ms", member.connected_ms}});
  }
  return text_of(out);
}

std::string history_json(const HistoryPage& page) {
  Json head{{"epoch", std::to_string(page.epoch)},
            {"first", page.first},
            {"last", page.last},
            {"next_after", page.next_after}};
  std::string out = text_of(head);
  out.back() = ',';
  out += "\"messages\":[";
  // Byte for byte as members got them: not parsed and printed again, which would change numbers.
  for (std::size_t i = 0; i < page.messages.size(); ++i) {
    if (i != 0) out += ',';
    out += page.messages[i];
  }
  return out + "]}";
}

std::string settings_json(const RoomSettings& value) { return text_of(settings(value)); }

std::string published_json(const Published& published) {
  return text_of(Json{{"epoch", std::to_string(published.epoch)}, {"msg_id", published.msg_id}});
}

std::string kicked_json(const Kick& kick, const Kicked& kicked) {
  Json out{{"client_id", kick.client_id}, {"banned", nullptr}};
  if (kick.ban_ms > 0) {
    const bool by_player = !kicked.banned_player.empty();
    out["banned"] = {{by_player ? "player" : "address",
                      by_player ? kicked.banned_player : kicked.banned_address},
                     {"seconds", kick.ban_ms / 1000}};
  }
  return text_of(out);
}

std::string closed_json(std::uint64_t members, bool locked) {
  return text_of(Json{{"members", members}, {"locked", locked}});
}

std::string error_json(std::string_view code, std::string_view message) {
  return text_of(Json{{"error", {{"code", code}, {"message", message}}}});
}

Response error_response(unsigned status, std::string_view code, std::string_view message) {
  return {.status = status, .body = error_json(code, message)};
}

}  // namespace gavel::admin
