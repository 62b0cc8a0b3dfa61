#include "store/read_through/read_through_log.h"

#include <algorithm>

namespace gavel::store {

ReadThroughLog::ReadThroughLog(Store& hot, unsigned shard, const Post& post,
                               ArchiveReaders& readers, std::chrono::milliseconds open_wait)
    : readers_(readers),
      open_wait_(open_wait),
      inbox_(std::make_shared<ArchiveInbox>(post, [this] { take_answers(); })),
      hot_(hot.make_log(shard, post)) {}

ReadThroughLog::~ReadThroughLog() { inbox_->close(); }

void ReadThroughLog::set_listener(room::LogListener* listener) {
  listener_ = listener;
  hot_->set_listener(this);
}

ReadThroughLog::Room* ReadThroughLog::find(RoomKey key) {
  const auto it = rooms_.find(key);
  return it == rooms_.end() ? nullptr : &it->second;
}

// --- straight through ---------------------------------------------------------------------------

void ReadThroughLog::append(RoomKey key, std::uint64_t tag, std::string_view block) {
  hot_->append(key, tag, block);
}

void ReadThroughLog::claim(RoomKey key, std::uint64_t request, ClientId client) {
  hot_->claim(key, request, client);
}

void ReadThroughLog::trim(RoomKey key, MessageId up_to) { hot_->trim(key, up_to); }

void ReadThroughLog::on_settled(RoomKey key, std::uint64_t tag,
                                const room::Settlement& settlement) {
  listener_->on_settled(key, tag, settlement);
}

void ReadThroughLog::on_claimed(RoomKey key, std::uint64_t request, const room::Claim& claim) {
  listener_->on_claimed(key, request, claim);
}

void ReadThroughLog::on_leased(ClientId first, std::uint64_t count) {
  listener_->on_leased(first, count);
}

// --- open and close -----------------------------------------------------------------------------

void ReadThroughLog::open(RoomKey key, std::string_view name) {
  rooms_[key].name = name;
  hot_->open(key, name);
}

void ReadThroughLog::close(RoomKey key) {
  rooms_.erase(key);
  openings_.erase(key);
  std::erase_if(reads_, [key](const auto& read) { return read.second.room == key; });
  hot_->close(key);
}

void ReadThroughLog::on_opened(RoomKey key, const room::RoomLife& life) {
  if (Room* room = find(key)) begin(key, *room, life);
}

void ReadThroughLog::on_open_failed(RoomKey key, room::LogError error) {
  openings_.erase(key);
  listener_->on_open_failed(key, error);
}

// A room whose store holds everything needs no archive; another one waits for what it has.
void ReadThroughLog::begin(RoomKey key, Room& room, const room::RoomLife& life) {
  room.epoch = life.epoch;
  room.hot_first = room.told_first = life.first;
  room.known = Known::not_yet;
  room.asking = room.ask_again = false;
  if (life.first <= MessageId{1}) {
    openings_.erase(key);
    listener_->on_opened(key, life);
    return;
  }
  openings_[key] = Opening{Clock::now() + open_wait_, life, {}};
  ask_mark(key, room);
}

void ReadThroughLog::finish_opening(RoomKey key, Room& room) {
  auto node = openings_.extract(key);
  Opening& opening = node.mapped();
  room.told_first = first_within_reach(room);
  opening.life.first = room.told_first;
  // `room` may be gone after this.
  listener_->on_opened(key, opening.life);
  for (const HeldBlock& held : opening.blocks) {
    if (rooms_.contains(key)) listener_->on_kept(key, held.first, held.block);
  }
}

void ReadThroughLog::on_kept(RoomKey key, MessageId first, std::string_view block) {
  if (!openings_.empty()) {
    if (const auto it = openings_.find(key); it != openings_.end()) {
      it->second.blocks.push_back({first, std::string(block)});
      return;
    }
  }
  listener_->on_kept(key, first, block);
}

void ReadThroughLog::on_new_epoch(RoomKey key, const room::RoomLife& life) {
  Room* room = find(key);
  if (room != nullptr && openings_.contains(key)) {  // nobody was told of the old one
    begin(key, *room, life);
    return;
  }
  if (room != nullptr) {
    room->epoch = life.epoch;
    room->hot_first = room->told_first = life.first;
    room->known = Known::not_yet;
    room->asking = room->ask_again = false;
  }
  listener_->on_new_epoch(key, life);
}

// --- how far back a room goes -------------------------------------------------------------------

// While nothing is known of the archive it may hold all; who then asks for it gets the truth.
MessageId ReadThroughLog::first_within_reach(const Room& room) {
  if (room.known == Known::not_yet) return MessageId{1};
  const ArchivedRoom& archived = room.archived;
  if (room.known == Known::nothing_there || archived.last + 1 < room.hot_first)
    return room.hot_first;
  MessageId first = archived.first;
  for (const ArchiveHole& hole : archived.holes) {
    if (hole.last < room.hot_first) first = std::max(first, hole.last + 1);
  }
  return std::min(first, room.hot_first);
}

void ReadThroughLog::ask_mark(RoomKey key, Room& room) {
  if (room.asking) {
    room.ask_again = true;
    return;
  }
  room.asking = true;
  readers_.ask({key, room.name, room.epoch, 0, {}, 0}, inbox_);
}

void ReadThroughLog::on_trimmed(RoomKey key, MessageId first) {
  Room* room = find(key);
  if (room == nullptr) return;
  room->hot_first = std::max(room->hot_first, first);
  if (openings_.contains(key)) return;
  // What was trimmed up to the mark is only somewhere else now.
  if (room->known == Known::mark && room->archived.last + 1 >= room->hot_first &&
      first_within_reach(*room) <= room->told_first) {
    return;
  }
  ask_mark(key, *room);
}

void ReadThroughLog::take_mark(const ArchiveAnswer& answer) {
  const RoomKey key = answer.question.key;
  Room* room = find(key);
  if (room == nullptr || room->epoch != answer.question.epoch || !room->asking) return;
  room->asking = false;
  if (!answer.error) {
    room->known = answer.mark ? Known::mark : Known::nothing_there;
    if (answer.mark) room->archived = *answer.mark;
  }
  // A trim came behind the question: the mark that it relied on may be younger than the answer.
  if (std::exchange(room->ask_again, false) && !answer.error &&
      room->archived.last + 1 < room->hot_first) {
    ask_mark(key, *room);
    return;
  }
  if (openings_.contains(key)) {
    finish_opening(key, *room);
    return;
  }
  const MessageId first = answer.error ? room->told_first : first_within_reach(*room);
  if (first <= room->told_first) return;
  room->told_first = first;
  listener_->on_trimmed(key, first);
}

// --- pages --------------------------------------------------------------------------------------

void ReadThroughLog::read(RoomKey key, std::uint64_t request, MessageId after,
                          std::size_t bytes_max) {
  const Room* room = find(key);
  const Read read{key, after, bytes_max};
  reads_[request] = read;
  if (room != nullptr && room->hot_first > after + 1) {
    ask_page(request, read, *room);
  } else {
    hot_->read(key, request, after, bytes_max);
  }
}

void ReadThroughLog::ask_page(std::uint64_t request, const Read& read, const Room& room) {
  readers_.ask({read.room, room.name, room.epoch, request, read.after, read.bytes_max}, inbox_);
}

void ReadThroughLog::on_page(RoomKey key, std::uint64_t request, const room::Page& page) {
  const auto it = reads_.find(request);
  Room* room = find(key);
  if (it == reads_.end() || room == nullptr) return;
  if (page.ok && page.first_retained > it->second.after + 1) {
    // It was trimmed since the store was asked; so it lies in the archive by now.
    room->hot_first = std::max(room->hot_first, page.first_retained);
    ask_page(request, it->second, *room);
    return;
  }
  reads_.erase(it);
  listener_->on_page(key, request, page);
}

void ReadThroughLog::take_page(const ArchiveAnswer& answer) {
  const ArchiveQuestion& asked = answer.question;
  if (reads_.erase(asked.request) == 0) return;
  Room* room = find(asked.key);
  if (room == nullptr || room->epoch != asked.epoch) {
    fail_page(asked.key, asked.request, room::LogError::closed);
    return;
  }
  if (answer.error) {
    fail_page(asked.key, asked.request,
              *answer.error == ArchiveError::damaged ? room::LogError::corrupt
                                                     : room::LogError::unavailable);
    return;
  }
  if (room->known == Known::not_yet) ask_mark(asked.key, *room);
  std::vector<room::PageBlock> blocks;
  for (const ArchiveBlock& block : answer.page.blocks) blocks.push_back({block.first, block.block});
  room::Page page;
  page.blocks = blocks;
  // Nothing there, or not from there on: the place is gone for good.
  page.first_retained = blocks.empty() ? room->hot_first : blocks.front().first;
  if (page.first_retained > asked.after + 1) page.blocks = {};
  listener_->on_page(asked.key, asked.request, page);
}

void ReadThroughLog::fail_page(RoomKey key, std::uint64_t request, room::LogError error) {
  room::Page page;
  page.ok = false;
  page.error = error;
  listener_->on_page(key, request, page);
}

// --- the turn -----------------------------------------------------------------------------------

void ReadThroughLog::take_answers() {
  for (const ArchiveAnswer& answer : inbox_->take()) {
    if (answer.question.request == 0) {
      take_mark(answer);
    } else {
      take_page(answer);
    }
  }
}

void ReadThroughLog::commit() {
  hot_->commit();
  if (openings_.empty()) return;
  const Clock::time_point now = Clock::now();
  std::vector<RoomKey> late;
  for (const auto& [key, opening] : openings_) {
    if (now >= opening.until) late.push_back(key);
  }
  for (const RoomKey key : late) {
    Room* room = find(key);
    if (room != nullptr && openings_.contains(key)) finish_opening(key, *room);
  }
}

}  // namespace gavel::store
