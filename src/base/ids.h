// The identifiers that a room's life is made of, each a type of its own so that they can't be mixed
// up. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace gavel {

template <class Tag>
struct StrongId {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

// A message's place in its room: consecutive from 1 within one epoch. 0 means "none yet".
struct MessageIdTag {};
using MessageId = StrongId<MessageIdTag>;
constexpr MessageId operator+(MessageId id, std::uint64_t n) { return MessageId{id.value + n}; }
constexpr std::uint64_t operator-(MessageId a, MessageId b) { return a.value - b.value; }

// A player's number: unique on the server (with Redis: among all servers). 0 is the server itself.
struct ClientIdTag {};
using ClientId = StrongId<ClientIdTag>;

// One life of a room. Another epoch means that the ids of the earlier one say nothing any more
// (promise P6).
struct EpochTag {};
using Epoch = StrongId<EpochTag>;

// The sender's own number for a message, rising; 0 means that it gave none (promise P5).
struct RefTag {};
using Ref = StrongId<RefTag>;

// A room that is open on a shard: a slot in the shard's table, with a count that makes a stale key
// harmless.
struct RoomKeyTag {};
using RoomKey = StrongId<RoomKeyTag>;

}  // namespace gavel

template <class Tag>
struct std::hash<gavel::StrongId<Tag>> {
  std::size_t operator()(gavel::StrongId<Tag> id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};
