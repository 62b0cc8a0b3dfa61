// What the admin side needs of the server: declared here, implemented by app/. Called from the
// admin server's threads, several at a time; each call may wait for a shard, those that say so also
// for the store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/snapshot.h"

namespace gavel::admin {

// How an operator's command ended. Each has one HTTP status and one code in the answer
// (api_error.cc).
enum class Status : std::uint8_t {
  ok,
  unknown_room,  // nobody is in it, and nothing of it is kept
  unknown_member,
  bad_room_name,
  bad_message,  // Published::detail says why
  too_many_rooms,
  too_many_rules,  // bans or settings are at their limit
  store_unavailable,
  store_full,
  store_corrupt,
  timed_out,  // the store has not answered; what was asked for may still happen
};

struct RoomView {
  RoomSnapshot room;
  RoomSettings settings;
  std::vector<MemberSnapshot> members;
};

// Messages behind `after`, or the newest ones where `last` says how many.
struct HistoryQuery {
  std::uint64_t after = 0;
  std::optional<std::uint64_t> last{};
  std::size_t limit = 100;
};

struct HistoryPage {
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;            // the oldest msg_id that is kept
  std::uint64_t last = 0;             // the room's newest
  std::vector<std::string> messages;  // JSON objects, as members got them
  std::uint64_t next_after = 0;       // `after` of the next page
};

struct Published {
  std::uint64_t epoch = 0;
  std::uint64_t msg_id = 0;
  std::string detail;  // of bad_message: a sentence
};

struct Kick {
  std::uint64_t client_id = 0;
  std::string reason;
  std::int64_t ban_ms = 0;  // 0 = may come back at once
};

// Whom a ban keeps out: the token's subject where there is one, else everybody from that address.
struct Kicked {
  std::string banned_player;
  std::string banned_address;
};

struct RoomChange {
  std::optional<std::uint64_t> capacity{};
  std::optional<bool> locked{};
  std::optional<std::string> metadata{};  // a JSON object; empty = none
};

// What does not change while the process runs.
struct ServerFacts {
  std::string version;
  std::string store;  // without secrets
  unsigned threads = 0;
  std::vector<std::string> listen;
};

struct StoreState {
  bool ok = true;
  std::string detail;
};

// How a publish ended that had not when its time was over. From a shard's thread; the source may be
// gone.
using PublishLate = std::function<void(Status status, const Published& published)>;

class Source {
 public:
  virtual ~Source() = default;

  virtual const ServerFacts& describe() const = 0;
  virtual bool ready(std::string& reason) = 0;
  virtual bool draining() = 0;
  virtual StoreState store() = 0;
  virtual TotalsSnapshot totals() = 0;
  virtual std::vector<RoomSnapshot> rooms() = 0;

  // These may wait for the store.
  virtual Status room(std::string_view name, RoomView& view) = 0;
  virtual Status history(std::string_view name, const HistoryQuery& query, HistoryPage& page) = 0;
  // A message of the server itself (client_id 0); `json` is one object with a type. With `create`,
  // also into a room that is not known yet.
  virtual Status publish(std::string_view name, std::string_view json, bool create,
                         Published& published, PublishLate late) = 0;
  virtual Status kick(std::string_view name, const Kick& kick, Kicked& kicked) = 0;
  // Puts everybody out; with `lock`, nobody comes in again until the lock is taken off.
  virtual Status close_room(std::string_view name, std::string_view reason, bool lock,
                            std::uint64_t& members) = 0;
  virtual Status set_room(std::string_view name, const RoomChange& change,
                          RoomSettings& settings) = 0;

  // Starts a clean stop of the process, as SIGTERM does.
  virtual void drain() = 0;
};

}  // namespace gavel::admin
