// The heart of the Redis store: all rooms of the process on the one I/O thread, between the shards'
// logs and the nodes. One thread for all shards, since a room's order comes from Redis and not from
// a thread: connections, subscriptions and rooms need no lock there, a master has one pipeline that
// all shards fill, and a shard's thread does no Redis work.
//
// A room goes: subscribe -> open -> check -> append and deliver. Whatever goes wrong (a lost
// connection, a slot that moved, an answer that does not fit) leads back to subscribe or check, and
// only a check that went well lets the room on:
//
// 1. A block is shown when it is the next one, whether the subscription, our own answer or a read
// brought it.
// 2. One append of a room is under way; the next ones gather behind it into one block.
// 3. A block whose fate is unclear is looked for by its tag before it is sent again: kept once
// (promise P5).
// 4. Redis has less than was shown: what is still here is put back under the same ids; where that
// can't be done, or
//    another block stands there, the room begins a new epoch (promises P3, P6).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "store/redis/functions.h"
#include "store/redis/room.h"
#include "store/redis/topology.h"
#include "store/store.h"

namespace gavel::store::redis {

struct EngineOptions {
  TopologyOptions topology;
  Retention retention;
  std::int64_t repair_grace_ms = 1000;
};

class Engine final : public NodeHooks {
 public:
  Engine(boost::asio::io_context& io, TlsClient* tls, EngineOptions options);
  ~Engine() override;

  // What a shard committed.
  void take(ShardLink& link, std::vector<Op>& ops);
  // The shard's log is gone: nothing of it is touched any more.
  void detach(ShardLink& link);
  // `awake_ms` counts only while the process runs, so that a pause of ours is no silence of Redis.
  void tick(std::int64_t awake_ms, std::int64_t wall_ms);
  // Posts what the shards are to be told; called once behind the work that was ready.
  void post_answers();
  void close();

  bool ready() const { return topology_.ready(); }
  Topology& topology() { return topology_; }
  Health health() const;
  // Calls back with a value that all servers share: `ours` where there was none yet. Null reply:
  // try again.
  void share_value(std::string_view key, std::string_view ours, Connection::Answer answer);

  // NodeHooks
  void on_ready(Node& node) override;
  void on_lost(Node& node) override;
  void on_subscribed(Node& node, std::string_view channel) override;
  void on_unsubscribed(Node& node, std::string_view channel) override;
  void on_message(std::string_view channel, std::string_view payload) override;

 private:
  // engine.cc: rooms, steps, time
  Room* find(std::uint64_t serial) const;
  Event& emit(Room& room, Event::Kind kind);
  void emit(ShardLink& link, Event event);
  void open_room(ShardLink& link, Op& op);
  void close_room(Room& room);
  void subscribe(Room& room);
  void unready(Room& room);
  void route_rooms();
  // Does whatever the room can do next.
  void advance(Room& room);
  void look_after(Room& room);
  void lease(ShardLink& link);
  bool usable(const Room& room) const { return room.node != nullptr && room.node->ready(); }
  Command function(const Room& room, std::string_view name, std::size_t keys) const;
  // Handles an answer that is an error, or no answer at all; true when it was one. The room waits
  // or starts again.
  bool handle_trouble(Room& room, const Reply* reply, Trouble& trouble);
  void retry_later(Room& room, const std::string& why);
  // An answer for this room, if it still is on the same attempt.
  template <class Then>
  Connection::Answer for_room(const Room& room, Then then) {
    return [this, serial = room.serial, attempt = room.attempt, then](Reply* reply) {
      Room* found = find(serial);
      if (found != nullptr && found->attempt == attempt) then(*found, reply);
    };
  }

  // engine_append.cc: gather, send, settle, deliver
  void append(Room& room, const Op& op);
  void make_batch(Room& room);
  void build(Room& room, Batch& batch);
  void send_append(Room& room);
  void appended(Room& room, const Reply* reply);
  void leave_out(Room& room, const Reply& reply);
  void kept(Room& room, MessageId first);
  void announce(Room& room, MessageId first, const std::string& block);
  void settle_shown(Room& room);
  void refuse(Room& room, room::LogError error);
  // Shows a block if it is the next one; false where it is not.
  bool deliver(Room& room, MessageId first, std::shared_ptr<const std::string> block);
  void remember(Room& room, MessageId first, std::uint32_t count,
                std::shared_ptr<const std::string> block);
  void forget_old(Room& room);
  void heard_of(Room& room, MessageId last, bool at_once);

  // engine_check.cc: open, check, repair, new epochs
  void send_open(Room& room);
  void opened(Room& room, const Reply& reply);
  void begin_epoch(Room& room, const room::RoomLife& life);
  void send_check(Room& room);
  void check_answered(Room& room, const Reply& reply);
  bool repair(Room& room, MessageId redis_last);
  void repaired(Room& room, const Reply* reply, bool last);
  void give_up_epoch(Room& room, const char* why);

  // engine_read.cc: pages, claims, retention
  void send_requests(Room& room);
  void send_page(Room& room, const Request& request);
  void page_answered(Room& room, const Request& request, const Reply* reply);
  void send_claim(Room& room, const Request& request);
  void send_retain(Room& room, MessageId up_to, bool asked);
  void retain(Room& room);
  void fill(Room& room);
  void filled(Room& room, const Reply* reply);
  void fail_request(Room& room, const Request& request, room::LogError error);

  static constexpr std::int64_t kRetryMs = 100;
  static constexpr std::int64_t kBehindMs =
      20;  // an announcement is given so long before the log is read
  static constexpr std::int64_t kCheckMs = 3000;  // a room's tail is looked at so often
  static constexpr std::int64_t kRequestMs =
      15'000;  // what is asked while Redis is away fails after so long
  static constexpr std::int64_t kRecentMs =
      10'000;  // kept to be put back: longer than appendfsync everysec
  static constexpr std::size_t kRecentRoomBytes = 32 << 20;
  static constexpr std::size_t kRecentBytes = 256 << 20;  // of all rooms
  static constexpr std::size_t kFillBytes = 256 << 10;
  static constexpr std::size_t kGenerationsMax = 100'000;

  boost::asio::io_context& io_;
  const EngineOptions options_;
  const FunctionLibrary library_;
  Topology topology_;
  SystemRandom random_;
  std::int64_t now_ms_ = 0;
  std::int64_t wall_ms_ = 0;

  std::unordered_map<std::uint64_t, std::unique_ptr<Room>> rooms_;
  std::unordered_map<std::string, Room*> channels_;
  std::unordered_map<std::string, std::uint32_t>
      orphans_;  // confirmations to come of rooms that were closed
  std::vector<std::uint64_t> behind_;
  std::vector<std::uint64_t> round_robin_;  // rooms to look after, gone through over kCheckMs
  std::size_t round_at_ = 0;
  std::uint64_t next_serial_ = 1;
  std::size_t recent_bytes_ = 0;
  std::vector<ShardLink*> links_;
  std::vector<ShardLink*> dirty_;
  bool post_scheduled_ = false;
};

}  // namespace gavel::store::redis
