#include "fake_disk.h"

#include "room/block.h"

namespace gavel::sim {

void DiskLog::open(RoomKey room, std::string_view name) {
  open_[room] = {std::string(name), {}, false, {}, false};
  work_.push_back({.kind = Work::kOpen, .room = room});
}

void DiskLog::append(RoomKey room, std::uint64_t tag, std::string_view block) {
  work_.push_back({.kind = Work::kAppend, .room = room, .number = tag, .block = block});
}

void DiskLog::read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) {
  work_.push_back({.kind = Work::kRead,
                   .room = room,
                   .number = request,
                   .after = after,
                   .bytes_max = bytes_max});
}

void DiskLog::claim(RoomKey room, std::uint64_t request, ClientId client) {
  work_.push_back({.kind = Work::kClaim, .room = room, .number = request, .client = client});
}

void DiskLog::trim(RoomKey, MessageId) {}

void DiskLog::close(RoomKey room) { open_.erase(room); }

void DiskLog::lease_client_ids() {
  if (std::exchange(leasing_, true)) return;
  work_.push_back({.kind = Work::kLease, .room = {}});
}

void DiskLog::step() {
  if (stalled) return;
  for (std::uint64_t n = random_.below(4); n > 0 && !work_.empty(); --n) {
    answers_.push_back(work_.front());
    work_.pop_front();
    happen(answers_.back());
  }
}

void DiskLog::crash() {
  for (std::uint64_t n = random_.below(work_.size() + 1); n > 0; --n) {
    happen(work_.front());
    work_.pop_front();
  }
}

void DiskLog::happen(Work& work) {
  if (work.kind == Work::kLease) {
    work.number = disk_.next_client;
    disk_.next_client += 50;
    return;
  }
  const auto it = open_.find(work.room);
  if (it == open_.end()) return;
  Open& open = it->second;
  const auto found = disk_.rooms.find(open.name);
  switch (work.kind) {
    case Work::kOpen:
      open.epoch = found == disk_.rooms.end() ? Epoch{disk_.next_epoch++} : found->second.epoch;
      open.first_epoch = true;
      return;
    case Work::kAppend:
      write(work);
      return;
    default:
      return;
  }
}

void DiskLog::write(Work& work) {
  Open& open = open_.at(work.room);
  if (full || open.refusing) {
    open.refusing = true;
    work.ok = false;
    return;
  }
  Disk::Room& room = disk_.rooms[open.name];
  room.epoch = open.epoch;
  work.first = room.last + 1;
  room.blocks.emplace_back(work.first, std::string(work.block));
  room::BlockReader reader(work.block);
  room::Entry entry;
  while (reader.next(entry)) {
    room.last = room.last + 1;
    if (entry.ref) room.refs[entry.client] = std::max(room.refs[entry.client], entry.ref);
  }
  if (disk_.blocks_retained != 0 && room.blocks.size() > disk_.blocks_retained) {
    room.blocks.erase(room.blocks.begin());
    room.first = room.blocks.front().first;
    work.trimmed = true;
  }
}

void DiskLog::commit() {
  // Only what was there at the beginning: answers cause new work, not new answers.
  for (std::size_t n = answers_.size(); n > 0; --n) {
    const Work work = answers_.front();
    answers_.pop_front();
    answer(work);
  }
}

void DiskLog::answer(const Work& work) {
  if (work.kind == Work::kLease) {
    leasing_ = false;
    listener_->on_leased(ClientId{work.number}, 50);
    return;
  }
  const auto it = open_.find(work.room);
  if (it == open_.end()) return;
  Open& open = it->second;
  static const Disk::Room kNone;
  const auto found = disk_.rooms.find(open.name);
  const Disk::Room& room = found == disk_.rooms.end() ? kNone : found->second;
  switch (work.kind) {
    case Work::kOpen:
      open.kept = room.last;
      listener_->on_opened(work.room, {open.epoch, room.first, room.last, open.first_epoch});
      return;
    case Work::kAppend: {
      room::Settlement settlement;
      if (!work.ok) {
        settlement.error = room::LogError::full;
        const bool last = std::none_of(answers_.begin(), answers_.end(), [&](const Work& other) {
          return other.kind == Work::kAppend && other.room == work.room && !other.ok;
        });
        // All that was appended before this answer is refused, too.
        listener_->on_settled(work.room, work.number, settlement);
        const bool more = std::any_of(work_.begin(), work_.end(), [&](const Work& other) {
          return other.kind == Work::kAppend && other.room == work.room;
        });
        if (last && !more) open.refusing = false;
        return;
      }
      listener_->on_kept(work.room, work.first, work.block);
      settlement.kept = true;
      settlement.first = work.first;
      listener_->on_settled(work.room, work.number, settlement);
      if (work.trimmed) listener_->on_trimmed(work.room, room.first);
      return;
    }
    case Work::kRead:
      answer_page(work, room);
      return;
    case Work::kClaim: {
      room::Claim claim;
      const auto ref = room.refs.find(work.client);
      claim.known = ref != room.refs.end();
      if (claim.known) claim.last_ref = ref->second;
      listener_->on_claimed(work.room, work.number, claim);
      return;
    }
    default:
      return;
  }
}

void DiskLog::answer_page(const Work& work, const Disk::Room& room) {
  std::vector<room::PageBlock> blocks;
  std::size_t bytes = 0;
  for (const auto& [first, block] : room.blocks) {
    const room::BlockReader reader(block);
    if (first + reader.header().count <= work.after + 1) continue;
    if (bytes >= work.bytes_max) break;
    blocks.push_back({first, block});
    bytes += block.size();
  }
  room::Page page;
  page.blocks = blocks;
  page.first_retained = room.first;
  listener_->on_page(work.room, work.number, page);
}

}  // namespace gavel::sim
