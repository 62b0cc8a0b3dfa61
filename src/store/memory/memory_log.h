// One shard's log in memory. Blocks lie behind each other in chunks; whole chunks go when the
// retention is exceeded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "room/message_log.h"
#include "store/memory/memory_store.h"

namespace gavel::store {

class MemoryLog final : public room::MessageLog {
 public:
  MemoryLog(MemoryStore& store, std::uint64_t seed);
  void set_listener(room::LogListener* listener) override { listener_ = listener; }
  void open(RoomKey room, std::string_view name) override;
  void append(RoomKey room, std::uint64_t tag, std::string_view block) override;
  void read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) override;
  void claim(RoomKey room, std::uint64_t request, ClientId client) override;
  void trim(RoomKey room, MessageId up_to) override;
  void close(RoomKey room) override;
  void lease_client_ids() override { lease_wanted_ = true; }
  void commit() override;

 private:
  // Records: u64 id of the block's first message, u32 bytes of the block, the block.
  struct Chunk {
    std::unique_ptr<char[]> data;
    std::size_t used = 0;
    std::size_t capacity = 0;
    MessageId first;
    std::int64_t newest_ms = 0;
  };
  struct RoomLog {
    std::uint64_t name_hash = 0;
    room::RoomLife life;
    std::vector<Chunk> chunks;
    Chunk spare;
    std::size_t bytes = 0;
  };
  struct Append {
    RoomKey room;
    std::uint64_t tag;
    MessageId first;
    std::string_view block;
  };
  struct Read {
    RoomKey room;
    std::uint64_t request;
    MessageId after;
    std::size_t bytes_max;
  };
  struct Claimed {
    RoomKey room;
    std::uint64_t request;
  };

  Epoch new_epoch();
  std::int64_t wall_ms() const;
  void keep(RoomLog& log, MessageId first, std::string_view block);
  void retain(RoomKey key, RoomLog& log);
  void drop_oldest(RoomLog& log);
  void answer(const Read& read);
  bool answer_cold();

  MemoryStore& store_;
  room::LogListener* listener_ = nullptr;
  std::mt19937_64 random_;
  std::unordered_map<RoomKey, RoomLog> rooms_;
  // Rooms that lived before in this process (a hash of the name): a later life of one is not its
  // first.
  std::unordered_set<std::uint64_t> earlier_;
  Epoch last_epoch_;
  bool lease_wanted_ = false;
  std::vector<RoomKey> opened_;
  std::vector<Append> appends_;
  std::vector<Append> appends_now_;
  std::vector<Read> reads_;
  std::vector<Claimed> claims_;
  std::vector<RoomKey> trimmed_;
  std::vector<RoomKey> trimmed_now_;
  std::vector<room::PageBlock> page_;
};

}  // namespace gavel::store
