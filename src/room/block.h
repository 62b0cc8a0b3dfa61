// A block: 1 to 256 unstamped messages of one room, the unit in which a room's log is kept,
// whatever keeps it. The room builds one a loop turn; the log gives it the id of its first message;
// room/stamp turns it into frames. Bytes (little-endian; the grammar with a worked example is in
// docs/storage.md):
//
//   u8 version = 1 | u8 flags = 0 | u16 count | u32 crc32c of all that follows, 0 = not computed
//   (in memory) i64 ts_ms of the first message | u64 tag count × ( varint client_id | varint ref, 0
//   = none | zigzag varint ts_ms - the block's | varint size | body )
//
// The body is the sender's JSON object behind its "{", reserved fields removed. The tag is random
// and tells a block that is sent again from another one (promises P5, P6). Any thread; a builder
// belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace gavel::room {

inline constexpr std::uint8_t kBlockVersion = 1;
inline constexpr std::size_t kBlockHeaderBytes = 24;
inline constexpr std::size_t kBlockMessagesMax = 256;

// One unstamped message. `body` borrows from where it was read.
struct Entry {
  ClientId client;
  Ref ref;
  std::int64_t ts_ms = 0;
  std::string_view body;
};

class BlockBuilder {
 public:
  // Starts the next block; keeps the memory of the last one, so that the steady state allocates
  // nothing.
  void start(std::uint64_t tag);
  void add(const Entry& entry);
  std::size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return bytes_.size(); }
  std::uint64_t tag() const { return tag_; }
  // The finished bytes; valid until start() or add(). The crc field is 0: a store that writes them
  // out seals a copy.
  std::string_view view();

 private:
  std::string bytes_;
  std::size_t count_ = 0;
  std::int64_t ts_base_ms_ = 0;
  std::uint64_t tag_ = 0;
};

enum class BlockError : std::uint8_t { too_short, wrong_version, wrong_count, wrong_crc };

// What stands in a block's header.
struct BlockHeader {
  std::size_t count = 0;
  std::uint32_t crc = 0;
  std::int64_t ts_ms = 0;
  std::uint64_t tag = 0;
};

// Reads a block that may come from a disk or a network: never past its end, whatever stands in it.
class BlockReader {
 public:
  // `ok()` is false when the header is wrong; `error()` then says how. Does not look at the crc:
  // verify_block() does.
  explicit BlockReader(std::string_view block);
  bool ok() const { return ok_; }
  BlockError error() const { return error_; }
  const BlockHeader& header() const { return header_; }
  // The next message, in order; false at the end or where the bytes are wrong (then ok() is false,
  // too).
  bool next(Entry& entry);

 private:
  bool fail(BlockError error);

  std::string_view rest_;
  BlockHeader header_;
  std::size_t left_ = 0;
  bool ok_ = true;
  BlockError error_ = BlockError::too_short;
};

// Puts the crc32c of the bytes behind the crc field into it. `block` must be a whole block.
void seal_block(char* block, std::size_t size);
// True when the block can be read to its end, its count is right and its crc (unless 0) fits.
bool verify_block(std::string_view block);

}  // namespace gavel::room
