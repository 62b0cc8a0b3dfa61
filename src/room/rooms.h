// All rooms of one shard: opens and releases them, joins members, hands messages to the log and
// shows what is kept. Shard's thread only. Knows no socket and no clock: the shard sets the time
// once a turn, and calls end_turn().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/ids.h"
#include "room/delivery.h"
#include "room/member.h"
#include "room/message_log.h"
#include "room/room.h"
#include "room/room_rules.h"

namespace gavel::room {

// Bounds and times of rooms; the defaults and where they come from stand in base/limits.h.
struct RoomOptions {
  std::size_t rooms_max = 100'000;             // in the process
  std::size_t members_max = 10'000;            // a room
  std::size_t backlog_bytes_max = 256 * 1024;  // a room
  std::size_t unkept_bytes_max =
      1024 * 1024;                       // a room; beyond it its members' sockets are not read
  std::size_t page_bytes = 128 * 1024;   // what a lagging member holds of the log at a time
  std::size_t pages_in_flight_max = 64;  // a shard
  std::size_t flushes_a_turn =
      2048;  // sends a turn, so that a giant room does not delay the others
  std::size_t identities_max = 20'000;         // players that left, a room
  std::int64_t store_refuse_after_ms = 2'000;  // store away for so long: senders get errors
  std::int64_t store_close_after_ms = 15'000;  // … and so long: members are closed with 4002
  std::int64_t linger_ms = 60'000;             // an empty room's memory stays for so long
  std::int64_t resume_ttl_ms = 120'000;        // a player may come back as the same one for so long
  bool shared_store = false;                   // other servers append to the same rooms
};

// What all shards of a process have in common.
struct RoomTotals {
  std::atomic<std::size_t> rooms{0};
};

// Where and how to join. Who resumes was authenticated already (session/resume_token).
struct JoinSpec {
  std::string room;
  std::uint64_t since = 0;
  bool latest = false;               // nothing old
  std::optional<Epoch> epoch{};      // the life that `since` belongs to
  std::optional<ClientId> resume{};  // the client_id that it had in resume_epoch
  Epoch resume_epoch{};
  bool compressed = false;
  // Who wants to join, as bans know him.
  std::string player{};
  std::string address{};
};

struct Joined {
  ClientId client;
  Epoch epoch;
  MessageId last;
  MessageId first;  // the id of the first message that follows
  Ref last_ref;
  bool recovered = true;
  bool resumed = false;
};

enum class JoinError : std::uint8_t {
  too_many_rooms,
  room_full,
  room_locked,
  banned,
  store_unavailable,
  store_corrupt,
};

// Who waits for a join; implemented by session/.
class Joiner {
 public:
  virtual ~Joiner() = default;
  // Before the member is handed any message.
  virtual void on_joined(const Joined& joined) = 0;
  virtual void on_join_failed(JoinError error) = 0;
  // A message of this member that was accepted turned out not to be kept (`kept` false), or to be a
  // repeat.
  virtual void on_refused(Ref ref, std::uint64_t number, LogError error) = 0;
  virtual void on_duplicate(Ref ref) = 0;
};

struct PendingJoin {
  JoinSpec spec;
  Member* member = nullptr;
  Joiner* joiner = nullptr;
  bool claiming = false;  // the store was asked what it knows of the client_id
  bool claimed = false;
  Claim claim;
  std::int64_t since_ms = 0;
};

// How long messages take, in the resolution of loop turns: the clock is read two or three times a
// turn that moved messages, never once a message. So the numbers cost nothing that could be
// measured, and say nothing about what the kernel does before a turn begins and after a send.
struct Latencies {
  LatencyHistogram sequencing;    // messages: from the turn that read one until the log had kept it
  LatencyHistogram delivery;      // messages: … until the members that keep up were flushed
  LatencyHistogram store_append;  // batches: from append() until its answer
  std::uint64_t refused_appends = 0;
};

// How a message of the server ended: kept under `id`, or not kept.
struct PublishResult {
  Epoch epoch;
  std::optional<MessageId> id;
  LogError error = LogError::unavailable;
};

class Rooms final : public LogListener {
 public:
  // `random` gives 64 random bits; `hash` hashes a room's name under this process's secret key
  // (hash flooding).
  Rooms(const RoomOptions& options, MessageLog& log, RoomTotals& totals,
        std::function<std::uint64_t()> random, std::function<std::size_t(std::string_view)> hash);
  ~Rooms() override;

  // The time of this turn: steady for time-outs, wall for `ts`.
  void set_time(std::int64_t steady_ms, std::int64_t wall_ms) {
    now_ms_ = steady_ms;
    wall_ms_ = wall_ms;
    turn_us_ = submit_us_ = steady_ms * 1000;
  }
  // A finer start of the turn than set_time()'s, and the clock for the other ends of latencies:
  // nothing is decided by it.
  void set_stopwatch(const Clock* clock) { stopwatch_ = clock; }
  void set_turn_start_us(std::int64_t steady_us) { turn_us_ = submit_us_ = steady_us; }
  const Latencies& latencies() const { return latencies_; }
  std::int64_t now_ms() const { return now_ms_; }
  std::int64_t wall_ms() const { return wall_ms_; }
  const RoomOptions& options() const { return options_; }
  void set_options(const RoomOptions& options) { options_ = options; }

  // Answered through `joiner`, possibly from inside. The member and the joiner must stay until
  // leave().
  void join(Member& member, Joiner& joiner, JoinSpec spec);
  // Ends the membership, or a join under way. Nothing is called any more for this member.
  void leave(Member& member);
  // Puts a member out from the server's side: Delivery::ended() is called.
  void put_out(Member& member, Ending ending, std::string_view reason);
  // A message of the server itself; false where the room is not open here or takes none now.
  bool publish(std::string_view room, std::string_view body);

  // --- for operators (rooms_operator.cc) ---
  // Calls `visit` with the room as soon as it is open, possibly from inside, and opens it if need
  // be. Null where it can't be: with an error of the log, or without one where there are too many
  // rooms.
  using Visit = std::function<void(Room* room, std::optional<LogError> error)>;
  void visit(std::string_view name, Visit visit);
  // A message of the server itself into an open room; `done` comes when its fate is clear, possibly
  // from inside.
  using PublishDone = std::function<void(const PublishResult& result)>;
  void publish(Room& room, std::string_view body, PublishDone done);
  // Reads behind `after`; the room is null where it was released meanwhile.
  using HistoryDone = std::function<void(const Room* room, const Page& page)>;
  void read_history(Room& room, MessageId after, std::size_t bytes_max, HistoryDone done);
  // Puts everybody out; returns how many.
  std::size_t close_room(Room& room, std::string_view reason);
  RoomRules& rules() { return rules_; }

  // Hands over what was accepted, shows what is kept, and flushes members; the last step of a turn.
  // True when work is left for another turn.
  bool end_turn();
  // About ten times a second: releases rooms that nobody needs, gives up on a store that stays
  // away.
  void tick();
  Room* find(std::string_view name) const;
  std::size_t size() const { return rooms_.size(); }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [name, room] : rooms_) visit(*room);
  }
  // True while accepted messages are not kept yet (for a clean stop).
  bool busy() const { return !busy_.empty() || !pending_.empty(); }
  std::uint64_t pages_read() const { return pages_read_; }
  // What was counted in rooms that are released by now.
  const RoomCounters& released() const { return released_; }

  // LogListener
  void on_opened(RoomKey room, const RoomLife& life) override;
  void on_open_failed(RoomKey room, LogError error) override;
  void on_kept(RoomKey room, MessageId first, std::string_view block) override;
  void on_settled(RoomKey room, std::uint64_t tag, const Settlement& settlement) override;
  void on_page(RoomKey room, std::uint64_t request, const Page& page) override;
  void on_claimed(RoomKey room, std::uint64_t request, const Claim& claim) override;
  void on_trimmed(RoomKey room, MessageId first) override;
  void on_new_epoch(RoomKey room, const RoomLife& life) override;
  void on_leased(ClientId first, std::uint64_t count) override;

  // The frames of members that negotiated compression; null where that is off.
  void set_compressor(Compressor* compressor) { compressor_ = compressor; }

 private:
  friend class Room;

  struct NameHash {
    using is_transparent = void;
    const std::function<std::size_t(std::string_view)>* hash;
    std::size_t operator()(std::string_view name) const { return (*hash)(name); }
  };

  Room* by_key(RoomKey key) const;
  Room* open(std::string_view name);
  void release(Room& room);
  void advance_joins(Room& room);
  // True when the join is over, one way or the other.
  bool advance_join(Room& room, PendingJoin& join);
  void finish_join(Room& room, PendingJoin& join, std::optional<ClientId> resumed, Ref last_ref,
                   Ref awaited_ref);
  bool may_resume(const Room& room, const PendingJoin& join, Ref& last_ref, Ref& awaited_ref) const;
  bool resume_is_settled(const Room& room, ClientId client) const;
  void forget_claim(const PendingJoin& join);
  void fail_joins(Room& room, JoinError error);

  void list_pending(Room& room);
  void list_dirty(Room& room);
  void list_busy(Room& room);
  void unlist_busy(Room& room);
  bool flush_dirty();
  void submit_pending();
  std::unique_ptr<Batch> take_batch();
  void give_batch(std::unique_ptr<Batch> batch);
  void queue_page(Member& member);
  void start_pages();
  void forget_page(Member& member);
  void check_store(Room& room);
  void release_idle();
  void note_if_empty(Room& room);
  bool may_enter(const Room& room, PendingJoin& join, bool resumes);
  void end_visits(Room& room, std::optional<LogError> error);
  void end_publish(const Room& room, std::uint64_t ticket, std::optional<MessageId> id,
                   LogError error);
  void end_publishes(const Room& room, const Batch& batch, const Settlement& settlement);
  bool take_history(std::uint64_t request, const Room* room, const Page& page);
  void note_settled(const Batch& batch, bool kept);
  std::int64_t stopwatch_us() const;
  void record_kept();
  void record_delivered();
  void check_joins();

  RoomOptions options_;
  MessageLog& log_;
  RoomTotals& totals_;
  std::function<std::uint64_t()> random_;
  std::function<std::size_t(std::string_view)> hash_;
  Compressor* compressor_ = nullptr;
  std::int64_t now_ms_ = 0;
  std::int64_t wall_ms_ = 0;

  std::unordered_map<std::string, std::unique_ptr<Room>, NameHash, std::equal_to<>> rooms_;
  std::unordered_map<RoomKey, Room*> by_key_;
  std::uint64_t next_key_ = 1;
  std::vector<Room*> pending_;  // gathered messages wait for the end of the turn
  std::vector<Room*> dirty_;    // something new to flush
  std::vector<Room*> dirty_now_;
  std::vector<Room*> busy_;                            // batches under way
  std::vector<std::unique_ptr<Batch>> batches_;        // spare
  std::deque<std::pair<std::int64_t, RoomKey>> idle_;  // since when a room has been empty

  ClientId next_client_{0};
  std::uint64_t clients_left_ = 0;
  std::vector<RoomKey> waiting_for_clients_;
  std::vector<RoomKey> joining_;  // rooms where joins wait

  std::uint64_t next_request_ = 1;
  struct PageRequest {
    RoomKey room;
    Member* member;
  };
  std::unordered_map<std::uint64_t, PageRequest> pages_;  // under way
  std::deque<Member*> page_queue_;
  std::unordered_map<std::uint64_t, PendingJoin*> claims_;
  std::uint64_t pages_read_ = 0;
  RoomCounters released_;

  RoomRules rules_;
  std::unordered_map<std::uint64_t, PublishDone> publishes_;  // of operators, under way
  std::unordered_map<std::uint64_t, HistoryDone> histories_;

  const Clock* stopwatch_ = nullptr;
  std::int64_t turn_us_ = 0;    // when this turn began
  std::int64_t submit_us_ = 0;  // about now, as far as the clock was read
  struct Settled {
    std::int64_t gathered_us;
    std::int64_t submitted_us;
    std::uint64_t messages;
    std::uint64_t batches;
  };
  std::vector<Settled> settled_;  // in this turn
  Latencies latencies_;
};

}  // namespace gavel::room
