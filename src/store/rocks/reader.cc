#include "store/rocks/reader.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "room/block.h"
#include "store/rocks/inbox.h"

namespace gavel::store::rocks {
namespace {

room::LogError error_of(Outcome outcome) {
  return outcome == Outcome::corrupt ? room::LogError::corrupt : room::LogError::unavailable;
}

// A block as it came off the disk; nothing where it can't be trusted.
bool read_header(std::string_view value, room::BlockHeader& header) {
  const std::string_view block = block_of(value);
  if (!room::verify_block(block)) return false;
  header = room::BlockReader(block).header();
  return true;
}

void log_corrupt(std::string_view name, const Place& place, MessageId at) {
  GAVEL_LOG(store, error, "a room's record can't be read: the room is refused, others go on",
            {"room", name}, {"number", place.room.value}, {"epoch", place.epoch.value},
            {"msg_id", at.value});
}

}  // namespace

Reader::Reader(const ReaderOptions& options, const Database& database,
               std::function<void(std::unique_ptr<Commit>)> submit)
    : options_(options), database_(database), submit_(std::move(submit)) {}

Reader::~Reader() { stop(); }

void Reader::start() {
  thread_ = std::thread([this] { run(); });
}

void Reader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Reader::ask(Request request) {
  {
    const std::lock_guard lock(mutex_);
    (request.kind == Request::Kind::page ? pages_ : first_).push_back(std::move(request));
  }
  wake_.notify_one();
}

bool Reader::take(Request& request) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !first_.empty() || !pages_.empty(); });
  if (stopping_) return false;
  std::deque<Request>& queue = first_.empty() ? pages_ : first_;
  request = std::move(queue.front());
  queue.pop_front();
  return true;
}

void Reader::run() {
  Request request;
  while (take(request)) answer(request);
}

void Reader::answer(Request& request) {
  switch (request.kind) {
    case Request::Kind::open:
      return open(request);
    case Request::Kind::page:
      return page(request);
    case Request::Kind::claim:
      return claim(request);
    case Request::Kind::trim:
      return trim(request);
    case Request::Kind::retain:
      return retain(request);
  }
}

// --- open --------------------------------------------------------------------------------------

void Reader::open(const Request& request) {
  auto room = std::make_unique<OpenRoom>();
  room->key = request.key;
  room->inbox = request.inbox;
  room->record.name = request.name;
  OpenAnswer answer;
  answer.key = request.key;
  answer.ok = load(*room, answer.life, answer.error);
  if (answer.ok) {
    answer.room = room.get();
    answer.place = room->place;
    // The writer has the room before its shard can append to it.
    auto commit = std::make_unique<Commit>();
    commit->attached.push_back(std::move(room));
    submit_(std::move(commit));
  }
  request.inbox->put(&Answers::opens, std::move(answer));
}

bool Reader::load(OpenRoom& room, room::RoomLife& life, room::LogError& error) {
  std::string bytes;
  Outcome outcome = database_.get_meta(name_key(room.record.name), bytes);
  if (outcome == Outcome::absent) {
    // Its number is taken in earnest by its first message.
    room.place.room = next_room_;
    next_room_ = RoomNumber{next_room_.value + 1};
    begin_life(room, life, Epoch{0});
    return true;
  }
  const auto number = decode_u64(bytes);
  if (outcome == Outcome::ok && number) {
    room.place.room = RoomNumber{*number};
    outcome = database_.get_meta(room_key(room.place.room), bytes);
    if (outcome == Outcome::ok) {
      if (auto record = decode_room(bytes); record && record->name == room.record.name) {
        room.record = std::move(*record);
        return load_life(room, life, error);
      }
    }
  }
  error = outcome == Outcome::failed ? room::LogError::unavailable : room::LogError::corrupt;
  if (error == room::LogError::corrupt) log_corrupt(room.record.name, room.place, MessageId{0});
  return false;
}

bool Reader::load_life(OpenRoom& room, room::RoomLife& life, room::LogError& error) {
  room.place.epoch = room.record.epoch;
  if (room.record.generation < options_.generation) {
    begin_life(room, life, room.record.epoch);
    return true;
  }
  room.recorded = true;
  MessageId first;
  std::string value;
  Outcome outcome = database_.block_at(room.place, MessageId{~std::uint64_t{0}}, first, value);
  room::BlockHeader header;
  if (outcome == Outcome::ok && !read_header(value, header)) outcome = Outcome::corrupt;
  if (outcome == Outcome::ok) {
    room.last = first + (header.count - 1);
    room.bytes = bytes_before(value) + block_of(value).size();
    room.bytes_at_refs = room.bytes;
    outcome = database_.scan_blocks(
        room.place, room.record.floor, [&](MessageId oldest, std::string_view bytes) {
          room.record.floor = std::max(room.record.floor, oldest);
          room.first_bytes = bytes_before(bytes);
          room.oldest_ms = room::BlockReader(block_of(bytes)).header().ts_ms;
          return false;
        });
    if (room.record.floor > room.last) room.oldest_ms = 0;
  }
  if (outcome != Outcome::ok) {
    // A room that has a record has a block: the last one always stays.
    error = outcome == Outcome::absent ? room::LogError::corrupt : error_of(outcome);
    if (error == room::LogError::corrupt) log_corrupt(room.record.name, room.place, first);
    return false;
  }
  life.epoch = room.place.epoch;
  life.first = room.record.floor;
  life.last = room.last;
  life.first_epoch = room.record.first_epoch;
  return true;
}

void Reader::begin_life(OpenRoom& room, room::RoomLife& life, Epoch after) {
  const std::string name = room.record.name;
  room.record = RoomRecord{};
  room.record.name = name;
  room.record.epoch = new_epoch(after);
  room.record.generation = options_.generation;
  room.record.first_epoch = after == Epoch{0};
  room.place.epoch = room.record.epoch;
  life.epoch = room.place.epoch;
  life.first_epoch = room.record.first_epoch;
}

// The time with random low bits, so that a directory that was lost or restored can't give an epoch
// again.
Epoch Reader::new_epoch(Epoch after) {
  const std::uint64_t now = static_cast<std::uint64_t>(options_.wall_ms()) << 8;
  const std::uint64_t low = SystemRandom().next_u64() & 0xff;
  return Epoch{std::max(now | low, after.value + 1)};
}

// --- pages -------------------------------------------------------------------------------------

void Reader::page(const Request& request) {
  PageAnswer answer;
  answer.key = request.key;
  answer.id = request.id;
  answer.bytes.reserve(request.bytes_max + request.bytes_max / 4);
  MessageId next;
  bool corrupt = false;
  const Outcome outcome = database_.scan_blocks(
      request.place, request.after + 1, [&](MessageId first, std::string_view value) {
        if (next && first != next) {
          corrupt = true;
          return false;
        }
        room::BlockHeader header;
        if (!read_header(value, header)) {
          corrupt = true;
          next = first;
          return false;
        }
        next = first + header.count;
        if (next <= request.after + 1) return true;
        const std::string_view block = block_of(value);
        answer.pieces.push_back({first, answer.bytes.size(), block.size()});
        answer.bytes.append(block);
        return answer.bytes.size() < request.bytes_max;
      });
  corrupt |= outcome == Outcome::corrupt;
  if (corrupt) log_corrupt({}, request.place, next);
  // What can be read before the damage is given; the next page begins at it.
  answer.ok = (outcome == Outcome::ok && !corrupt) || !answer.pieces.empty();
  answer.error = corrupt ? room::LogError::corrupt : room::LogError::unavailable;
  if (!answer.pieces.empty()) answer.first_retained = answer.pieces.front().first;
  request.inbox->put(&Answers::pages, std::move(answer));
}

// --- claims ------------------------------------------------------------------------------------

void Reader::claim(const Request& request) {
  ClaimAnswer answer;
  answer.key = request.key;
  answer.id = request.id;
  std::string bytes;
  MessageId refs_at{0};
  Outcome outcome = database_.get_meta(room_key(request.place.room), bytes);
  if (outcome == Outcome::ok) {
    if (const auto record = decode_room(bytes); record && record->epoch == request.place.epoch) {
      refs_at = record->refs_at;
    }
    outcome = database_.get_meta(ref_key(request.place, request.client), bytes);
  }
  if (outcome == Outcome::ok) answer.claim.last_ref = Ref{decode_u64(bytes).value_or(0)};
  if (outcome == Outcome::ok || outcome == Outcome::absent) {
    outcome =
        database_.scan_blocks(request.place, refs_at + 1, [&](MessageId, std::string_view value) {
          room::BlockReader reader(block_of(value));
          room::Entry entry;
          while (reader.next(entry)) {
            if (entry.client != request.client) continue;
            answer.claim.last_ref = std::max(answer.claim.last_ref, entry.ref);
          }
          return true;
        });
  }
  answer.claim.ok = outcome == Outcome::ok;
  answer.claim.error = error_of(outcome);
  answer.claim.known = bool(answer.claim.last_ref);
  answer.claim.generation = 1;
  request.inbox->put(&Answers::claims, std::move(answer));
}

// --- where to cut ------------------------------------------------------------------------------

void Reader::trim(const Request& request) {
  Cut cut;
  cut.place = request.place;
  cut.asked = true;
  const MessageId last = request.last;
  const bool all = request.after >= last;
  MessageId first{1};
  std::string value;
  const MessageId keep = all ? last : request.after + 1;
  if (last && database_.block_at(request.place, keep, first, value) == Outcome::ok) {
    room::BlockHeader header;
    if (!read_header(value, header)) return;
    cut.first = first;
    cut.floor = all ? last + 1 : first;
    cut.bytes = bytes_before(value) + (all ? block_of(value).size() : 0);
    cut.oldest_ms = all ? 0 : header.ts_ms;
  }
  auto commit = std::make_unique<Commit>();
  commit->cuts.push_back(cut);
  submit_(std::move(commit));
}

void Reader::retain(const Request& request) {
  Cut cut;
  cut.place = request.place;
  cut.earlier_lives = true;
  MessageId first{1};
  std::string value;
  const MessageId keep = first_to_keep(request);
  room::BlockHeader header;
  if (database_.block_at(request.place, keep, first, value) == Outcome::ok &&
      read_header(value, header)) {
    cut.first = cut.floor = first;
    cut.bytes = bytes_before(value);
    cut.oldest_ms = header.ts_ms;
  }
  auto commit = std::make_unique<Commit>();
  commit->cuts.push_back(cut);
  submit_(std::move(commit));
}

// The oldest message that all bounds together leave. Bytes and ages rise with the ids: found by
// halving.
MessageId Reader::first_to_keep(const Request& request) {
  const Retention& keep = options_.retention;
  MessageId result{1};
  if (keep.messages != 0 && request.last.value > keep.messages) {
    result = MessageId{request.last.value - keep.messages + 1};
  }
  const std::int64_t oldest_ms = keep.age_ms == 0 ? 0 : options_.wall_ms() - keep.age_ms;
  const std::uint64_t skip =
      keep.bytes == 0 || request.bytes < keep.bytes ? 0 : request.bytes - keep.bytes;
  if (oldest_ms == 0 && skip == 0) return result;
  MessageId low = result;
  MessageId high = request.last;
  while (low < high) {
    const MessageId middle{low.value + (high - low) / 2};
    MessageId first;
    std::string value;
    room::BlockHeader header;
    const Outcome outcome = database_.block_at(request.place, middle, first, value);
    const bool gone = outcome == Outcome::absent;
    if (!gone && (outcome != Outcome::ok || !read_header(value, header))) return result;
    if (gone || bytes_before(value) < skip || header.ts_ms < oldest_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::max(result, low);
}

}  // namespace gavel::store::rocks
