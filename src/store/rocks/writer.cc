#include "store/rocks/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "room/block.h"
#include "store/rocks/inbox.h"

namespace gavel::store::rocks {
namespace {

constexpr std::uint64_t kLeaseCount = 1000;
// Refs are written when so many clients or bytes came since the last time: a claim reads the blocks
// behind it.
constexpr std::size_t kRefsClientsMax = 64;
constexpr std::uint64_t kRefsBytesMax = 256 * 1024;
// Retention lets a room grow by an eighth more before it cuts, so that it cuts in large pieces.
constexpr std::uint64_t kSlackDivisor = 8;
constexpr std::int64_t kAgeSlackDivisor = 8;
constexpr std::int64_t kSpaceCheckMs = 100;
constexpr std::int64_t kSweepMs = 60'000;
constexpr std::int64_t kBackoffFirstMs = 20;
constexpr std::int64_t kBackoffMaxMs = 1000;
// A small disk is full when an eighth of it is left.
constexpr std::uint64_t kDiskDivisor = 8;

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

bool beyond(std::uint64_t have, std::uint64_t keep) {
  return keep != 0 && have > keep + keep / kSlackDivisor;
}

}  // namespace

Writer::Writer(const WriterOptions& options, Database& database,
               std::function<void(Request)> search)
    : options_(options), database_(database), search_(std::move(search)), set_(database) {}

Writer::~Writer() { stop(); }

void Writer::start() {
  thread_ = std::thread([this] { run(); });
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Writer::submit(std::unique_ptr<Commit> commit) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = queue_.empty();
    queue_.push_back(std::move(commit));
  }
  if (first) wake_.notify_one();
}

Health Writer::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void Writer::run() {
  Group group;
  while (take(group)) {
    build(group);
    if (!persist()) return;
    answer(group);
    group.clear();
  }
}

// Waits for work; false when there is none and none will come.
bool Writer::take(Group& group) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !queue_.empty(); };
  if (options_.retention.age_ms != 0 || full_) {
    // Ages run out, and a full disk is emptied, without a message.
    wake_.wait_for(lock, std::chrono::milliseconds(full_ ? kSpaceCheckMs : kSweepMs), ready);
  } else {
    wake_.wait(lock, ready);
  }
  if (queue_.empty() && stopping_) return false;
  std::swap(group, queue_);
  return true;
}

// --- what is written ---------------------------------------------------------------------------

void Writer::build(Group& group) {
  set_.clear();
  check_space();
  for (auto& commit : group) {
    for (auto& room : commit->attached) {
      const RoomNumber number = room->place.room;
      rooms_[number] = std::move(room);
    }
    for (Append& append : commit->appends) add(append);
    for (const Cut& one : commit->cuts) {
      const auto it = rooms_.find(one.place.room);
      cut(one, it == rooms_.end() ? nullptr : it->second.get());
    }
    for (const OpenRoom* room : commit->closed) rooms_.erase(room->place.room);
    if (commit->lease) {
      commit->leased = next_client_;
      next_client_ = ClientId{next_client_.value + kLeaseCount};
      set_.put_meta(kClientIdsKey, encode_u64(next_client_.value));
    }
  }
  sweep_ages();
}

void Writer::add(Append& append) {
  OpenRoom& room = *append.room;
  if (full_ && append.round > room.refused_round) {
    room.refused_round = append.round;
    room.refusal = room::LogError::full;
  }
  if (append.round <= room.refused_round) {
    append.error = room.refusal;
    return;
  }
  append.kept = true;
  const room::BlockReader reader(append.block);
  set_.put_block(room.place, append.first, append.block, room.bytes);
  room.bytes += append.block.size();
  room.last = append.first + (reader.header().count - 1);
  if (room.oldest_ms == 0) room.oldest_ms = reader.header().ts_ms;
  if (!room.recorded) {
    room.recorded = true;
    set_.put_meta(name_key(room.record.name), encode_u64(room.place.room.value));
    set_.put_meta(room_key(room.place.room), encode_room(room.record));
  }
  note_refs(room, append.block);
  retain(room);
}

void Writer::note_refs(OpenRoom& room, std::string_view block) {
  room::BlockReader reader(block);
  room::Entry entry;
  while (reader.next(entry)) {
    if (!entry.ref) continue;
    const auto it = std::find_if(room.refs.begin(), room.refs.end(),
                                 [&](const auto& one) { return one.first == entry.client; });
    if (it == room.refs.end()) {
      room.refs.emplace_back(entry.client, entry.ref);
    } else {
      it->second = std::max(it->second, entry.ref);
    }
  }
  if (room.refs.size() > kRefsClientsMax || room.bytes - room.bytes_at_refs > kRefsBytesMax) {
    write_refs(room, room.last);
  }
}

void Writer::write_refs(OpenRoom& room, MessageId at) {
  for (const auto& [client, ref] : room.refs) {
    set_.put_meta(ref_key(room.place, client), encode_u64(ref.value));
  }
  room.refs.clear();
  room.bytes_at_refs = room.bytes;
  room.record.refs_at = at;
  set_.put_meta(room_key(room.place.room), encode_room(room.record));
}

// --- retention ---------------------------------------------------------------------------------

void Writer::retain(OpenRoom& room) {
  const Retention& keep = options_.retention;
  if (room.trimming || room.oldest_ms == 0) return;
  const bool messages = beyond(room.last + 1 - room.record.floor, keep.messages);
  const bool bytes = beyond(room.bytes - room.first_bytes, keep.bytes);
  const bool age = keep.age_ms != 0 && options_.wall_ms() - room.oldest_ms >
                                           keep.age_ms + keep.age_ms / kAgeSlackDivisor;
  if (!messages && !bytes && !age) return;
  room.trimming = true;
  Request request;
  request.kind = Request::Kind::retain;
  request.inbox = room.inbox;
  request.key = room.key;
  request.place = room.place;
  request.last = room.last;
  request.bytes = room.bytes;
  search_(std::move(request));
}

void Writer::sweep_ages() {
  if (options_.retention.age_ms == 0 || steady_ms() < next_sweep_ms_) return;
  next_sweep_ms_ = steady_ms() + std::min(kSweepMs, options_.retention.age_ms);
  for (const auto& [number, room] : rooms_) retain(*room);
}

void Writer::cut(const Cut& cut, OpenRoom* room) {
  // A room that was closed meanwhile, or lives anew, is cut another time.
  if (room == nullptr || room->place.epoch != cut.place.epoch) return;
  room->trimming = false;
  if (cut.floor <= room->record.floor) return;
  // A claim must not need what goes.
  if (room->record.refs_at + 1 < cut.floor) write_refs(*room, room->last);
  room->record.floor = cut.floor;
  room->first_bytes = cut.bytes;
  room->oldest_ms = cut.oldest_ms;
  const Place from{cut.place.room, cut.earlier_lives ? Epoch{0} : cut.place.epoch};
  set_.drop_blocks(block_key(from, MessageId{0}), block_key(cut.place, cut.first));
  set_.put_meta(room_key(cut.place.room), encode_room(room->record));
  // What came while the place to cut was looked for may be beyond the bound again.
  retain(*room);
}

// --- the disk ----------------------------------------------------------------------------------

void Writer::check_space() {
  const std::int64_t now = steady_ms();
  if (now < next_space_check_ms_) return;
  next_space_check_ms_ = now + kSpaceCheckMs;
  const DiskSpace space = options_.disk_space();
  if (space.total_bytes == 0) return;
  const std::uint64_t wanted = std::min(options_.free_bytes_min, space.total_bytes / kDiskDivisor);
  // Twice as much to go on, so that it doesn't flicker.
  const bool full =
      space.free_bytes < (full_ ? std::min(2 * wanted, space.total_bytes / 4) : wanted);
  if (full == full_) return;
  full_ = full;
  report(!full, full ? "disk full: " + std::to_string(space.free_bytes >> 20) +
                           " MiB are free of " + std::to_string(space.total_bytes >> 20) +
                           "; messages are refused until there is more"
                     : std::string());
}

// Writes the set, however often it takes. False only when the store is stopped meanwhile.
bool Writer::persist() {
  if (set_.empty()) return true;
  std::int64_t backoff_ms = kBackoffFirstMs;
  bool failed = false;
  std::string detail;
  while (database_.write(set_, detail) != Outcome::ok) {
    if (!failed) report(false, "a write failed and is tried again: " + detail);
    failed = true;
    do {
      if (!wait_before_retry(backoff_ms)) return false;
    } while (!database_.recover(detail));
  }
  if (options_.synced && database_.sync(detail) != Outcome::ok) {
    options_.die("fsync failed, so what is on the disk can't be known: " + detail);
    return false;
  }
  if (failed) report(true, {});
  return true;
}

bool Writer::wait_before_retry(std::int64_t& backoff_ms) {
  std::unique_lock lock(mutex_);
  const bool stopping =
      wake_.wait_for(lock, std::chrono::milliseconds(backoff_ms), [this] { return stopping_; });
  backoff_ms = std::min(2 * backoff_ms, kBackoffMaxMs);
  return !stopping;
}

void Writer::report(bool ok, std::string detail) {
  if (ok) {
    GAVEL_LOG(store, info, "the disk takes messages again");
  } else {
    GAVEL_LOG(store, error, "the disk does not take messages", {"reason", detail});
  }
  const std::lock_guard lock(mutex_);
  health_.ok = ok;
  health_.detail = std::move(detail);
}

// --- answers -----------------------------------------------------------------------------------

void Writer::answer(Group& group) {
  for (auto& commit : group) {
    const std::shared_ptr<Inbox> inbox = commit->inbox;
    for (const Cut& one : commit->cuts) {
      const auto it = rooms_.find(one.place.room);
      if (it == rooms_.end() || it->second->place.epoch != one.place.epoch) continue;
      OpenRoom& room = *it->second;
      room.inbox->put(&Answers::trims, TrimAnswer{room.key, room.record.floor});
    }
    if (inbox) inbox->put(&Answers::commits, std::move(commit));
  }
}

}  // namespace gavel::store::rocks
