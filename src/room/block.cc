#include "room/block.h"

#include <bit>
#include <cstring>

#include "base/crc32c.h"

namespace gavel::room {
namespace {

constexpr std::size_t kCountOffset = 2;
constexpr std::size_t kCrcOffset = 4;
constexpr std::size_t kTsOffset = 8;
constexpr std::size_t kTagOffset = 16;
constexpr std::size_t kVarintBytesMax = 10;

template <class T>
void store_le(char* out, T value) {
  static_assert(std::endian::native == std::endian::little, "blocks are little-endian");
  std::memcpy(out, &value, sizeof value);
}

template <class T>
T load_le(const char* in) {
  T value;
  std::memcpy(&value, in, sizeof value);
  return value;
}

char* write_varint(char* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// Reads one varint off the front; false where it ends too early or is longer than 64 bits.
bool read_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned i = 0; i < kVarintBytesMax && i < in.size(); ++i) {
    const auto byte = static_cast<unsigned char>(in[i]);
    if (i == kVarintBytesMax - 1 && byte > 1) return false;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace

void BlockBuilder::start(std::uint64_t tag) {
  bytes_.clear();
  count_ = 0;
  tag_ = tag;
}

void BlockBuilder::add(const Entry& entry) {
  if (count_ == 0) {
    ts_base_ms_ = entry.ts_ms;
    bytes_.resize(kBlockHeaderBytes);
  }
  char head[4 * kVarintBytesMax];
  char* end = write_varint(head, entry.client.value);
  end = write_varint(end, entry.ref.value);
  end = write_varint(end, zigzag(entry.ts_ms - ts_base_ms_));
  end = write_varint(end, entry.body.size());
  bytes_.append(head, static_cast<std::size_t>(end - head));
  bytes_.append(entry.body);
  ++count_;
}

std::string_view BlockBuilder::view() {
  char* head = bytes_.data();
  head[0] = static_cast<char>(kBlockVersion);
  head[1] = 0;
  store_le(head + kCountOffset, static_cast<std::uint16_t>(count_));
  store_le(head + kCrcOffset, std::uint32_t{0});
  store_le(head + kTsOffset, ts_base_ms_);
  store_le(head + kTagOffset, tag_);
  return bytes_;
}

BlockReader::BlockReader(std::string_view block) {
  if (block.size() < kBlockHeaderBytes) {
    fail(BlockError::too_short);
    return;
  }
  const char* head = block.data();
  if (static_cast<std::uint8_t>(head[0]) != kBlockVersion || head[1] != 0) {
    fail(BlockError::wrong_version);
    return;
  }
  header_.count = load_le<std::uint16_t>(head + kCountOffset);
  header_.crc = load_le<std::uint32_t>(head + kCrcOffset);
  header_.ts_ms = load_le<std::int64_t>(head + kTsOffset);
  header_.tag = load_le<std::uint64_t>(head + kTagOffset);
  if (header_.count == 0 || header_.count > kBlockMessagesMax) {
    fail(BlockError::wrong_count);
    return;
  }
  left_ = header_.count;
  rest_ = block.substr(kBlockHeaderBytes);
}

bool BlockReader::next(Entry& entry) {
  if (!ok_) return false;
  if (left_ == 0) {
    if (!rest_.empty()) return fail(BlockError::wrong_count);
    return false;
  }
  std::uint64_t client = 0;
  std::uint64_t ref = 0;
  std::uint64_t ts = 0;
  std::uint64_t size = 0;
  if (!read_varint(rest_, client) || !read_varint(rest_, ref) || !read_varint(rest_, ts) ||
      !read_varint(rest_, size) || size > rest_.size()) {
    return fail(BlockError::too_short);
  }
  entry.client = ClientId{client};
  entry.ref = Ref{ref};
  entry.ts_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(header_.ts_ms) +
                                          static_cast<std::uint64_t>(unzigzag(ts)));
  entry.body = rest_.substr(0, size);
  rest_.remove_prefix(size);
  --left_;
  return true;
}

bool BlockReader::fail(BlockError error) {
  ok_ = false;
  error_ = error;
  return false;
}

void seal_block(char* block, std::size_t size) {
  constexpr std::size_t covered = kCrcOffset + sizeof(std::uint32_t);
  std::uint32_t crc = crc32c(std::string_view(block + covered, size - covered));
  if (crc == 0) crc = 1;  // 0 says "not computed"
  store_le(block + kCrcOffset, crc);
}

bool verify_block(std::string_view block) {
  BlockReader reader(block);
  if (reader.ok() && reader.header().crc != 0) {
    constexpr std::size_t covered = kCrcOffset + sizeof(std::uint32_t);
    std::uint32_t crc = crc32c(block.substr(covered));
    if (crc == 0) crc = 1;
    if (crc != reader.header().crc) return false;
  }
  Entry entry;
  while (reader.next(entry)) {
  }
  return reader.ok();
}

}  // namespace gavel::room
