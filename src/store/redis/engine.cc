#include "store/redis/engine.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"

namespace gavel::store::redis {

Engine::Engine(boost::asio::io_context& io, TlsClient* tls, EngineOptions options)
    : io_(io),
      options_(std::move(options)),
      library_(function_library()),
      topology_(io, tls, options_.topology, library_, *this, [this] { route_rooms(); }) {}

Engine::~Engine() = default;

void Engine::close() { topology_.close(); }

Room* Engine::find(std::uint64_t serial) const {
  const auto it = rooms_.find(serial);
  return it == rooms_.end() ? nullptr : it->second.get();
}

// --- between shards and rooms

void Engine::emit(ShardLink& link, Event event) {
  link.events.push_back(std::move(event));
  if (!std::exchange(link.listed, true)) dirty_.push_back(&link);
  if (std::exchange(post_scheduled_, true)) return;
  boost::asio::post(io_, [this] { post_answers(); });
}

Event& Engine::emit(Room& room, Event::Kind kind) {
  Event event;
  event.kind = kind;
  event.room = room.key;
  emit(*room.link, std::move(event));
  return room.link->events.back();
}

void Engine::take(ShardLink& link, std::vector<Op>& ops) {
  if (std::find(links_.begin(), links_.end(), &link) == links_.end()) links_.push_back(&link);
  for (Op& op : ops) {
    if (op.kind == Op::Kind::lease) {
      link.lease_wanted = true;
      lease(link);
      continue;
    }
    if (op.kind == Op::Kind::open) {
      open_room(link, op);
      continue;
    }
    const auto it = link.rooms.find(op.room);
    if (it == link.rooms.end()) continue;
    Room& room = *it->second;
    switch (op.kind) {
      case Op::Kind::append:
        append(room, op);
        break;
      case Op::Kind::close:
        close_room(room);
        continue;
      default:
        room.waiting.push_back({std::move(op), now_ms_});
    }
  }
  // Not before all of them are there: what came in one turn leaves as one block.
  for (const Op& op : ops) {
    if (op.kind == Op::Kind::lease || op.kind == Op::Kind::close) continue;
    if (const auto it = link.rooms.find(op.room); it != link.rooms.end()) advance(*it->second);
  }
}

void Engine::open_room(ShardLink& link, Op& op) {
  auto room = std::make_unique<Room>();
  room->serial = next_serial_++;
  room->link = &link;
  room->key = op.room;
  room->name = std::move(op.name);
  room->keys = room_keys(room->name);
  room->node = topology_.node_of(room->keys.slot);
  room->next_check_ms = now_ms_ + kCheckMs;
  if (channels_.contains(room->keys.log)) {
    // A room lives on one shard, which closes it before it opens it again.
    Event event;
    event.kind = Event::Kind::open_failed;
    event.room = op.room;
    emit(link, std::move(event));
    return;
  }
  if (const auto it = orphans_.find(room->keys.log); it != orphans_.end()) {
    room->subscriptions_awaited = it->second;
    orphans_.erase(it);
  }
  Room& opened_room = *room;
  link.rooms[op.room] = &opened_room;
  channels_[opened_room.keys.log] = &opened_room;
  round_robin_.push_back(opened_room.serial);
  rooms_.emplace(opened_room.serial, std::move(room));
  if (usable(opened_room)) subscribe(opened_room);
}

void Engine::close_room(Room& room) {
  if (usable(room)) {
    if (room.opened) {
      // So that a Redis that comes back knows that it lacks nothing of a room that nobody has in
      // memory.
      Command command{"FCALL", library_.prefix + "close", "1", room.keys.meta};
      room.node->call(command.add(room.life.epoch.value).add(room.life.last.value), [](Reply*) {});
    }
    room.node->unsubscribe(room.keys.log);
    if (room.subscriptions_awaited != 0) orphans_[room.keys.log] = room.subscriptions_awaited;
  }
  channels_.erase(room.keys.log);
  room.link->rooms.erase(room.key);
  recent_bytes_ -= room.recent_bytes;
  rooms_.erase(room.serial);
}

void Engine::detach(ShardLink& link) {
  for (const auto& [key, room] : std::unordered_map(link.rooms)) close_room(*room);
  std::erase(dirty_, &link);
  std::erase(links_, &link);
}

void Engine::lease(ShardLink& link) {
  Node* node = topology_.node_of(slot_of(kClientsKey));
  if (!link.lease_wanted || link.lease_under_way || node == nullptr || !node->ready()) return;
  link.lease_under_way = true;
  // A counter that begins anew begins elsewhere, and each lease has random bits of its own: a Redis
  // that forgot some leases does not give them again. 23 bits of counter, 20 random ones, 10 for a
  // thousand ids: a JSON number's 53.
  constexpr std::uint64_t kLeaseCount = 1000;
  Command command{"FCALL", node->function("lease"), "1", kClientsKey};
  command.add(random_.below(1 << 22));
  const std::uint64_t low = random_.below(1 << 20);
  node->call_gated(command, [this, link = &link, low](Reply* reply) {
    if (std::find(links_.begin(), links_.end(), link) == links_.end()) return;
    link->lease_under_way = false;
    if (reply == nullptr || reply->word() != "OK") {
      if (reply != nullptr && trouble_of(reply->text) == Trouble::moved)
        topology_.moved(reply->text);
      return;
    }
    link->lease_wanted = false;
    Event event;
    event.kind = Event::Kind::leased;
    event.first = MessageId{((reply->number(1) & ((1 << 23) - 1)) << 30 | low << 10) + 1};
    event.count = kLeaseCount;
    emit(*link, std::move(event));
  });
}

void Engine::share_value(std::string_view key, std::string_view ours, Connection::Answer answer) {
  Node* node = topology_.node_of(slot_of(key));
  if (node == nullptr || !node->ready()) return answer(nullptr);
  node->call_gated(Command{"SET", key, ours, "NX"}, [](Reply*) {});
  node->call_gated(Command{"GET", key}, std::move(answer));
}

// --- nodes

void Engine::on_ready(Node& node) {
  GAVEL_LOG(store, info, "Redis is there", {"redis", node.address().text()});
  for (const auto& [serial, room] : rooms_) {
    if (room->node == &node) subscribe(*room);
  }
  for (ShardLink* link : links_) lease(*link);
}

void Engine::on_lost(Node& node) {
  orphans_.clear();
  for (const auto& [serial, room] : rooms_) {
    if (room->node == &node) unready(*room);
  }
}

void Engine::subscribe(Room& room) {
  ++room.subscriptions_awaited;
  room.node->subscribe(room.keys.log);
}

// Nothing is heard of the room any more: it starts again at its subscription.
void Engine::unready(Room& room) {
  ++room.attempt;
  room.subscribed = room.checked = room.control = room.filling = room.retaining = false;
  room.subscriptions_awaited = 0;
  room.not_before_ms = 0;
  if (std::exchange(room.append_sent, false)) room.unclear = true;
}

void Engine::on_subscribed(Node& node, std::string_view channel) {
  const std::string name(channel);
  if (const auto it = orphans_.find(name); it != orphans_.end() && --it->second == 0)
    orphans_.erase(it);
  const auto it = channels_.find(name);
  if (it == channels_.end() || it->second->node != &node) return;
  Room& room = *it->second;
  if (room.subscriptions_awaited != 0) --room.subscriptions_awaited;
  if (room.subscriptions_awaited != 0)
    return;  // an earlier life's confirmation: an unsubscribe follows it
  room.subscribed = true;
  room.checked = false;
  advance(room);
}

void Engine::on_unsubscribed(Node& node, std::string_view channel) {
  const auto it = channels_.find(std::string(channel));
  if (it == channels_.end() || it->second->node != &node) return;
  Room& room = *it->second;
  if (!room.subscribed) return;  // our own unsubscribe of an earlier life
  room.subscribed = room.checked = false;
  topology_.moved({});
  retry_later(room, "its slot moves");
}

// The cluster's map changed.
void Engine::route_rooms() {
  for (const auto& [serial, room] : rooms_) {
    Node* node = topology_.node_of(room->keys.slot);
    if (node == room->node) continue;
    if (usable(*room)) room->node->unsubscribe(room->keys.log);
    unready(*room);
    room->node = node;
    if (usable(*room)) subscribe(*room);
  }
}

// --- steps

Command Engine::function(const Room& room, std::string_view name, std::size_t keys) const {
  Command command{"FCALL", library_.prefix + std::string(name)};
  command.add(keys).add(room.keys.log).add(room.keys.meta);
  if (keys == 4) command.add(room.keys.players).add(room.keys.older_players);
  return command;
}

void Engine::advance(Room& room) {
  if (!usable(room) || !room.subscribed || now_ms_ < room.not_before_ms) return;
  if (!room.opened || !room.gives_up.empty()) {
    if (!room.control && !room.append_sent) send_open(room);
    return;
  }
  if (!room.checked) {
    if (!room.control && !room.append_sent) send_check(room);
    return;
  }
  if (!room.append_sent) {
    if (!room.batch && !room.pending.empty()) make_batch(room);
    if (room.batch) send_append(room);
  }
  if (!room.waiting.empty()) send_requests(room);
  if (!room.retaining) retain(room);
}

void Engine::retry_later(Room& room, const std::string& why) {
  room.not_before_ms = now_ms_ + kRetryMs;
  room.checked = false;
  if (room.trouble == why) return;
  room.trouble = why;
  GAVEL_LOG(store, warning, "a room waits for Redis", {"room", room.name}, {"reason", why});
}

bool Engine::handle_trouble(Room& room, const Reply* reply, Trouble& trouble) {
  trouble = Trouble::none;
  if (reply == nullptr) return true;  // the node's end says the rest
  if (!reply->is_error()) return false;
  trouble = trouble_of(reply->text);
  switch (trouble) {
    case Trouble::moved:
      topology_.moved(reply->text);
      retry_later(room, "its slot moved");
      break;
    case Trouble::not_master:
    case Trouble::no_function:
      // Connecting anew finds the master and loads the functions.
      room.not_before_ms = now_ms_ + kRetryMs;
      room.node->restart(reply->text);
      break;
    case Trouble::full:
    case Trouble::wrong_type:
      break;  // each asker has an answer of its own
    default:
      retry_later(room, reply->text);
  }
  return true;
}

// --- time

void Engine::tick(std::int64_t awake_ms, std::int64_t wall_ms) {
  const std::int64_t passed = std::max<std::int64_t>(awake_ms - now_ms_, 1);
  now_ms_ = awake_ms;
  wall_ms_ = wall_ms;
  topology_.tick(awake_ms, random_.next_u64());
  for (const std::uint64_t serial : std::exchange(behind_, {})) {
    Room* room = find(serial);
    if (room == nullptr || !std::exchange(room->listed_behind, false)) continue;
    if (room->behind <= room->life.last || room->filling) continue;
    if (now_ms_ - room->behind_ms >= kBehindMs) {
      fill(*room);
    } else {
      room->listed_behind = true;
      behind_.push_back(serial);
    }
  }
  for (ShardLink* link : links_) lease(*link);
  // Every room once in a retry's time, spread over the ticks.
  std::size_t count = round_robin_.size() * static_cast<std::size_t>(passed) / kRetryMs + 1;
  for (; count > 0 && !round_robin_.empty(); --count) {
    if (round_at_ >= round_robin_.size()) round_at_ = 0;
    Room* room = find(round_robin_[round_at_]);
    if (room == nullptr) {
      round_robin_[round_at_] = round_robin_.back();
      round_robin_.pop_back();
      continue;
    }
    ++round_at_;
    look_after(*room);
  }
}

void Engine::look_after(Room& room) {
  std::erase_if(room.waiting, [&](const Request& request) {
    const bool late = now_ms_ - request.asked_ms > kRequestMs;
    if (late) fail_request(room, request, room::LogError::unavailable);
    return late;
  });
  if (usable(room) && room.checked) forget_old(room);
  if (room.checked && !room.append_sent && now_ms_ >= room.next_check_ms) {
    // An announcement that was lost, or a Redis that was changed behind our back, is noticed here.
    room.next_check_ms = now_ms_ + kCheckMs;
    if (usable(room) && !room.control) send_check(room);
  }
  advance(room);
}

Health Engine::health() const {
  Health health;
  for (const auto& node : topology_.nodes()) {
    if (node->ready() && node->waits_for_replicas()) {
      health.ok = false;
      health.detail =
          "Redis " + node->address().text() + ": fewer replicas than redis-wait-replicas answer";
    }
    if (node->ready() || now_ms_ - node->away_since_ms() < 300) continue;
    health.ok = false;
    health.detail = "Redis " + node->address().text() + " is away: " + node->reason() + " (since " +
                    std::to_string((now_ms_ - node->away_since_ms()) / 1000) + " s)";
  }
  return health;
}

void Engine::post_answers() {
  post_scheduled_ = false;
  for (ShardLink* link : std::exchange(dirty_, {})) {
    link->listed = false;
    // A std::function must be copied: the events are shared, not copied with it.
    auto events = std::make_shared<std::vector<Event>>(std::exchange(link->events, {}));
    link->post(
        [link = link->shared_from_this(), events = std::move(events)] { tell(*link, *events); });
  }
}

}  // namespace gavel::store::redis
