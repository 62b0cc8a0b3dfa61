#include "room/rooms.h"

#include <algorithm>
#include <utility>

namespace gavel::room {

Rooms::Rooms(const RoomOptions& options, MessageLog& log, RoomTotals& totals,
             std::function<std::uint64_t()> random,
             std::function<std::size_t(std::string_view)> hash)
    : options_(options),
      log_(log),
      totals_(totals),
      random_(std::move(random)),
      hash_(std::move(hash)),
      rooms_(0, NameHash{&hash_}) {
  log_.set_listener(this);
  log_.lease_client_ids();
}

Rooms::~Rooms() { totals_.rooms -= rooms_.size(); }

Room* Rooms::find(std::string_view name) const {
  const auto it = rooms_.find(name);
  return it == rooms_.end() ? nullptr : it->second.get();
}

Room* Rooms::by_key(RoomKey key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second;
}

// --- open and release ---------------------------------------------------------------------------

Room* Rooms::open(std::string_view name) {
  if (totals_.rooms.load(std::memory_order_relaxed) >= options_.rooms_max) {
    release_idle();
    if (totals_.rooms.load(std::memory_order_relaxed) >= options_.rooms_max) return nullptr;
  }
  const RoomKey key{next_key_++};
  auto room = std::make_unique<Room>(*this, key, std::string(name));
  Room* result = room.get();
  rooms_.emplace(std::string(name), std::move(room));
  by_key_.emplace(key, result);
  totals_.rooms.fetch_add(1, std::memory_order_relaxed);
  log_.open(key, name);
  return result;
}

void Rooms::release(Room& room) {
  log_.close(room.key_);
  released_ += room.counters_;
  by_key_.erase(room.key_);
  std::erase(pending_, &room);
  std::erase(dirty_, &room);
  totals_.rooms.fetch_sub(1, std::memory_order_relaxed);
  rooms_.erase(rooms_.find(room.name_));
}

// Releases the rooms that have been empty the longest, where nothing of them is under way.
void Rooms::release_idle() {
  const bool crowded = totals_.rooms.load(std::memory_order_relaxed) >= options_.rooms_max;
  std::size_t looked_at = idle_.size();
  while (!idle_.empty() && looked_at-- > 0) {
    const auto [since, key] = idle_.front();
    if (!crowded && now_ms_ - since < options_.linger_ms) break;
    idle_.pop_front();
    Room* room = by_key(key);
    if (room == nullptr || !room->members_.empty() || room->empty_since_ms_ != since) continue;
    if (room->state_ != Room::State::open || !room->joins_.empty() || room->gathering_ ||
        !room->under_way_.empty()) {
      idle_.emplace_back(since, key);
      continue;
    }
    release(*room);
    if (crowded) break;
  }
}

void Rooms::on_opened(RoomKey key, const RoomLife& life) {
  Room* room = by_key(key);
  if (room == nullptr) return;
  room->state_ = Room::State::open;
  room->life_ = life;
  room->opened_ms_ = now_ms_;
  room->frames_.reset(life.last + 1);
  advance_joins(*room);
  end_visits(*room, std::nullopt);
  note_if_empty(*room);
}

// A room that nobody is in goes when it has lingered.
void Rooms::note_if_empty(Room& room) {
  if (!room.members_.empty() || !room.joins_.empty()) return;
  room.empty_since_ms_ = now_ms_;
  idle_.emplace_back(now_ms_, room.key_);
}

void Rooms::on_open_failed(RoomKey key, LogError error) {
  Room* room = by_key(key);
  if (room == nullptr) return;
  fail_joins(*room,
             error == LogError::corrupt ? JoinError::store_corrupt : JoinError::store_unavailable);
  end_visits(*room, error);
  release(*room);
}

// --- the log's answers --------------------------------------------------------------------------

void Rooms::on_kept(RoomKey key, MessageId first, std::string_view block) {
  if (Room* room = by_key(key)) room->show(first, block);
}

void Rooms::on_settled(RoomKey key, std::uint64_t tag, const Settlement& settlement) {
  Room* room = by_key(key);
  if (room == nullptr) return;
  room->settle(tag, settlement);
  if (!room->joins_.empty()) advance_joins(*room);
}

void Rooms::on_trimmed(RoomKey key, MessageId first) {
  Room* room = by_key(key);
  if (room != nullptr && first > room->life_.first) room->life_.first = first;
}

void Rooms::on_new_epoch(RoomKey key, const RoomLife& life) {
  Room* room = by_key(key);
  if (room == nullptr) return;
  std::vector<std::unique_ptr<Batch>> lost = std::exchange(room->under_way_, {});
  if (room->gathering_) lost.push_back(std::exchange(room->gathering_, nullptr));
  for (auto& batch : lost) {
    for (const Batch::Sender& sender : batch->senders) {
      if (sender.client == ClientId{0})
        end_publish(*room, sender.number, std::nullopt, LogError::unavailable);
    }
    give_batch(std::move(batch));
  }
  unlist_busy(*room);
  room->unkept_bytes_ = 0;
  room->end_all(Ending::epoch_changed, "epoch changed");
  room->identities_.clear();
  room->life_ = life;
  room->frames_.reset(life.last + 1);
  room->compressed_frames_.reset();
  advance_joins(*room);
}

// --- pages --------------------------------------------------------------------------------------

void Rooms::queue_page(Member& member) {
  page_queue_.push_back(&member);
  member.page_request_ = next_request_++;
}

void Rooms::start_pages() {
  while (!page_queue_.empty() && pages_.size() < options_.pages_in_flight_max) {
    Member* member = page_queue_.front();
    page_queue_.pop_front();
    pages_.emplace(member->page_request_, PageRequest{member->room_->key_, member});
    member->room_->request_page(*member);
  }
}

void Rooms::forget_page(Member& member) {
  if (member.page_request_ == 0) return;
  std::erase(page_queue_, &member);
  pages_.erase(member.page_request_);
  member.page_request_ = 0;
}

void Rooms::on_page(RoomKey key, std::uint64_t request, const Page& page) {
  const auto it = pages_.find(request);
  if (it == pages_.end()) {
    take_history(request, by_key(key), page);
    return;
  }
  Member& member = *it->second.member;
  pages_.erase(it);
  member.page_request_ = 0;
  Room* room = by_key(key);
  if (room == nullptr || member.room_ != room) return;
  ++pages_read_;
  if (!page.ok) {
    put_out(member,
            page.error == LogError::corrupt ? Ending::store_corrupt : Ending::store_unavailable,
            {});
    return;
  }
  if (page.first_retained > member.page_next_) {
    put_out(member, Ending::behind_retention, {});
    return;
  }
  room->take_page(member, page);
  if (member.page_.empty()) room->page_done(member);
  member.delivery_.flush();
}

// --- the turn -----------------------------------------------------------------------------------

void Rooms::list_pending(Room& room) {
  if (std::exchange(room.listed_pending_, true)) return;
  pending_.push_back(&room);
}

void Rooms::list_dirty(Room& room) {
  room.flush_left_ = room.members_.size();
  if (std::exchange(room.listed_dirty_, true)) return;
  dirty_.push_back(&room);
}

void Rooms::list_busy(Room& room) {
  room.busy_index_ = busy_.size();
  busy_.push_back(&room);
}

void Rooms::unlist_busy(Room& room) {
  if (room.busy_index_ >= busy_.size() || busy_[room.busy_index_] != &room) return;
  busy_[room.busy_index_] = busy_.back();
  busy_[room.busy_index_]->busy_index_ = room.busy_index_;
  busy_.pop_back();
}

std::unique_ptr<Batch> Rooms::take_batch() {
  std::unique_ptr<Batch> batch;
  if (batches_.empty()) {
    batch = std::make_unique<Batch>();
  } else {
    batch = std::move(batches_.back());
    batches_.pop_back();
  }
  batch->block.start(random_());
  batch->senders.clear();
  batch->repeats.clear();
  return batch;
}

void Rooms::give_batch(std::unique_ptr<Batch> batch) {
  constexpr std::size_t kSpareMax = 256;
  if (batches_.size() < kSpareMax) batches_.push_back(std::move(batch));
}

void Rooms::submit_pending() {
  if (!pending_.empty()) submit_us_ = stopwatch_us();
  for (Room* room : pending_) {
    room->listed_pending_ = false;
    room->submit();
  }
  pending_.clear();
}

bool Rooms::end_turn() {
  submit_pending();
  start_pages();
  log_.commit();
  record_kept();
  const bool more = flush_dirty();
  record_delivered();
  return more || !pending_.empty() ||
         (!page_queue_.empty() && pages_.size() < options_.pages_in_flight_max);
}

// Sends every dirty room's members their spans; at most so many sends a turn, going on where it
// stopped.
bool Rooms::flush_dirty() {
  std::size_t budget = options_.flushes_a_turn;
  std::swap(dirty_, dirty_now_);
  std::size_t done = 0;
  for (; done < dirty_now_.size() && budget > 0; ++done) {
    Room& room = *dirty_now_[done];
    while (room.flush_left_ > 0 && budget > 0 && !room.members_.empty()) {
      if (room.flush_at_ >= room.members_.size()) room.flush_at_ = 0;
      Member* member = room.members_[room.flush_at_++];
      --room.flush_left_;
      --budget;
      member->delivery_.flush();
    }
    if (room.flush_left_ > 0 && !room.members_.empty()) break;
    room.listed_dirty_ = false;
  }
  // Those that the budget left out come first next time.
  dirty_.insert(dirty_.begin(), dirty_now_.begin() + static_cast<std::ptrdiff_t>(done),
                dirty_now_.end());
  dirty_now_.clear();
  return !dirty_.empty();
}

// --- latencies ----------------------------------------------------------------------------------

std::int64_t Rooms::stopwatch_us() const {
  return stopwatch_ == nullptr ? turn_us_ : stopwatch_->steady_ns() / 1000;
}

// Batches that went the same way in the same turns are one entry: with a store that answers at
// once, one a turn.
void Rooms::note_settled(const Batch& batch, bool kept) {
  if (!kept) {
    ++latencies_.refused_appends;
    return;
  }
  if (!settled_.empty() && settled_.back().gathered_us == batch.gathered_us &&
      settled_.back().submitted_us == batch.submitted_us) {
    settled_.back().messages += batch.senders.size();
    ++settled_.back().batches;
    return;
  }
  settled_.push_back({batch.gathered_us, batch.submitted_us, batch.senders.size(), 1});
}

void Rooms::record_kept() {
  if (settled_.empty()) return;
  const std::int64_t now_us = stopwatch_us();
  for (const Settled& one : settled_) {
    latencies_.sequencing.record(static_cast<std::uint64_t>(now_us - one.gathered_us),
                                 one.messages);
    latencies_.store_append.record(static_cast<std::uint64_t>(now_us - one.submitted_us),
                                   one.batches);
  }
}

// Members whom the turn's budget of sends did not reach get it in the next turn: that is not in
// here.
void Rooms::record_delivered() {
  if (settled_.empty()) return;
  const std::int64_t now_us = stopwatch_us();
  for (const Settled& one : settled_) {
    latencies_.delivery.record(static_cast<std::uint64_t>(now_us - one.gathered_us), one.messages);
  }
  settled_.clear();
}

bool Rooms::publish(std::string_view name, std::string_view body) {
  Room* room = find(name);
  if (room == nullptr || room->state_ != Room::State::open) return false;
  return room->accept_from_server(body) != Accepted::store_unavailable;
}

void Rooms::tick() {
  release_idle();
  check_joins();
  for (std::size_t i = 0; i < busy_.size(); ++i) check_store(*busy_[i]);
}

void Rooms::check_store(Room& room) {
  const std::int64_t waited = now_ms_ - room.under_way_.front()->since_ms;
  if (waited < options_.store_refuse_after_ms) return;
  // Those whose sockets were not read any more get an answer now.
  for (Member* member : std::exchange(room.paused_, {})) member->delivery_.flush();
  if (waited < options_.store_close_after_ms) return;
  fail_joins(room, JoinError::store_unavailable);
  room.end_all(Ending::store_unavailable, {});
}

}  // namespace gavel::room
