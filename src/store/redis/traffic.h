// What passes between a shard's log and the store's I/O thread: values, and blocks that are not
// changed any more.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "room/message_log.h"
#include "store/store.h"

namespace gavel::store::redis {

// What a shard asks.
struct Op {
  enum class Kind : std::uint8_t { open, append, read, claim, trim, close, lease };
  Kind kind = Kind::open;
  RoomKey room;
  std::uint64_t id = 0;  // append: tag; read and claim: request
  MessageId at;          // read: behind which; trim: up to which
  std::size_t bytes = 0;
  ClientId client;
  std::string name;        // open
  std::string_view block;  // append: valid until it is settled
  // How many new epochs and refusals the shard had been told of. An append from before one is void:
  // its bytes may be gone (new epoch), or it is refused as well (promise P2).
  std::uint32_t epoch_round = 0;
  std::uint32_t refusal_round = 0;
};

// What it is answered.
struct Event {
  enum class Kind : std::uint8_t {
    opened,
    open_failed,
    kept,
    settled,
    page,
    claimed,
    trimmed,
    new_epoch,
    leased
  };
  Kind kind = Kind::opened;
  RoomKey room;
  std::uint64_t id = 0;
  bool ok = true;
  bool begins_round =
      false;  // settled as refused: appends that the shard made before it sees this are refused too
  room::LogError error = room::LogError::unavailable;
  MessageId first;
  std::uint64_t count = 0;
  room::RoomLife life;
  room::Claim claim;
  std::shared_ptr<const std::string> block;
  std::vector<std::uint16_t> duplicates;
  std::vector<std::pair<MessageId, std::string>> pieces;
};

struct Room;

// One shard as the I/O thread sees it. Each part belongs to the thread that it names.
struct ShardLink : std::enable_shared_from_this<ShardLink> {
  explicit ShardLink(Post p) : post(std::move(p)) {}
  const Post post;

  // The shard's thread.
  room::LogListener* listener = nullptr;
  struct Rounds {
    std::uint32_t epoch = 0;
    std::uint32_t refusal = 0;
  };
  std::unordered_map<RoomKey, Rounds> rounds;

  // The I/O thread.
  std::unordered_map<RoomKey, Room*> rooms;
  std::vector<Event> events;
  bool listed = false;  // has events that are to be posted
  bool lease_wanted = false;
  bool lease_under_way = false;
};

// On the shard's thread: tells the listener, unless the log is gone. (redis_log.cc)
void tell(ShardLink& link, const std::vector<Event>& events);

}  // namespace gavel::store::redis
