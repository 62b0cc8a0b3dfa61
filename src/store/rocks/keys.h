// The names under which the store keeps things in RocksDB, and the records that are not blocks: the
// bytes that docs/storage.md specifies. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace gavel::store::rocks {

inline constexpr unsigned kFormatVersion = 1;

// A room's number in this directory, by allocation: a hash of the name could collide.
struct RoomNumberTag {};
using RoomNumber = StrongId<RoomNumberTag>;

// One life of one room: what the ids of its messages are relative to.
struct Place {
  RoomNumber room;
  Epoch epoch;
};

// --- column family "default": blocks ---

inline constexpr std::size_t kRoomPrefixBytes = 8;
using BlockKey = std::array<char, 24>;

BlockKey block_key(const Place& place, MessageId first);
// The place and the first id that a key names; nothing where it is no block's key.
struct BlockName {
  Place place;
  MessageId first;
};
std::optional<BlockName> parse_block_key(std::string_view key);

// Behind each block stand 8 bytes: how many bytes all earlier blocks of this life have. So the
// bytes between two blocks are known without reading what lies between them.
inline constexpr std::size_t kBytesBeforeSize = 8;
std::uint64_t bytes_before(std::string_view value);
std::string_view block_of(std::string_view value);

// --- column family "meta" ---

struct RoomRecord {
  Epoch epoch;
  std::uint64_t generation = 0;  // of the store, when this life began
  bool first_epoch = true;
  MessageId floor{1};    // what is older was trimmed
  MessageId refs_at{0};  // the ref records are complete up to this message
  std::string name;
};

std::string name_key(std::string_view name);
std::string room_key(RoomNumber room);
std::string ref_key(const Place& place, ClientId client);
inline constexpr std::string_view kRoomKeys = "r";  // the prefix of all room_key()s
inline constexpr std::string_view kFormatKey = "s:format";
inline constexpr std::string_view kClientIdsKey = "s:client_ids";  // the next client_id to lease
inline constexpr std::string_view kSigningKeyKey = "s:signing_key";
inline constexpr std::string_view kGenerationKey =
    "s:generation";  // lives of an older one are over

std::string encode_u64(std::uint64_t value);
std::optional<std::uint64_t> decode_u64(std::string_view bytes);
std::string encode_room(const RoomRecord& record);
std::optional<RoomRecord> decode_room(std::string_view bytes);
std::optional<RoomNumber> parse_room_key(std::string_view key);

}  // namespace gavel::store::rocks
