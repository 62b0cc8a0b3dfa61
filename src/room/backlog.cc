#include "room/backlog.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace gavel::room {
namespace {
constexpr std::size_t kFirstChunkBytes = 2 * 1024;
}

std::size_t frame_bytes(const char* frame) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(frame);
  const unsigned length = bytes[1] & 0x7f;
  if (length < 126) return 2 + length;
  if (length == 126) return 4 + static_cast<std::size_t>(bytes[2] << 8 | bytes[3]);
  std::size_t size = 0;
  for (int i = 2; i < 10; ++i) size = size << 8 | bytes[i];
  return 10 + size;
}

char* Backlog::append(MessageId id, std::size_t size) {
  if (chunks_.empty() || chunks_.back().capacity - chunks_.back().used < size) new_chunk(id, size);
  Chunk& chunk = chunks_.back();
  char* place = chunk.data.get() + chunk.used;
  chunk.used += size;
  end_ += size;
  next_ = id + 1;
  return place;
}

void Backlog::new_chunk(MessageId id, std::size_t size) {
  std::size_t wanted = chunks_.empty() ? kFirstChunkBytes : chunks_.back().capacity * 2;
  wanted = std::max(std::min(wanted, chunk_bytes_max_), size);
  Chunk chunk;
  if (spare_.capacity >= wanted && spare_.capacity <= std::max(chunk_bytes_max_, size)) {
    chunk = std::exchange(spare_, Chunk{});
  } else {
    chunk.data = std::make_unique_for_overwrite<char[]>(wanted);
    chunk.capacity = wanted;
  }
  memory_bytes_ += chunk.capacity;
  chunk.used = 0;
  chunk.begin = end_;
  chunk.first = id;
  chunks_.push_back(std::move(chunk));
}

void Backlog::reset(MessageId next) {
  while (!chunks_.empty()) drop_oldest();
  next_ = next;
}

void Backlog::drop_oldest() {
  Chunk oldest = std::move(chunks_.front());
  chunks_.erase(chunks_.begin());
  memory_bytes_ -= oldest.capacity;
  if (oldest.capacity == chunk_bytes_max_) spare_ = std::move(oldest);
}

std::size_t Backlog::chunk_at(std::uint64_t offset) const {
  // Nearly every reader stands in the newest chunk.
  std::size_t i = chunks_.size() - 1;
  while (i > 0 && chunks_[i].begin > offset) --i;
  return i;
}

Cursor Backlog::find(MessageId id) const {
  if (id >= next_ || chunks_.empty()) return end_cursor();
  std::size_t i = chunks_.size() - 1;
  while (i > 0 && chunks_[i].first > id) --i;
  const Chunk& chunk = chunks_[i];
  std::size_t at = 0;
  for (MessageId here = chunk.first; here < id && at < chunk.used; here = here + 1) {
    at += frame_bytes(chunk.data.get() + at);
  }
  const std::uint64_t offset = chunk.begin + at;
  return {offset, offset, id};
}

int Backlog::spans(std::uint64_t offset, iovec* out, int max) const {
  if (offset >= end_) return 0;
  int count = 0;
  for (std::size_t i = chunk_at(offset); i < chunks_.size() && count < max; ++i) {
    const Chunk& chunk = chunks_[i];
    const auto skip = static_cast<std::size_t>(offset > chunk.begin ? offset - chunk.begin : 0);
    if (skip >= chunk.used) continue;
    out[count++] = {chunk.data.get() + skip, chunk.used - skip};
  }
  return count;
}

void Backlog::advance(Cursor& cursor, std::size_t bytes) const {
  cursor.offset += bytes;
  if (cursor.offset >= end_) {
    cursor = end_cursor();
    return;
  }
  std::size_t i = chunk_at(cursor.frame);
  while (true) {
    const Chunk& chunk = chunks_[i];
    if (cursor.frame >= chunk.begin + chunk.used) {
      ++i;
      continue;
    }
    const std::size_t size = frame_bytes(chunk.data.get() + (cursor.frame - chunk.begin));
    if (cursor.frame + size > cursor.offset) return;
    cursor.frame += size;
    cursor.next = cursor.next + 1;
  }
}

std::string_view Backlog::frame_rest(const Cursor& cursor) const {
  if (!cursor.mid_frame()) return {};
  const Chunk& chunk = chunks_[chunk_at(cursor.frame)];
  const char* frame = chunk.data.get() + (cursor.frame - chunk.begin);
  const auto done = static_cast<std::size_t>(cursor.offset - cursor.frame);
  return {frame + done, frame_bytes(frame) - done};
}

}  // namespace gavel::room
