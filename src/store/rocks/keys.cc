#include "store/rocks/keys.h"

namespace gavel::store::rocks {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint8_t kFirstEpochFlag = 1;
constexpr std::size_t kRecordHeadBytes = 34;

void write_be(char* out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) *out++ = static_cast<char>(value >> shift);
}

std::uint64_t read_be(const char* in) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(in[i]);
  return value;
}

void append_be(std::string& out, std::uint64_t value) {
  char bytes[8];
  write_be(bytes, value);
  out.append(bytes, sizeof bytes);
}

}  // namespace

BlockKey block_key(const Place& place, MessageId first) {
  BlockKey key;
  write_be(key.data(), place.room.value);
  write_be(key.data() + 8, place.epoch.value);
  write_be(key.data() + 16, first.value);
  return key;
}

std::optional<BlockName> parse_block_key(std::string_view key) {
  if (key.size() != sizeof(BlockKey)) return std::nullopt;
  return BlockName{{RoomNumber{read_be(key.data())}, Epoch{read_be(key.data() + 8)}},
                   MessageId{read_be(key.data() + 16)}};
}

std::uint64_t bytes_before(std::string_view value) {
  if (value.size() < kBytesBeforeSize) return 0;
  return read_be(value.data() + value.size() - kBytesBeforeSize);
}

std::string_view block_of(std::string_view value) {
  if (value.size() < kBytesBeforeSize) return {};
  return value.substr(0, value.size() - kBytesBeforeSize);
}

std::string name_key(std::string_view name) { return "n" + std::string(name); }

std::string room_key(RoomNumber room) {
  std::string key(kRoomKeys);
  append_be(key, room.value);
  return key;
}

std::optional<RoomNumber> parse_room_key(std::string_view key) {
  if (key.size() != 9 || key.substr(0, 1) != kRoomKeys) return std::nullopt;
  return RoomNumber{read_be(key.data() + 1)};
}

std::string ref_key(const Place& place, ClientId client) {
  std::string key = "f";
  append_be(key, place.room.value);
  append_be(key, place.epoch.value);
  append_be(key, client.value);
  return key;
}

std::string encode_u64(std::uint64_t value) {
  std::string bytes;
  append_be(bytes, value);
  return bytes;
}

std::optional<std::uint64_t> decode_u64(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return read_be(bytes.data());
}

std::string encode_room(const RoomRecord& record) {
  std::string bytes;
  bytes.reserve(kRecordHeadBytes + record.name.size());
  bytes.push_back(static_cast<char>(kRecordVersion));
  bytes.push_back(static_cast<char>(record.first_epoch ? kFirstEpochFlag : 0));
  append_be(bytes, record.epoch.value);
  append_be(bytes, record.generation);
  append_be(bytes, record.floor.value);
  append_be(bytes, record.refs_at.value);
  bytes.append(record.name);
  return bytes;
}

std::optional<RoomRecord> decode_room(std::string_view bytes) {
  if (bytes.size() < kRecordHeadBytes || bytes[0] != static_cast<char>(kRecordVersion)) {
    return std::nullopt;
  }
  RoomRecord record;
  record.first_epoch = (bytes[1] & kFirstEpochFlag) != 0;
  record.epoch = Epoch{read_be(bytes.data() + 2)};
  record.generation = read_be(bytes.data() + 10);
  record.floor = MessageId{read_be(bytes.data() + 18)};
  record.refs_at = MessageId{read_be(bytes.data() + 26)};
  record.name = bytes.substr(kRecordHeadBytes);
  if (!record.epoch || !record.floor) return std::nullopt;
  return record;
}

}  // namespace gavel::store::rocks
