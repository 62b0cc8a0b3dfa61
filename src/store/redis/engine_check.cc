// How a room's life is learned, compared with what was shown, and set right.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "room/block.h"
#include "store/redis/engine.h"

namespace gavel::store::redis {
namespace {

std::string tag_bytes(std::uint64_t tag) {
  std::string bytes(sizeof tag, '\0');
  std::memcpy(bytes.data(), &tag, sizeof tag);
  return bytes;
}

}  // namespace

// --- open

void Engine::send_open(Room& room) {
  // The time with random low bits, above the epoch that is given up: no store that forgot
  // everything gives it again.
  std::uint64_t candidate = static_cast<std::uint64_t>(wall_ms_) << 8 | random_.below(256);
  candidate = std::max(candidate, room.life.epoch.value + 1);
  Command command = function(room, "open", 4);
  command.add(room.node->run_id()).add(candidate).add(room.name);
  command.add(static_cast<std::uint64_t>(options_.repair_grace_ms)).add(room.gives_up);
  command.add(options_.topology.node.wait_replicas == 0 ? "0" : "1");
  command.add(room.node->trusted() ? "1" : "0");
  room.control = true;
  room.node->call_gated(command, for_room(room, [this](Room& one, Reply* reply) {
                          one.control = false;
                          Trouble trouble;
                          if (!handle_trouble(one, reply, trouble)) return opened(one, *reply);
                          if (trouble == Trouble::wrong_type && !one.opened) {
                            emit(one, Event::Kind::open_failed).error = room::LogError::corrupt;
                            return close_room(one);
                          }
                          if (trouble == Trouble::wrong_type || trouble == Trouble::full) {
                            retry_later(one, reply->text);
                          }
                        }));
}

void Engine::opened(Room& room, const Reply& reply) {
  if (reply.word() != "OK") return retry_later(room, "an unknown answer to open");
  room::RoomLife life;
  life.epoch = Epoch{reply.number(1)};
  life.first = MessageId{reply.number(2)};
  life.last = MessageId{reply.number(3)};
  life.first_epoch = reply.number(4) == 0;
  const std::uint64_t wait_ms = reply.number(5);
  room.gives_up.clear();
  room.trouble.clear();
  if (!room.opened) {
    if (wait_ms != 0) {
      // Redis began a new run and may have forgotten something: the servers that showed it put it
      // back first.
      room.not_before_ms = now_ms_ + static_cast<std::int64_t>(wait_ms);
      return;
    }
    room.opened = true;
    room.life = life;
    room.shown_first = MessageId{reply.number(6)};
    if (reply.items.size() > 7 && reply.items[7].text.size() == sizeof room.shown_tag) {
      std::memcpy(&room.shown_tag, reply.items[7].text.data(), sizeof room.shown_tag);
    }
    emit(room, Event::Kind::opened).life = life;
  } else if (life.epoch != room.life.epoch) {
    begin_epoch(room, life);
  }
  room.checked = false;
  advance(room);
}

void Engine::begin_epoch(Room& room, const room::RoomLife& life) {
  GAVEL_LOG(store, error, "the store lost a room's past: a new epoch begins", {"room", room.name},
            {"old", room.life.epoch.value}, {"new", life.epoch.value},
            {"shown", room.life.last.value});
  room.life = life;
  room.shown_first = MessageId{0};
  room.behind = MessageId{0};
  room.pending.clear();
  room.batch.reset();
  room.unsettled.clear();
  room.unclear = false;
  ++room.epoch_round;
  recent_bytes_ -= std::exchange(room.recent_bytes, 0);
  room.recent.clear();
  room.generations.clear();
  emit(room, Event::Kind::new_epoch).life = life;
}

void Engine::give_up_epoch(Room& room, const char* why) {
  GAVEL_LOG(store, error, "a room can't go on in its epoch", {"room", room.name}, {"reason", why});
  room.gives_up = std::to_string(room.life.epoch.value);
  advance(room);
}

// --- check

void Engine::send_check(Room& room) {
  Command command = function(room, "check", 2);
  command.add(room.life.epoch.value).add(room.node->run_id());
  command.add(static_cast<std::uint64_t>(options_.repair_grace_ms));
  command.add(room.shown_first.value).add(tag_bytes(room.shown_tag));
  command.add(room.unclear ? tag_bytes(room.batch->tag) : std::string()).add(room.life.last.value);
  command.add(options_.topology.node.wait_replicas == 0 ? "0" : "1");
  room.control = true;
  const MessageId shown = room.life.last;
  const MessageId shown_first = room.shown_first;
  room.node->call_gated(command,
                        for_room(room, [this, shown, shown_first](Room& one, Reply* reply) {
                          one.control = false;
                          Trouble trouble;
                          if (handle_trouble(one, reply, trouble)) {
                            if (trouble == Trouble::wrong_type)
                              give_up_epoch(one, "its key is not ours");
                            if (trouble == Trouble::full) retry_later(one, reply->text);
                            return;
                          }
                          if (one.append_sent)
                            return;  // a look in passing: the append's answer says more
                          one.checked_at = {shown, shown_first};
                          check_answered(one, *reply);
                        }));
}

void Engine::check_answered(Room& room, const Reply& reply) {
  if (reply.word() == "NOROOM") return give_up_epoch(room, "Redis does not know it any more");
  if (reply.word() == "EPOCH") {
    room.checked = false;
    room.control = false;
    return send_open(room);
  }
  if (reply.word() != "OK") return retry_later(room, "an unknown answer to check");
  const MessageId first{reply.number(1)};
  const MessageId last{reply.number(2)};
  const std::uint64_t wait_ms = reply.number(3);
  const std::uint64_t shown_there = reply.number(4);
  if (last < room.checked_at.last) {
    room.checked = false;
    if (repair(room, last)) return;
    // Somebody else may still have it.
    if (wait_ms == 0)
      return give_up_epoch(room, "Redis has less than was shown, and nobody has the rest");
    room.not_before_ms =
        now_ms_ + std::min<std::int64_t>(static_cast<std::int64_t>(wait_ms), kRetryMs);
    return;
  }
  const bool should_be_there = room.checked_at.first.value != 0 && room.checked_at.first >= first;
  if (should_be_there && shown_there != 1)
    return give_up_epoch(room, "another block stands where one was shown");
  if (first > room.life.first) {
    room.life.first = first;
    emit(room, Event::Kind::trimmed).first = first;
  }
  if (room.unclear) {
    const MessageId found{reply.number(5)};
    room.unclear = false;
    if (found) kept(room, found);
  }
  if (last > room.life.last) heard_of(room, last, true);
  room.checked = wait_ms == 0;
  if (!room.checked) {
    room.not_before_ms = now_ms_ + static_cast<std::int64_t>(wait_ms);
    return;
  }
  room.trouble.clear();
  advance(room);
}

// --- put back

// Sends what was shown behind `redis_last` again, under the same ids. False where not all of it is
// here.
bool Engine::repair(Room& room, MessageId redis_last) {
  const auto from = std::find_if(room.recent.begin(), room.recent.end(),
                                 [&](const Recent& one) { return one.first == redis_last + 1; });
  if (from == room.recent.end()) return false;
  GAVEL_LOG(store, warning, "Redis came back with less than was shown: putting it back",
            {"room", room.name}, {"redis", redis_last.value}, {"shown", room.life.last.value});
  room.control = true;
  for (auto it = from; it != room.recent.end(); ++it) {
    Command command = function(room, "repair", 4);
    command.add(room.life.epoch.value).add(it->first.value);
    command.add(options_.topology.node.wait_replicas == 0 ? "1" : "0").add(*it->block);
    room::BlockReader reader(*it->block);
    room::Entry entry;
    std::unordered_map<std::uint64_t, std::uint64_t> refs;
    while (reader.next(entry)) {
      if (entry.ref) refs[entry.client.value] = std::max(refs[entry.client.value], entry.ref.value);
    }
    for (const auto& [client, ref] : refs) {
      const auto known = room.generations.find(client);
      command.add(client).add(ref).add(known == room.generations.end() ? 0 : known->second);
    }
    const bool last = std::next(it) == room.recent.end();
    room.node->call_gated(command, for_room(room, [this, last](Room& one, Reply* reply) {
                            repaired(one, reply, last);
                          }));
  }
  return true;
}

void Engine::repaired(Room& room, const Reply* reply, bool last) {
  Trouble trouble;
  if (last) room.control = false;
  if (handle_trouble(room, reply, trouble)) {
    if (reply != nullptr && (trouble == Trouble::full || trouble == Trouble::wrong_type)) {
      retry_later(room, reply->text);
    }
    return;
  }
  if (reply->word() == "CONFLICT") room.gives_up = std::to_string(room.life.epoch.value);
  // Whatever else it was: the next check sees how far it came.
  if (last) advance(room);
}

}  // namespace gavel::store::redis
