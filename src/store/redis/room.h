// A room as the I/O thread knows it: what was shown of it here, what is under way, and what could
// be put back. The engine's data; the rules are in engine_*.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "room/message_log.h"
#include "store/redis/keys.h"
#include "store/redis/traffic.h"

namespace gavel::store::redis {

class Node;

// One append() that is not settled yet.
struct Part {
  std::uint64_t tag = 0;
  std::string_view block;
  std::uint32_t count = 0;
};

// What a block says of one player's refs.
struct Player {
  std::uint64_t client = 0;
  std::uint64_t lowest = 0;
  std::uint64_t highest = 0;
  std::uint64_t generation = 0;
};

// One or more parts on their way to Redis as one block.
struct Batch {
  std::vector<Part> parts;
  std::shared_ptr<const std::string> block;  // null when nothing of it was new
  std::uint64_t tag = 0;
  std::uint32_t count = 0;           // messages in the block
  std::vector<std::uint16_t> drops;  // by index over all parts: known refs, left out of the block
  std::vector<Player> players;
  MessageId first;  // once it is kept
};

// A block that was shown here a short while ago.
struct Recent {
  MessageId first;
  std::uint32_t count = 0;
  std::int64_t shown_ms = 0;
  std::shared_ptr<const std::string> block;
};

struct Request {
  Op op;
  std::int64_t asked_ms = 0;
};

struct Room {
  std::uint64_t serial = 0;
  ShardLink* link = nullptr;
  RoomKey key;
  std::string name;
  RoomKeys keys;
  Node* node = nullptr;

  // How far it is: each step needs the one before it, and a lost connection starts again at the
  // first.
  bool subscribed = false;
  bool opened = false;   // its life is known; stays true
  bool checked = false;  // Redis still has what was shown, and the tail is known
  bool control = false;  // an open, check or repair is under way
  std::uint32_t subscriptions_awaited = 0;
  std::uint32_t attempt =
      0;  // rises when it starts again: answers to an earlier one are for nobody
  std::int64_t not_before_ms = 0;  // the next step waits so long
  std::string gives_up;            // the epoch that can't be gone on with
  std::string trouble;             // why it does not get on

  room::RoomLife life;  // last: what was shown
  // The block that was shown last, to be compared with what Redis has there; 0 = none.
  MessageId shown_first;
  std::uint64_t shown_tag = 0;

  std::deque<Part> pending;
  std::unique_ptr<Batch> batch;  // the one under way
  bool append_sent = false;
  bool unclear = false;  // the batch was sent, and whether it is kept is not known
  std::deque<std::unique_ptr<Batch>> unsettled;  // kept, but not shown yet
  std::uint32_t epoch_round = 0;
  std::uint32_t refusal_round = 0;

  MessageId
      behind;  // a message with this id exists; when it is more than was shown, the hole is read
  std::int64_t behind_ms = 0;
  bool filling = false;
  std::deque<Recent> recent;
  std::size_t recent_bytes = 0;
  std::unordered_map<std::uint64_t, std::uint64_t>
      generations;  // of clients that were claimed here

  std::vector<Request> waiting;
  std::uint64_t unretained_messages = 0;
  std::uint64_t unretained_bytes = 0;
  bool retaining = false;
  std::int64_t next_retain_ms = 0;
  // What had been shown when the last check was sent: its answer is about that.
  struct Shown {
    MessageId last;
    MessageId first;
  };
  Shown checked_at;
  std::int64_t next_check_ms = 0;
  bool listed_behind = false;
};

}  // namespace gavel::store::redis
