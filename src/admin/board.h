// Rates: what the source counts, set against an earlier count. Remembers two looks at the server,
// however many ask: so the shards are asked for all their rooms at most once a second. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "admin/source.h"

namespace gavel::admin {

struct Rates {  // a second
  double messages_in = 0;
  double bytes_in = 0;
  double messages_out = 0;
  double bytes_out = 0;
};

struct Totals {
  TotalsSnapshot now;
  std::int64_t window_ms =
      0;  // what follows is about so long; 0 = this is the first look, there is nothing yet
  Rates rates;
  LatencyHistogram sequencing;
  LatencyHistogram delivery;
  LatencyHistogram store_append;
  LatencyHistogram turn;  // of all shards
};

struct RoomRow {
  RoomSnapshot room;
  Rates rates;
};

enum class RoomOrder : std::uint8_t { traffic, name, members, lag };

struct RoomQuery {
  std::string filter{};  // a part of the name
  RoomOrder order = RoomOrder::traffic;
  std::size_t offset = 0;
  std::size_t limit = 100;
};

struct RoomPage {
  std::uint64_t total = 0;  // that fit the filter
  std::int64_t window_ms = 0;
  std::vector<RoomRow> rooms;
};

class Board {
 public:
  // `now_ms`: a steady clock.
  Board(Source& source, std::function<std::int64_t()> now_ms);

  Totals totals();
  RoomPage rooms(const RoomQuery& query);
  // The rates of one room since an earlier call for it; `window_ms` 0 where there was none. Does
  // not ask for all rooms.
  Rates room_rates(const RoomSnapshot& room, std::int64_t& window_ms);

 private:
  struct Look {
    std::int64_t at_ms = 0;
    TotalsSnapshot totals;
  };
  struct RoomLook {
    std::int64_t at_ms = 0;
    std::vector<RoomSnapshot> rooms;
    std::unordered_map<std::string, std::size_t> by_name;
  };
  struct RoomLooks {
    std::int64_t newer_ms = 0;
    RoomSnapshot newer;
    std::int64_t older_ms = 0;
    std::optional<RoomSnapshot> older;
  };
  static constexpr std::size_t kRoomsWatchedMax =
      256;  // somebody looks at each of them; beyond it all begin anew
  void look_at_rooms();

  Source& source_;
  std::function<std::int64_t()> now_ms_;
  std::mutex mutex_;
  std::optional<Look> older_;
  std::optional<Look> newer_;
  std::optional<RoomLook> older_rooms_;
  std::optional<RoomLook> newer_rooms_;
  std::unordered_map<std::string, RoomLooks> watched_;
};

}  // namespace gavel::admin
