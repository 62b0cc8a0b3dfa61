#include "room/room.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/stamp.h"
#include "room/rooms.h"
#include "ws/frame.h"

namespace gavel::room {
namespace {
constexpr std::size_t kBlockBytesMax = 64 * 1024;
}

Room::Room(Rooms& rooms, RoomKey key, std::string name)
    : rooms_(rooms), key_(key), name_(std::move(name)) {}

Room::~Room() = default;

Member* Room::find(ClientId client) const {
  const auto it = by_client_.find(client);
  return it == by_client_.end() ? nullptr : it->second;
}

std::size_t Room::backlog_bytes() const {
  return frames_.memory_bytes() + (compressed_frames_ ? compressed_frames_->memory_bytes() : 0);
}

// --- messages in --------------------------------------------------------------------------------

Accepted Room::accept(Member& member, Ref ref, std::string_view body, std::uint64_t number) {
  if (ref) {
    if (member.awaited_ref_ && ref > member.awaited_ref_) return Accepted::out_of_order;
    if (ref <= member.last_ref_) {
      Batch* batch = batch_of(member.client_, ref);
      if (batch == nullptr) batch = repeats_of(member.client_);
      if (batch == nullptr) return Accepted::duplicate;
      batch->repeats.push_back({member.client_, ref, number});
      return Accepted::under_way;
    }
  }
  const Accepted result = take(member.client_, ref, body, number);
  if (result == Accepted::store_unavailable) {
    // Nothing is lost in silence: what comes behind this one waits until it comes again.
    if (ref && !member.awaited_ref_) member.awaited_ref_ = ref;
    return result;
  }
  if (ref) {
    member.last_ref_ = ref;
    if (ref == member.awaited_ref_) member.awaited_ref_ = Ref{};
  }
  if (result == Accepted::yes_and_pause) paused_.push_back(&member);
  return result;
}

Accepted Room::accept_from_server(std::string_view body) {
  return take(ClientId{0}, Ref{}, body, 0);
}

Accepted Room::take(ClientId client, Ref ref, std::string_view body, std::uint64_t number) {
  if (!under_way_.empty() &&
      rooms_.now_ms_ - under_way_.front()->since_ms >= rooms_.options_.store_refuse_after_ms) {
    return Accepted::store_unavailable;
  }
  if (!gathering_) {
    gathering_ = rooms_.take_batch();
    gathering_->gathered_us = rooms_.turn_us_;
    rooms_.list_pending(*this);
  }
  BlockBuilder& block = gathering_->block;
  const std::size_t before = block.bytes();
  block.add({client, ref, rooms_.wall_ms_, body});
  gathering_->senders.push_back({client, ref, number});
  unkept_bytes_ += block.bytes() - before;
  ++counters_.messages_in;
  counters_.bytes_in += body.size() + 1;
  if (block.count() == kBlockMessagesMax || block.bytes() >= kBlockBytesMax) submit();
  return unkept_bytes_ >= rooms_.options_.unkept_bytes_max ? Accepted::yes_and_pause
                                                           : Accepted::yes;
}

void Room::submit() {
  if (!gathering_) return;
  gathering_->since_ms = rooms_.now_ms_;
  gathering_->submitted_us = rooms_.submit_us_;
  if (under_way_.empty()) rooms_.list_busy(*this);
  under_way_.push_back(std::move(gathering_));
  BlockBuilder& block = under_way_.back()->block;
  rooms_.log_.append(key_, block.tag(), block.view());
}

// --- messages out -------------------------------------------------------------------------------

void Room::show(MessageId first, std::string_view block) {
  assert(first == life_.last + 1);
  BlockReader reader(block);
  Entry entry;
  MessageId id = first;
  while (reader.next(entry)) {
    append_frame(id, entry);
    if (compressed_frames_) append_compressed(id, entry);
    id = id + 1;
  }
  life_.last = MessageId{id.value - 1};
  make_room(frames_);
  if (compressed_frames_) make_room(*compressed_frames_);
  rooms_.list_dirty(*this);
}

void Room::append_frame(MessageId id, const Entry& entry) {
  char stamp[kStampBytesMax];
  const auto stamp_bytes =
      static_cast<std::size_t>(write_stamp(stamp, id, entry.client, entry.ts_ms) - stamp);
  const std::size_t payload = stamp_bytes + entry.body.size();
  const std::size_t header = ws::frame_header_bytes(payload);
  char* out = frames_.append(id, header + payload);
  ws::encode_frame_header(out, ws::Opcode::text, payload);
  std::copy_n(stamp, stamp_bytes, out + header);
  std::copy_n(entry.body.data(), entry.body.size(), out + header + stamp_bytes);
}

void Room::append_compressed(MessageId id, const Entry& entry) {
  char stamp[kStampBytesMax];
  const char* stamp_end = write_stamp(stamp, id, entry.client, entry.ts_ms);
  scratch_.assign(stamp, static_cast<std::size_t>(stamp_end - stamp));
  scratch_.append(entry.body);
  const std::size_t plain = scratch_.size();
  const bool smaller = rooms_.compressor_->compress(std::string_view(scratch_), scratch_);
  const std::string_view payload = smaller ? std::string_view(scratch_).substr(plain)
                                           : std::string_view(scratch_).substr(0, plain);
  const std::size_t header = ws::frame_header_bytes(payload.size());
  char* out = compressed_frames_->append(id, header + payload.size());
  ws::encode_frame_header(out, ws::Opcode::text, payload.size(), smaller);
  std::copy_n(payload.data(), payload.size(), out + header);
}

// Gives up the oldest chunks. Members that still stand in them read on from the store, a page at a
// time.
void Room::make_room(Backlog& backlog) {
  while (backlog.over(rooms_.options_.backlog_bytes_max)) {
    const std::uint64_t gone = backlog.oldest_end();
    for (Member* member : members_) {
      if (member->paging_ || &frames(*member) != &backlog || member->cursor_.offset >= gone)
        continue;
      const std::string_view rest = backlog.frame_rest(member->cursor_);
      const MessageId next = member->cursor_.next + (rest.empty() ? 0 : 1);
      member->start_page(rest, next);
      if (rest.empty()) rooms_.queue_page(*member);
    }
    backlog.drop_oldest();
  }
}

// The page has been sent: the next one, or live again.
void Room::page_done(Member& member) {
  if (member.page_request_ != 0) return;
  const Backlog& backlog = frames(member);
  if (member.page_next_ >= backlog.first() && member.page_next_ <= backlog.next()) {
    member.paging_ = false;
    member.cursor_ = backlog.find(member.page_next_);
    member.page_ = std::string();
    member.page_at_ = member.page_frame_ = member.page_head_ = 0;
    return;
  }
  rooms_.queue_page(member);
}

void Room::request_page(Member& member) {
  rooms_.log_.read(key_, member.page_request_, MessageId{member.page_next_.value - 1},
                   rooms_.options_.page_bytes);
}

void Room::take_page(Member& member, const Page& page) {
  member.page_.clear();
  member.page_at_ = member.page_frame_ = member.page_head_ = 0;
  MessageId expected = member.page_next_;
  for (const PageBlock& piece : page.blocks) {
    BlockReader reader(piece.block);
    Entry entry;
    for (MessageId id = piece.first; reader.next(entry); id = id + 1) {
      if (id < expected) continue;
      if (id > life_.last) break;  // kept, but this room has not been told yet
      char stamp[kStampBytesMax];
      const char* stamp_end = write_stamp(stamp, id, entry.client, entry.ts_ms);
      const auto stamp_bytes = static_cast<std::size_t>(stamp_end - stamp);
      const std::size_t payload = stamp_bytes + entry.body.size();
      char header[ws::kFrameHeaderBytesMax];
      ws::encode_frame_header(header, ws::Opcode::text, payload);
      member.page_.append(header, ws::frame_header_bytes(payload));
      member.page_.append(stamp, stamp_bytes);
      member.page_.append(entry.body);
      expected = id + 1;
    }
  }
  member.page_end_ = expected;
}

// --- what became of a batch ---------------------------------------------------------------------

void Room::settle(std::uint64_t tag, const Settlement& settlement) {
  const auto it = std::find_if(under_way_.begin(), under_way_.end(),
                               [tag](const auto& batch) { return batch->block.tag() == tag; });
  if (it == under_way_.end()) return;
  std::unique_ptr<Batch> batch = std::move(*it);
  under_way_.erase(it);
  unkept_bytes_ -= batch->block.bytes();
  rooms_.note_settled(*batch, settlement.kept);
  if (!settlement.kept) {
    refuse_all(std::move(batch), settlement.error);
    // What was taken behind a refused message can't be kept in its place (promise P2).
    if (gathering_) {
      unkept_bytes_ -= gathering_->block.bytes();
      refuse_all(std::exchange(gathering_, nullptr), settlement.error);
    }
  } else {
    rooms_.end_publishes(*this, *batch, settlement);
    for (const std::uint16_t index : settlement.duplicates) {
      const Batch::Sender& sender = batch->senders[index];
      if (Member* member = find(sender.client)) member->joiner_->on_duplicate(sender.ref);
    }
    answer_repeats(*batch);
    rooms_.give_batch(std::move(batch));
  }
  if (under_way_.empty()) rooms_.unlist_busy(*this);
  if (unkept_bytes_ < rooms_.options_.unkept_bytes_max && !paused_.empty()) {
    for (Member* member : std::exchange(paused_, {})) member->delivery_.flush();
  }
}

// The batch under way that has this message; null where it is settled.
Batch* Room::batch_of(ClientId client, Ref ref) const {
  const auto holds_it = [&](const std::unique_ptr<Batch>& batch) {
    return std::any_of(
        batch->senders.begin(), batch->senders.end(),
        [&](const Batch::Sender& sender) { return sender.client == client && sender.ref == ref; });
  };
  if (gathering_ && holds_it(gathering_)) return gathering_.get();
  const auto it = std::find_if(under_way_.begin(), under_way_.end(), holds_it);
  return it == under_way_.end() ? nullptr : it->get();
}

// A batch that holds answers to earlier repeats of this client: a later one may not overtake them.
Batch* Room::repeats_of(ClientId client) const {
  const auto holds_one = [client](const std::unique_ptr<Batch>& batch) {
    return std::any_of(batch->repeats.begin(), batch->repeats.end(),
                       [client](const Batch::Sender& repeat) { return repeat.client == client; });
  };
  if (gathering_ && holds_one(gathering_)) return gathering_.get();
  const auto it = std::find_if(under_way_.rbegin(), under_way_.rend(), holds_one);
  return it == under_way_.rend() ? nullptr : it->get();
}

// Repeats of what is kept all the same.
void Room::answer_repeats(const Batch& batch) {
  for (const Batch::Sender& repeat : batch.repeats) {
    Member* member = find(repeat.client);
    if (member != nullptr && repeat.ref <= member->last_ref_) {
      member->joiner_->on_duplicate(repeat.ref);
    }
  }
}

void Room::refuse_all(std::unique_ptr<Batch> batch, LogError error) {
  for (const Batch::Sender& sender : batch->senders) refuse(sender, error);
  answer_repeats(*batch);
  rooms_.give_batch(std::move(batch));
}

void Room::refuse(const Batch::Sender& sender, LogError error) {
  if (sender.client == ClientId{0}) {
    rooms_.end_publish(*this, sender.number, std::nullopt, error);
    return;
  }
  const Ref before{sender.ref.value == 0 ? 0 : sender.ref.value - 1};
  if (Member* member = find(sender.client)) {
    if (sender.ref && (!member->awaited_ref_ || sender.ref < member->awaited_ref_)) {
      member->awaited_ref_ = sender.ref;
      member->last_ref_ = std::min(member->last_ref_, before);
    }
    member->joiner_->on_refused(sender.ref, sender.number, error);
    return;
  }
  const auto it = identities_.find(sender.client);
  if (it == identities_.end() || !sender.ref) return;
  it->second.last_ref = std::min(it->second.last_ref, before);
  if (!it->second.awaited_ref || sender.ref < it->second.awaited_ref)
    it->second.awaited_ref = sender.ref;
}

// --- members ------------------------------------------------------------------------------------

void Room::add_member(Member& member, ClientId client, MessageId next, bool compressed) {
  member.room_ = this;
  member.client_ = client;
  member.index_ = members_.size();
  member.compressed_ = compressed && rooms_.compressor_ != nullptr;
  members_.push_back(&member);
  by_client_[client] = &member;
  if (member.compressed_ && !compressed_frames_) {
    compressed_frames_ = std::make_unique<Backlog>();
    compressed_frames_->reset(life_.last + 1);
  }
  place_cursor(member, next);
}

void Room::place_cursor(Member& member, MessageId next) {
  const Backlog& backlog = frames(member);
  if (next >= backlog.first() && next <= backlog.next()) {
    member.paging_ = false;
    member.cursor_ = backlog.find(next);
    if (next <= life_.last) rooms_.list_dirty(*this);
    return;
  }
  member.start_page({}, next);
  rooms_.queue_page(member);
}

void Room::remove_member(Member& member) {
  // A frame that the socket has begun must end before anything else may follow.
  if (const std::size_t rest = member.frame_rest(); rest != 0) {
    iovec span;
    if (member.spans(&span, 1) == 1)
      member.delivery_.finish_frame({static_cast<char*>(span.iov_base), rest});
  }
  rooms_.forget_page(member);
  remember(member);
  std::erase(paused_, &member);
  by_client_.erase(member.client_);
  members_[member.index_] = members_.back();
  members_[member.index_]->index_ = member.index_;
  members_.pop_back();
  member.room_ = nullptr;
  member.paging_ = false;
  member.page_ = std::string();
  member.page_at_ = member.page_frame_ = member.page_head_ = 0;
  member.last_ref_ = member.awaited_ref_ = Ref{};
  if (!members_.empty()) return;
  frames_.shrink();
  compressed_frames_.reset();
  rooms_.note_if_empty(*this);
}

void Room::remember(const Member& member) {
  if (identities_.size() >= rooms_.options_.identities_max) {
    std::erase_if(identities_, [this](const auto& known) {
      return rooms_.now_ms_ - known.second.left_ms >= rooms_.options_.resume_ttl_ms;
    });
    if (identities_.size() >= rooms_.options_.identities_max) return;
  }
  identities_[member.client_] = {member.last_ref_, member.awaited_ref_, rooms_.now_ms_};
}

void Room::end_all(Ending ending, std::string_view reason) {
  while (!members_.empty()) rooms_.put_out(*members_.back(), ending, reason);
}

}  // namespace gavel::room
