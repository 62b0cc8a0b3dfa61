// The bytes that a room's members read: finished WebSocket frames, one behind the other, in a few
// chunks of memory. A position in it (a Cursor) is all that a member needs; the oldest chunks go
// when the log grows over its bound. Belongs to one room; that shard's thread only.
//
// 1. Offsets count the bytes of the room's life in this process and never fall; begin() <= offset
// <= end().
// 2. A frame lies in one chunk whole, so that a reader can step from frame to frame.
// 3. The frame of message `id` is followed by that of `id + 1`.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace gavel::room {

// A place in the log. `frame` is where the frame that `offset` lies in begins, `next` that frame's
// message.
struct Cursor {
  std::uint64_t offset = 0;
  std::uint64_t frame = 0;
  MessageId next{1};
  bool mid_frame() const { return offset != frame; }
};

// The size of the server frame (header and payload) that begins at `frame`.
std::size_t frame_bytes(const char* frame);

class Backlog {
 public:
  // `chunk_bytes_max`: what a chunk grows to; small rooms begin with far less.
  explicit Backlog(std::size_t chunk_bytes_max = 64 * 1024) : chunk_bytes_max_(chunk_bytes_max) {}

  // Room for one frame of `size` bytes for message `id`; the caller fills it before the next call.
  char* append(MessageId id, std::size_t size);
  // Starts over (another epoch, or frames that were not made): empty, the next frame is `next`.
  void reset(MessageId next);
  // Gives up the oldest chunks until at most `bytes_max` bytes stay (the newest chunk stays in any
  // case). Returns true when something went; readers whose cursor lies before begin() must be moved
  // first: see oldest_end().
  bool over(std::size_t bytes_max) const {
    return chunks_.size() > 1 && end_ - chunks_[1].begin >= bytes_max;
  }
  // Where the oldest chunk ends: drop_oldest() makes this the new begin().
  std::uint64_t oldest_end() const { return chunks_.size() > 1 ? chunks_[1].begin : end_; }
  void drop_oldest();
  // Gives back the spare memory.
  void shrink() { spare_ = Chunk{}; }

  std::uint64_t begin() const { return chunks_.empty() ? end_ : chunks_.front().begin; }
  std::uint64_t end() const { return end_; }
  MessageId first() const { return chunks_.empty() ? next_ : chunks_.front().first; }
  MessageId next() const { return next_; }
  std::size_t memory_bytes() const { return memory_bytes_ + spare_.capacity; }

  Cursor end_cursor() const { return {end_, end_, next_}; }
  // The cursor before message `id`; first() <= id <= next().
  Cursor find(MessageId id) const;
  // What lies behind `offset`, as at most `max` pieces; returns how many.
  int spans(std::uint64_t offset, iovec* out, int max) const;
  // Moves a cursor on by `bytes` that were sent.
  void advance(Cursor& cursor, std::size_t bytes) const;
  // The bytes that are missing to the end of the frame that the cursor lies in; 0 at a frame's
  // beginning.
  std::string_view frame_rest(const Cursor& cursor) const;

 private:
  struct Chunk {
    std::unique_ptr<char[]> data;
    std::size_t used = 0;
    std::size_t capacity = 0;
    std::uint64_t begin = 0;
    MessageId first{0};
  };
  void new_chunk(MessageId id, std::size_t size);
  std::size_t chunk_at(std::uint64_t offset) const;

  std::size_t chunk_bytes_max_;
  std::vector<Chunk> chunks_;  // few: moving them beats the allocations of a deque
  Chunk spare_;
  std::uint64_t end_ = 0;
  MessageId next_{1};
  std::size_t memory_bytes_ = 0;
};

}  // namespace gavel::room
