// Who comes in, who goes, and who comes back: joins wait for the room to open, for what the store
// knows of a player who resumes, and for client ids.
#include <algorithm>
#include <utility>

#include "room/rooms.h"

namespace gavel::room {

void Rooms::join(Member& member, Joiner& joiner, JoinSpec spec) {
  Room* room = find(spec.room);
  if (room == nullptr) room = open(spec.room);
  if (room == nullptr) {
    joiner.on_join_failed(JoinError::too_many_rooms);
    return;
  }
  auto join = std::make_unique<PendingJoin>();
  join->spec = std::move(spec);
  join->member = &member;
  join->joiner = &joiner;
  join->since_ms = now_ms_;
  member.joiner_ = &joiner;
  if (room->state_ == Room::State::open && room->joins_.empty() && advance_join(*room, *join))
    return;
  member.joining_ = room;
  if (room->joins_.empty()) joining_.push_back(room->key_);
  room->joins_.push_back(std::move(join));
}

void Rooms::leave(Member& member) {
  if (member.room_ != nullptr) {
    member.room_->remove_member(member);
    member.joiner_ = nullptr;
    return;
  }
  Room* room = std::exchange(member.joining_, nullptr);
  if (room == nullptr) return;
  std::erase_if(room->joins_, [&](const std::unique_ptr<PendingJoin>& join) {
    if (join->member != &member) return false;
    forget_claim(*join);
    return true;
  });
  member.joiner_ = nullptr;
  note_if_empty(*room);
}

void Rooms::put_out(Member& member, Ending ending, std::string_view reason) {
  member.room_->remove_member(member);
  member.joiner_ = nullptr;
  member.delivery_.ended(ending, reason);
}

void Rooms::advance_joins(Room& room) {
  // A join that ends may start others through its joiner: those are appended and seen, too.
  for (std::size_t i = 0; i < room.joins_.size();) {
    PendingJoin* join = room.joins_[i].get();
    if (!advance_join(room, *join)) {
      ++i;
      continue;
    }
    const auto it = std::find_if(room.joins_.begin(), room.joins_.end(),
                                 [join](const auto& one) { return one.get() == join; });
    if (it == room.joins_.end()) continue;
    forget_claim(*join);
    join->member->joining_ = nullptr;
    room.joins_.erase(it);
  }
}

// The store's answer, should it still come, is for nobody.
void Rooms::forget_claim(const PendingJoin& join) {
  if (!join.claiming || join.claimed) return;
  std::erase_if(claims_, [&join](const auto& claim) { return claim.second == &join; });
}

// What operators set. False where it keeps the player out, who was told so then.
bool Rooms::may_enter(const Room& room, PendingJoin& join, bool resumes) {
  const RoomRule* rule = rules_.find(room.name_);
  std::size_t capacity = options_.members_max;
  std::optional<JoinError> refusal;
  if (rule != nullptr) {
    if (rules_.is_banned(*rule, join.spec.player, join.spec.address, now_ms_))
      refusal = JoinError::banned;
    else if (rule->locked && !resumes)
      refusal = JoinError::room_locked;
    if (rule->capacity != 0) capacity = std::min(capacity, rule->capacity);
  }
  if (!refusal && !resumes && room.members_.size() >= capacity) refusal = JoinError::room_full;
  if (refusal) join.joiner->on_join_failed(*refusal);
  return !refusal;
}

bool Rooms::advance_join(Room& room, PendingJoin& join) {
  const bool same_life = join.spec.resume && join.spec.resume_epoch == room.epoch();
  if (same_life) {
    const ClientId client = *join.spec.resume;
    const bool in_memory = room.by_client_.contains(client) || room.identities_.contains(client);
    if ((!in_memory || options_.shared_store) && !join.claimed) {
      if (!join.claiming) {
        join.claiming = true;
        const std::uint64_t request = next_request_++;
        claims_.emplace(request, &join);
        log_.claim(room.key_, request, client);
      }
      return false;
    }
    // What joined says of last_ref must be kept, not merely on its way.
    if (!resume_is_settled(room, client)) return false;
    Ref last_ref;
    Ref awaited_ref;
    if (may_resume(room, join, last_ref, awaited_ref)) {
      if (!may_enter(room, join, true)) return true;
      if (Member* older = room.find(client)) put_out(*older, Ending::replaced, {});
      finish_join(room, join, client, last_ref, awaited_ref);
      return true;
    }
  }
  if (!may_enter(room, join, false)) return true;
  if (clients_left_ == 0) {
    log_.lease_client_ids();
    if (std::find(waiting_for_clients_.begin(), waiting_for_clients_.end(), room.key_) ==
        waiting_for_clients_.end()) {
      waiting_for_clients_.push_back(room.key_);
    }
    return false;
  }
  finish_join(room, join, std::nullopt, Ref{}, Ref{});
  return true;
}

bool Rooms::resume_is_settled(const Room& room, ClientId client) const {
  const auto sent_it = [client](const Batch::Sender& sender) { return sender.client == client; };
  const auto has_it = [&](const std::unique_ptr<Batch>& batch) {
    return std::any_of(batch->senders.begin(), batch->senders.end(), sent_it);
  };
  if (room.gathering_ && has_it(room.gathering_)) return false;
  return std::none_of(room.under_way_.begin(), room.under_way_.end(), has_it);
}

bool Rooms::may_resume(const Room& room, const PendingJoin& join, Ref& last_ref,
                       Ref& awaited_ref) const {
  const ClientId client = *join.spec.resume;
  bool known = false;
  if (const Member* older = room.find(client)) {
    known = true;
    last_ref = older->last_ref_;
    awaited_ref = older->awaited_ref_;
  } else if (const auto it = room.identities_.find(client); it != room.identities_.end()) {
    known = now_ms_ - it->second.left_ms < options_.resume_ttl_ms;
    last_ref = it->second.last_ref;
    awaited_ref = it->second.awaited_ref;
  }
  if (join.claimed && join.claim.ok) {
    if (options_.shared_store) {
      // The claim made what was on its way under an older one void: the store alone knows.
      last_ref = join.claim.last_ref;
      awaited_ref = Ref{};
    }
    last_ref = std::max(last_ref, join.claim.last_ref);
    // This process has not known the room for long enough to say that the time is over; with a
    // shared store another server may have seen him last.
    known = known || options_.shared_store || now_ms_ - room.opened_ms_ < options_.resume_ttl_ms;
  }
  return known;
}

void Rooms::finish_join(Room& room, PendingJoin& join, std::optional<ClientId> resumed,
                        Ref last_ref, Ref awaited_ref) {
  Joined joined;
  joined.epoch = room.epoch();
  joined.last = room.last();
  joined.resumed = resumed.has_value();
  joined.last_ref = last_ref;
  if (resumed) {
    joined.client = *resumed;
    room.identities_.erase(*resumed);
  } else {
    joined.client = next_client_;
    next_client_ = ClientId{next_client_.value + 1};
    if (--clients_left_ == 100) log_.lease_client_ids();
  }
  const JoinSpec& spec = join.spec;
  const MessageId since{spec.since};
  if (spec.latest) {
    joined.first = room.last() + 1;
    joined.recovered = !spec.epoch || *spec.epoch == room.epoch();
  } else {
    const bool this_life =
        spec.epoch ? *spec.epoch == room.epoch() : spec.since == 0 || room.life_.first_epoch;
    const bool retained = spec.since == 0 || (since <= room.last() && since + 1 >= room.first());
    joined.recovered = this_life && retained;
    joined.first = joined.recovered ? std::max(since + 1, room.first()) : room.first();
  }
  Member& member = *join.member;
  Joiner& joiner = *join.joiner;
  room.add_member(member, joined.client, joined.first, spec.compressed);
  member.last_ref_ = last_ref;
  member.awaited_ref_ = awaited_ref;
  joiner.on_joined(joined);
}

void Rooms::on_claimed(RoomKey key, std::uint64_t request, const Claim& claim) {
  const auto it = claims_.find(request);
  if (it == claims_.end()) return;
  PendingJoin* join = it->second;
  claims_.erase(it);
  join->claimed = true;
  join->claim = claim;
  if (Room* room = by_key(key)) advance_joins(*room);
}

void Rooms::on_leased(ClientId first, std::uint64_t count) {
  // A lease that comes while the last one still holds some: those are given up, numbers are plenty.
  next_client_ = first;
  clients_left_ = count;
  for (const RoomKey key : std::exchange(waiting_for_clients_, {})) {
    if (Room* room = by_key(key)) advance_joins(*room);
  }
}

void Rooms::fail_joins(Room& room, JoinError error) {
  for (auto& join : std::exchange(room.joins_, {})) {
    forget_claim(*join);
    join->member->joining_ = nullptr;
    join->joiner->on_join_failed(error);
  }
}

// Joins that the store keeps waiting for too long.
void Rooms::check_joins() {
  std::erase_if(joining_, [this](RoomKey key) {
    Room* room = by_key(key);
    if (room == nullptr || room->joins_.empty()) return true;
    if (now_ms_ - room->joins_.front()->since_ms < options_.store_refuse_after_ms) return false;
    fail_joins(*room, JoinError::store_unavailable);
    note_if_empty(*room);
    return true;
  });
}

}  // namespace gavel::room
