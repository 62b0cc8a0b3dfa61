// Where things lie in Redis. A room's keys bear a hash of its name in braces (the slot's tag), so
// that clients choose no slot, no key and no channel. The grammar stands in docs/redis.md. Any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gavel::store::redis {

struct RoomKeys {
  std::string log;  // also the room's channel
  std::string meta;
  std::string players;
  std::string older_players;
  std::uint16_t slot = 0;
};

RoomKeys room_keys(std::string_view name);
// The cluster's slot of a key.
std::uint16_t slot_of(std::string_view key);

inline constexpr std::string_view kClientsKey =
    "gavel:clients";  // the counter that client ids are leased from
inline constexpr std::string_view kSigningKey = "gavel:signing-key";
inline constexpr std::size_t kSlots = 16384;

}  // namespace gavel::store::redis
