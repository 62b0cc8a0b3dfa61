// The API's answers as JSON text; docs/openapi.yaml describes them. Any thread.
#pragma once

#include <string>
#include <vector>

#include "admin/board.h"
#include "admin/http_types.h"
#include "admin/source.h"

namespace gavel::admin {

struct StatsView {
  const ServerFacts& facts;
  StoreState store;
  bool draining = false;
  std::int64_t uptime_ms = 0;
  Totals totals;
};

std::string stats_json(const StatsView& view);
std::string rooms_json(const RoomPage& page, const RoomQuery& query);
std::string room_json(const RoomView& view, const Rates& rates, std::int64_t window_ms);
std::string history_json(const HistoryPage& page);
std::string settings_json(const RoomSettings& settings);
std::string published_json(const Published& published);
std::string kicked_json(const Kick& kick, const Kicked& kicked);
std::string closed_json(std::uint64_t members, bool locked);
std::string error_json(std::string_view code, std::string_view message);

}  // namespace gavel::admin
