#include "store/memory/memory_store.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include "room/block.h"
#include "store/memory/memory_log.h"

namespace gavel::store {
namespace {

constexpr std::size_t kFirstChunkBytes = 1024;
constexpr std::size_t kChunkBytesMax = 128 * 1024;
constexpr std::size_t kRecordHeadBytes = 12;
constexpr std::uint64_t kLeaseCount = 1000;

std::uint64_t system_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

struct Record {
  MessageId first;
  std::string_view block;
};

Record record_at(const char* at) {
  std::uint64_t first = 0;
  std::uint32_t size = 0;
  std::memcpy(&first, at, sizeof first);
  std::memcpy(&size, at + sizeof first, sizeof size);
  return {MessageId{first}, {at + kRecordHeadBytes, size}};
}

}  // namespace

MemoryStore::MemoryStore(const MemoryOptions& options) : options_(options) {
  std::mt19937_64 random(options.seed != 0 ? options.seed : system_seed());
  for (auto& byte : key_) byte = static_cast<unsigned char>(random());
}

std::unique_ptr<room::MessageLog> MemoryStore::make_log(unsigned shard, Post) {
  return std::make_unique<MemoryLog>(*this,
                                     (options_.seed != 0 ? options_.seed : system_seed()) + shard);
}

MemoryLog::MemoryLog(MemoryStore& store, std::uint64_t seed) : store_(store), random_(seed) {}

std::int64_t MemoryLog::wall_ms() const {
  if (store_.options_.wall_ms != nullptr) return store_.options_.wall_ms();
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// The time with random low bits, so that a process that forgot everything can't give an old epoch
// again.
Epoch MemoryLog::new_epoch() {
  const auto now = static_cast<std::uint64_t>(wall_ms());
  const Epoch epoch{std::max(now << 8 | (random_() & 0xff), last_epoch_.value + 1)};
  last_epoch_ = epoch;
  return epoch;
}

void MemoryLog::open(RoomKey key, std::string_view name) {
  RoomLog& log = rooms_[key];
  log.name_hash = std::hash<std::string_view>{}(name);
  log.life.epoch = new_epoch();
  log.life.first_epoch = !earlier_.contains(log.name_hash);
  opened_.push_back(key);
}

void MemoryLog::close(RoomKey key) {
  const auto it = rooms_.find(key);
  if (it == rooms_.end()) return;
  constexpr std::size_t kEarlierMax = 1'000'000;
  if (it->second.life.last && earlier_.size() < kEarlierMax) earlier_.insert(it->second.name_hash);
  rooms_.erase(it);
}

void MemoryLog::append(RoomKey key, std::uint64_t tag, std::string_view block) {
  RoomLog& log = rooms_.at(key);
  const MessageId first = log.life.last + 1;
  keep(log, first, block);
  appends_.push_back({key, tag, first, block});
}

void MemoryLog::keep(RoomLog& log, MessageId first, std::string_view block) {
  const room::BlockReader reader(block);
  log.life.last = log.life.last + reader.header().count;
  const std::size_t size = kRecordHeadBytes + block.size();
  if (log.chunks.empty() || log.chunks.back().capacity - log.chunks.back().used < size) {
    const std::size_t wanted = log.chunks.empty()
                                   ? kFirstChunkBytes
                                   : std::min(log.chunks.back().capacity * 2, kChunkBytesMax);
    Chunk chunk;
    if (log.spare.capacity >= std::max(wanted, size)) {
      chunk = std::exchange(log.spare, Chunk{});
    } else {
      chunk.capacity = std::max(wanted, size);
      chunk.data = std::make_unique_for_overwrite<char[]>(chunk.capacity);
    }
    chunk.used = 0;
    chunk.first = first;
    log.chunks.push_back(std::move(chunk));
  }
  Chunk& chunk = log.chunks.back();
  char* out = chunk.data.get() + chunk.used;
  const auto block_bytes = static_cast<std::uint32_t>(block.size());
  std::memcpy(out, &first.value, sizeof first.value);
  std::memcpy(out + sizeof first.value, &block_bytes, sizeof block_bytes);
  std::memcpy(out + kRecordHeadBytes, block.data(), block.size());
  chunk.used += size;
  chunk.newest_ms = reader.header().ts_ms;
  log.bytes += size;
}

void MemoryLog::drop_oldest(RoomLog& log) {
  Chunk oldest = std::move(log.chunks.front());
  log.chunks.erase(log.chunks.begin());
  log.bytes -= oldest.used;
  log.life.first = log.chunks.empty() ? log.life.last + 1 : log.chunks.front().first;
  if (oldest.capacity == kChunkBytesMax) log.spare = std::move(oldest);
}

void MemoryLog::retain(RoomKey key, RoomLog& log) {
  const Retention& keep = store_.options_.retention;
  const MessageId before = log.life.first;
  while (log.chunks.size() > 1) {
    const Chunk& oldest = log.chunks.front();
    const bool bytes = keep.bytes != 0 && log.bytes - oldest.used >= keep.bytes;
    const bool messages =
        keep.messages != 0 && log.life.last + 1 - log.chunks[1].first >= keep.messages;
    const bool age = keep.age_ms != 0 && wall_ms() - oldest.newest_ms > keep.age_ms;
    if (!bytes && !messages && !age) break;
    drop_oldest(log);
  }
  if (log.life.first != before) trimmed_.push_back(key);
}

void MemoryLog::read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) {
  reads_.push_back({room, request, after, bytes_max});
}

void MemoryLog::claim(RoomKey room, std::uint64_t request, ClientId) {
  // The room itself remembers refs for as long as this store remembers the room.
  claims_.push_back({room, request});
}

void MemoryLog::trim(RoomKey key, MessageId up_to) {
  RoomLog& log = rooms_.at(key);
  const MessageId before = log.life.first;
  while (log.chunks.size() > 1 && log.chunks[1].first <= up_to + 1) drop_oldest(log);
  if (log.chunks.size() == 1 && log.life.last <= up_to) drop_oldest(log);
  if (log.life.first != before) trimmed_.push_back(key);
}

void MemoryLog::answer(const Read& read) {
  const auto it = rooms_.find(read.room);
  if (it == rooms_.end()) return;
  const RoomLog& log = it->second;
  page_.clear();
  std::size_t bytes = 0;
  std::size_t i = log.chunks.size();
  while (i > 1 && log.chunks[i - 1].first > read.after + 1) --i;
  for (i = i == 0 ? 0 : i - 1; i < log.chunks.size() && bytes < read.bytes_max; ++i) {
    const Chunk& chunk = log.chunks[i];
    for (std::size_t at = 0; at < chunk.used && bytes < read.bytes_max;) {
      const Record record = record_at(chunk.data.get() + at);
      at += kRecordHeadBytes + record.block.size();
      const room::BlockReader reader(record.block);
      if (record.first + reader.header().count <= read.after + 1) continue;
      page_.push_back({record.first, record.block});
      bytes += record.block.size();
    }
  }
  room::Page page;
  page.blocks = page_;
  page.first_retained = log.life.first;
  listener_->on_page(read.room, read.request, page);
}

// Everything but appends; true while there was something.
bool MemoryLog::answer_cold() {
  if (!lease_wanted_ && opened_.empty() && claims_.empty() && reads_.empty() && trimmed_.empty()) {
    return false;
  }
  if (std::exchange(lease_wanted_, false)) {
    listener_->on_leased(store_.lease(kLeaseCount), kLeaseCount);
  }
  for (const RoomKey key : std::exchange(opened_, {})) {
    if (const auto it = rooms_.find(key); it != rooms_.end()) {
      listener_->on_opened(key, it->second.life);
    }
  }
  for (const Claimed& claim : std::exchange(claims_, {})) {
    listener_->on_claimed(claim.room, claim.request, room::Claim{});
  }
  std::swap(trimmed_, trimmed_now_);
  for (const RoomKey key : trimmed_now_) {
    if (const auto it = rooms_.find(key); it != rooms_.end()) {
      listener_->on_trimmed(key, it->second.life.first);
    }
  }
  trimmed_now_.clear();
  for (const Read& read : std::exchange(reads_, {})) answer(read);
  return true;
}

void MemoryLog::commit() {
  while (true) {
    std::swap(appends_, appends_now_);
    for (const Append& append : appends_now_) {
      listener_->on_kept(append.room, append.first, append.block);
      room::Settlement settlement;
      settlement.kept = true;
      settlement.first = append.first;
      listener_->on_settled(append.room, append.tag, settlement);
      if (const auto it = rooms_.find(append.room); it != rooms_.end())
        retain(append.room, it->second);
    }
    appends_now_.clear();
    const bool cold = answer_cold();
    if (!cold && appends_.empty()) return;
  }
}

}  // namespace gavel::store
