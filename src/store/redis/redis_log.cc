#include "store/redis/redis_log.h"

#include <utility>

namespace gavel::store::redis {

RedisLog::RedisLog(Courier& courier, Post post)
    : courier_(courier), link_(std::make_shared<ShardLink>(std::move(post))) {}

RedisLog::~RedisLog() {
  link_->listener = nullptr;
  courier_.detach(link_);
}

Op& RedisLog::ask(Op::Kind kind, RoomKey room) {
  Op& op = ops_.emplace_back();
  op.kind = kind;
  op.room = room;
  return op;
}

void RedisLog::open(RoomKey room, std::string_view name) {
  link_->rounds[room] = {};
  ask(Op::Kind::open, room).name = name;
}

void RedisLog::append(RoomKey room, std::uint64_t tag, std::string_view block) {
  const ShardLink::Rounds rounds = link_->rounds[room];
  Op& op = ask(Op::Kind::append, room);
  op.id = tag;
  op.block = block;
  op.epoch_round = rounds.epoch;
  op.refusal_round = rounds.refusal;
}

void RedisLog::read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) {
  Op& op = ask(Op::Kind::read, room);
  op.id = request;
  op.at = after;
  op.bytes = bytes_max;
}

void RedisLog::claim(RoomKey room, std::uint64_t request, ClientId client) {
  Op& op = ask(Op::Kind::claim, room);
  op.id = request;
  op.client = client;
}

void RedisLog::trim(RoomKey room, MessageId up_to) { ask(Op::Kind::trim, room).at = up_to; }

void RedisLog::close(RoomKey room) {
  link_->rounds.erase(room);
  ask(Op::Kind::close, room);
}

void RedisLog::lease_client_ids() { ask(Op::Kind::lease, RoomKey{}); }

void RedisLog::commit() {
  if (!ops_.empty()) courier_.submit(link_, std::exchange(ops_, {}));
}

// --- answers

namespace {

void deliver_page(room::LogListener& listener, const Event& event) {
  std::vector<room::PageBlock> blocks;
  blocks.reserve(event.pieces.size());
  for (const auto& [first, block] : event.pieces) blocks.push_back({first, block});
  room::Page page;
  page.blocks = blocks;
  page.first_retained = event.first;
  page.ok = event.ok;
  page.error = event.error;
  listener.on_page(event.room, event.id, page);
}

void deliver_settlement(ShardLink& link, const Event& event) {
  room::Settlement settlement;
  settlement.kept = event.ok;
  settlement.error = event.error;
  settlement.first = event.first;
  settlement.duplicates = event.duplicates;
  if (event.begins_round) {
    if (const auto it = link.rounds.find(event.room); it != link.rounds.end()) ++it->second.refusal;
  }
  link.listener->on_settled(event.room, event.id, settlement);
}

}  // namespace

void tell(ShardLink& link, const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (link.listener == nullptr) return;
    room::LogListener& listener = *link.listener;
    // A room that was closed meanwhile: its answers are for nobody.
    const auto rounds = link.rounds.find(event.room);
    if (event.kind != Event::Kind::leased && rounds == link.rounds.end()) continue;
    switch (event.kind) {
      case Event::Kind::opened:
        listener.on_opened(event.room, event.life);
        break;
      case Event::Kind::open_failed:
        listener.on_open_failed(event.room, event.error);
        break;
      case Event::Kind::kept:
        listener.on_kept(event.room, event.first, *event.block);
        break;
      case Event::Kind::settled:
        deliver_settlement(link, event);
        break;
      case Event::Kind::page:
        deliver_page(listener, event);
        break;
      case Event::Kind::claimed:
        listener.on_claimed(event.room, event.id, event.claim);
        break;
      case Event::Kind::trimmed:
        listener.on_trimmed(event.room, event.first);
        break;
      case Event::Kind::new_epoch:
        ++rounds->second.epoch;
        listener.on_new_epoch(event.room, event.life);
        break;
      case Event::Kind::leased:
        listener.on_leased(ClientId{event.first.value}, event.count);
        break;
    }
  }
}

}  // namespace gavel::store::redis
