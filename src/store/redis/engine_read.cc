// What rooms ask of the log besides appending: pages, claims, trimming; and the holes that the
// engine fills itself.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "room/block.h"
#include "store/redis/engine.h"

namespace gavel::store::redis {

void Engine::send_requests(Room& room) {
  for (const Request& request : std::exchange(room.waiting, {})) {
    switch (request.op.kind) {
      case Op::Kind::read:
        send_page(room, request);
        break;
      case Op::Kind::claim:
        send_claim(room, request);
        break;
      default:
        send_retain(room, request.op.at, true);
    }
  }
}

void Engine::fail_request(Room& room, const Request& request, room::LogError error) {
  if (request.op.kind == Op::Kind::trim) return;  // nothing waits for it
  Event& event =
      emit(room, request.op.kind == Op::Kind::read ? Event::Kind::page : Event::Kind::claimed);
  event.id = request.op.id;
  event.ok = false;
  event.error = error;
  event.claim.ok = false;
  event.claim.error = error;
}

// --- pages

void Engine::send_page(Room& room, const Request& request) {
  Command command = function(room, "page", 2);
  command.add(room.life.epoch.value)
      .add(request.op.at.value)
      .add(std::max<std::uint64_t>(request.op.bytes, 1));
  room.node->call(command, [this, serial = room.serial, request](Reply* reply) {
    if (Room* found = find(serial)) page_answered(*found, request, reply);
  });
}

void Engine::page_answered(Room& room, const Request& request, const Reply* reply) {
  Trouble trouble;
  if (handle_trouble(room, reply, trouble) || reply->word() != "OK") {
    if (trouble == Trouble::wrong_type) return fail_request(room, request, room::LogError::corrupt);
    room.waiting.push_back(request);  // answered when the room is fine again, or too late
    room.checked = false;
    return;
  }
  Event event;
  event.kind = Event::Kind::page;
  event.room = room.key;
  event.id = request.op.id;
  event.first = MessageId{reply->number(1)};
  MessageId next;
  for (std::size_t i = 3; i + 1 < reply->items.size(); i += 2) {
    const MessageId first{reply->number(i)};
    const std::string& block = reply->items[i + 1].text;
    if (!room::verify_block(block) || (next && first != next)) {
      GAVEL_LOG(store, error, "a room's log is damaged", {"room", room.name},
                {"msg_id", first.value});
      if (event.pieces.empty()) return fail_request(room, request, room::LogError::corrupt);
      break;  // what stands before it is fine
    }
    next = first + room::BlockReader(block).header().count;
    event.pieces.emplace_back(first, block);
  }
  emit(*room.link, std::move(event));
}

// --- claims

void Engine::send_claim(Room& room, const Request& request) {
  Command command{"FCALL", library_.prefix + "claim", "3"};
  command.add(room.keys.meta).add(room.keys.players).add(room.keys.older_players);
  command.add(room.life.epoch.value).add(request.op.client.value);
  room.node->call_gated(command, [this, serial = room.serial, request](Reply* reply) {
    Room* found = find(serial);
    if (found == nullptr) return;
    Trouble trouble;
    if (handle_trouble(*found, reply, trouble) || reply->word() != "OK") {
      if (trouble == Trouble::wrong_type)
        return fail_request(*found, request, room::LogError::corrupt);
      found->waiting.push_back(request);
      found->checked = false;
      return;
    }
    if (found->generations.size() >= kGenerationsMax &&
        !found->generations.contains(request.op.client.value)) {
      return fail_request(*found, request, room::LogError::unavailable);
    }
    found->generations[request.op.client.value] = reply->number(2);
    Event& event = emit(*found, Event::Kind::claimed);
    event.id = request.op.id;
    event.claim.last_ref = Ref{reply->number(1)};
    event.claim.known = reply->number(1) != 0;
    event.claim.generation = reply->number(2);
  });
}

// --- retention

// When much was appended here, and a while after anything was; where the age counts, at looks after
// the room.
void Engine::retain(Room& room) {
  const Retention& keep = options_.retention;
  if (keep.messages == 0 && keep.bytes == 0 && keep.age_ms == 0) return;
  const bool much = (keep.messages != 0 &&
                     room.unretained_messages >= std::max<std::uint64_t>(keep.messages / 8, 64)) ||
                    (keep.bytes != 0 &&
                     room.unretained_bytes >= std::max<std::uint64_t>(keep.bytes / 8, 16 << 10));
  const bool due =
      now_ms_ >= room.next_retain_ms && (room.unretained_messages != 0 || keep.age_ms != 0);
  if (!much && !due) return;
  room.next_retain_ms =
      now_ms_ + (keep.age_ms == 0 ? 1000 : std::clamp<std::int64_t>(keep.age_ms / 8, 1000, 60'000));
  room.unretained_messages = room.unretained_bytes = 0;
  send_retain(room, MessageId{0}, false);
}

void Engine::send_retain(Room& room, MessageId up_to, bool asked) {
  const Retention& keep = options_.retention;
  Command command = function(room, "retain", 2);
  command.add(room.life.epoch.value).add(up_to.value).add(keep.messages).add(keep.bytes);
  command.add(keep.age_ms == 0
                  ? 0
                  : static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms_ - keep.age_ms, 1)));
  room.retaining = true;
  room.node->call(command, for_room(room, [this, up_to, asked](Room& one, Reply* reply) {
                    one.retaining = false;
                    Trouble trouble;
                    if (handle_trouble(one, reply, trouble) || reply->word() != "OK") return;
                    const MessageId first{reply->number(1)};
                    if (asked || first > one.life.first)
                      emit(one, Event::Kind::trimmed).first = first;
                    one.life.first = std::max(one.life.first, first);
                    if (reply->number(2) == 1) send_retain(one, up_to, false);
                  }));
}

// --- holes

void Engine::fill(Room& room) {
  if (!usable(room) || room.filling) return;
  // What is read here is shown: where replicas are waited for, they must have it.
  const bool gated = options_.topology.node.wait_replicas != 0;
  Command command = function(room, gated ? "page_written" : "page", 2);
  command.add(room.life.epoch.value).add(room.life.last.value).add(kFillBytes);
  room.filling = true;
  room.node->call_gated(command,
                        for_room(room, [this](Room& one, Reply* reply) { filled(one, reply); }));
}

void Engine::filled(Room& room, const Reply* reply) {
  room.filling = false;
  Trouble trouble;
  if (handle_trouble(room, reply, trouble)) return;
  if (reply->word() != "OK") {
    room.checked = false;
    return advance(room);
  }
  const MessageId before = room.life.last;
  if (MessageId{reply->number(1)} > room.life.last + 1) {
    // What we should have shown next is trimmed away: nobody here can go on without a hole. Members
    // come back to the same epoch and are told that they missed something.
    room::RoomLife life = room.life;
    life.first = MessageId{reply->number(1)};
    life.last = MessageId{reply->number(2)};
    return begin_epoch(room, life);
  }
  for (std::size_t i = 3; i + 1 < reply->items.size(); i += 2) {
    const MessageId first{reply->number(i)};
    if (first <= room.life.last) continue;
    auto block = std::make_shared<const std::string>(reply->items[i + 1].text);
    if (!room::verify_block(*block)) {
      GAVEL_LOG(store, error, "a room's log is damaged", {"room", room.name},
                {"msg_id", first.value});
      return retry_later(room, "its log is damaged");
    }
    if (!deliver(room, first, std::move(block))) break;
  }
  if (room.behind > room.life.last && room.life.last > before) fill(room);
  advance(room);
}

}  // namespace gavel::store::redis
