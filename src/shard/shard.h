// A shard: one thread with its event loop, its rooms, and the log that keeps them. Which room lives
// on which shard is decided by a keyed hash of its name (shard_of), the same on all shards of a
// process. Owned by the server (app/). Everything but post(), start(), stop() and join() is for the
// shard's own thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/random.h"
#include "room/message_log.h"
#include "room/rooms.h"
#include "shard/event_loop.h"

namespace gavel::shard {

// The side that has the sockets (net/gateway) takes part in each turn.
class TurnHooks {
 public:
  virtual ~TurnHooks() = default;
  // The time of the turn is known, nothing has been handled yet. Runs behind the socket events of
  // the turn.
  virtual bool before_rooms() = 0;
  // Messages are shown and members flushed: private frames, closes, the dead. True when work is
  // left.
  virtual bool after_rooms() = 0;
  // About every 100 ms.
  virtual void on_tick() = 0;
  // On the shard's thread, before the first turn and after the last.
  virtual void on_start() = 0;
  virtual void on_stop() = 0;
};

struct ShardOptions {
  unsigned index = 0;
  room::RoomOptions rooms;
  int busy_poll_us = 0;
};

class Shard {
 public:
  static constexpr int kTickMs = 100;

  // `clock` and `random` are the shard's own from here on; in the simulation they are driven by a
  // seed.
  Shard(const ShardOptions& options, room::RoomTotals& totals,
        std::function<std::size_t(std::string_view)> hash, const Clock& clock,
        std::uint64_t random_seed);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  // Before start().
  void set_log(std::unique_ptr<room::MessageLog> log);
  void set_hooks(TurnHooks* hooks) { hooks_ = hooks; }
  void start();
  // Ends the loop after the turn under way; join() waits for the thread.
  void stop() { loop_.stop(); }
  void join();

  unsigned index() const { return options_.index; }
  EventLoop& loop() { return loop_; }
  room::Rooms& rooms() { return *rooms_; }
  // Any thread.
  void post(std::function<void()> work) { loop_.post(std::move(work)); }

  std::int64_t now_ms() const { return now_ms_; }
  std::int64_t wall_ms() const { return wall_ms_; }
  // One turn, piece by piece: the loop (or the simulation) calls begin_turn(), hands out events,
  // then calls end_turn(), which returns true when work is left for another turn at once.
  void begin_turn();
  bool end_turn();
  // For block tags and jitter: unique is enough.
  std::uint64_t random() { return random_.next_u64(); }

  struct TurnTimes {
    std::uint64_t turns = 0;
    LatencyHistogram busy;  // working, not waiting for events
  };
  const TurnTimes& turn_times() const { return turn_times_; }

 private:
  void run();

  const ShardOptions options_;
  EventLoop loop_;
  std::function<std::size_t(std::string_view)> hash_;
  room::RoomTotals& totals_;
  std::unique_ptr<room::MessageLog> log_;
  std::unique_ptr<room::Rooms> rooms_;
  TurnHooks* hooks_ = nullptr;
  std::thread thread_;
  std::int64_t now_ms_ = 0;
  std::int64_t wall_ms_ = 0;
  std::int64_t turn_start_us_ = 0;
  std::int64_t next_tick_ms_ = 0;
  const Clock& clock_;
  SeededRandom random_;
  TurnTimes turn_times_;
};

// The shard that a room lives on. `hash` is the process's keyed hash, so that nobody can aim all
// rooms at one core.
inline unsigned shard_of(std::size_t hash, unsigned shards) {
  // The high bits: the low ones place the room in its shard's table.
  return static_cast<unsigned>((static_cast<std::uint64_t>(hash) >> 32) % shards);
}

}  // namespace gavel::shard
