// How messages get into Redis and from there to the rooms.
#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "room/block.h"
#include "store/redis/engine.h"

namespace gavel::store::redis {
namespace {

// A block of one room holds at most so much; a part is never cut, so it may be more.
constexpr std::size_t kBatchBytesMax = 64 << 10;

std::uint32_t count_of(std::string_view block) {
  return static_cast<std::uint32_t>(room::BlockReader(block).header().count);
}

// What the block says of players' refs, one entry each, in the order of their first messages.
void note_player(std::vector<Player>& players, const room::Entry& entry) {
  if (!entry.ref) return;
  const auto it = std::find_if(players.begin(), players.end(), [&](const Player& player) {
    return player.client == entry.client.value;
  });
  if (it == players.end()) {
    players.push_back({entry.client.value, entry.ref.value, entry.ref.value, 0});
    return;
  }
  it->lowest = std::min(it->lowest, entry.ref.value);
  it->highest = std::max(it->highest, entry.ref.value);
}

}  // namespace

void Engine::append(Room& room, const Op& op) {
  if (op.epoch_round != room.epoch_round)
    return;  // the new epoch settled it; its bytes may be gone
  if (op.refusal_round != room.refusal_round) {
    Event& event = emit(room, Event::Kind::settled);
    event.id = op.id;
    event.ok = false;
    event.error = room::LogError::full;
    return;
  }
  room.pending.push_back({op.id, op.block, count_of(op.block)});
}

// --- one block of all that waits

void Engine::make_batch(Room& room) {
  auto batch = std::make_unique<Batch>();
  std::size_t messages = 0;
  std::size_t bytes = 0;
  while (!room.pending.empty()) {
    const Part& part = room.pending.front();
    if (!batch->parts.empty() && (messages + part.count > room::kBlockMessagesMax ||
                                  bytes + part.block.size() > kBatchBytesMax)) {
      break;
    }
    messages += part.count;
    bytes += part.block.size();
    batch->parts.push_back(part);
    room.pending.pop_front();
  }
  build(room, *batch);
  room.batch = std::move(batch);
  room.unclear = false;
}

// Makes the block from the parts, without what is dropped.
void Engine::build(Room& room, Batch& batch) {
  room::BlockBuilder builder;
  batch.tag = random_.next_u64();
  builder.start(batch.tag);
  batch.players.clear();
  std::uint16_t index = 0;
  for (const Part& part : batch.parts) {
    room::BlockReader reader(part.block);
    room::Entry entry;
    for (; reader.next(entry); ++index) {
      if (std::binary_search(batch.drops.begin(), batch.drops.end(), index)) continue;
      builder.add(entry);
      note_player(batch.players, entry);
    }
  }
  batch.count = static_cast<std::uint32_t>(builder.count());
  batch.block = nullptr;
  if (batch.count == 0) return;
  for (Player& player : batch.players) {
    const auto it = room.generations.find(player.client);
    if (it != room.generations.end()) player.generation = it->second;
  }
  auto block = std::make_shared<std::string>(builder.view());
  room::seal_block(block->data(), block->size());
  batch.block = std::move(block);
}

void Engine::send_append(Room& room) {
  const Batch& batch = *room.batch;
  Command command = function(room, "append", 4);
  command.add(room.life.epoch.value).add(room.node->run_id()).add(room.life.last.value);
  // With replicas to wait for, an announcement from inside the function would be seen too early.
  command.add(options_.topology.node.wait_replicas == 0 ? "1" : "0").add(*batch.block);
  for (const Player& player : batch.players) {
    command.add(player.client).add(player.lowest).add(player.highest).add(player.generation);
  }
  room.append_sent = true;
  room.node->call_gated(command,
                        for_room(room, [this](Room& one, Reply* reply) { appended(one, reply); }));
}

void Engine::appended(Room& room, const Reply* reply) {
  room.append_sent = false;
  if (!room.batch) return advance(room);  // a new epoch has settled it meanwhile
  Trouble trouble;
  if (handle_trouble(room, reply, trouble)) {
    switch (trouble) {
      case Trouble::full:
        // Those that are kept and not shown yet are answered first.
        if (!room.unsettled.empty()) return retry_later(room, reply->text);
        return refuse(room, room::LogError::full);
      case Trouble::wrong_type:
        return refuse(room, room::LogError::corrupt);
      case Trouble::none:
      case Trouble::unclear:
        room.unclear = true;
        room.checked = false;
        return;
      default:
        return;  // it did not happen, and is sent again
    }
  }
  const std::string_view word = reply->word();
  room.trouble.clear();
  if (word == "OK") {
    kept(room, MessageId{reply->number(1)});
  } else if (word == "DUPLICATE") {
    leave_out(room, *reply);
  } else {
    // NOROOM, EPOCH, SUSPECT, ROLLBACK: the check finds out and sets it right.
    room.checked = false;
  }
  advance(room);
}

// Some of it is kept already, or was sent by a player who has come back elsewhere: the rest goes on
// its own.
void Engine::leave_out(Room& room, const Reply& reply) {
  Batch& batch = *room.batch;
  const std::size_t before = batch.drops.size();
  std::uint16_t index = 0;
  for (const Part& part : batch.parts) {
    room::BlockReader reader(part.block);
    room::Entry entry;
    for (; reader.next(entry); ++index) {
      if (!entry.ref) continue;
      for (std::size_t i = 1; i + 2 < reply.items.size(); i += 3) {
        if (reply.number(i) != entry.client.value) continue;
        if (entry.ref.value <= reply.number(i + 1) || reply.number(i + 2) == 1)
          batch.drops.push_back(index);
      }
    }
  }
  std::sort(batch.drops.begin(), batch.drops.end());
  batch.drops.erase(std::unique(batch.drops.begin(), batch.drops.end()), batch.drops.end());
  if (batch.drops.size() == before) {
    // Redis compares as floating point, we exactly: beyond what a JSON number holds they may
    // differ.
    batch.drops.clear();
    for (index = 0; const Part& part : batch.parts) {
      for (std::uint32_t i = 0; i < part.count; ++i) batch.drops.push_back(index++);
    }
  }
  build(room, batch);
  if (batch.block == nullptr) kept(room, MessageId{0});
}

// --- what became of it

void Engine::kept(Room& room, MessageId first) {
  std::unique_ptr<Batch> batch = std::move(room.batch);
  room.unclear = false;
  batch->first = first;
  if (batch->block != nullptr) {
    const MessageId last = first + (batch->count - 1);
    if (options_.topology.node.wait_replicas != 0) announce(room, first, *batch->block);
    if (!deliver(room, first, batch->block)) heard_of(room, last, false);
    room.unretained_messages += batch->count;
    room.unretained_bytes += batch->block->size();
  }
  room.unsettled.push_back(std::move(batch));
  settle_shown(room);
}

void Engine::announce(Room& room, MessageId first, const std::string& block) {
  std::string text =
      "B" + std::to_string(room.life.epoch.value) + ":" + std::to_string(first.value) + ":";
  text += block;
  room.node->call(Command{"SPUBLISH", room.keys.log, text}, [](Reply*) {});
}

// Answers the appends whose messages were shown.
void Engine::settle_shown(Room& room) {
  while (!room.unsettled.empty()) {
    const Batch& batch = *room.unsettled.front();
    if (batch.block != nullptr && batch.first + (batch.count - 1) > room.life.last) return;
    MessageId next = batch.first;
    std::size_t index = 0;
    auto drop = batch.drops.begin();
    for (const Part& part : batch.parts) {
      Event& event = emit(room, Event::Kind::settled);
      event.id = part.tag;
      event.first = next;
      for (; drop != batch.drops.end() && *drop < index + part.count; ++drop) {
        event.duplicates.push_back(static_cast<std::uint16_t>(*drop - index));
      }
      index += part.count;
      next = next + (part.count - event.duplicates.size());
    }
    room.unsettled.pop_front();
  }
}

// None of what waits is kept, and what the shard sent meanwhile is not either.
void Engine::refuse(Room& room, room::LogError error) {
  std::vector<Part> parts = std::exchange(room.batch, nullptr)->parts;
  parts.insert(parts.end(), room.pending.begin(), room.pending.end());
  room.pending.clear();
  room.unclear = false;
  ++room.refusal_round;
  for (const Part& part : parts) {
    Event& event = emit(room, Event::Kind::settled);
    event.id = part.tag;
    event.ok = false;
    event.error = error;
    event.begins_round = &part == &parts.front();
  }
}

// --- showing

bool Engine::deliver(Room& room, MessageId first, std::shared_ptr<const std::string> block) {
  if (!room.opened || first != room.life.last + 1) return false;
  const room::BlockReader reader(*block);
  const auto count = static_cast<std::uint32_t>(reader.header().count);
  room.life.last = first + (count - 1);
  room.shown_first = first;
  room.shown_tag = reader.header().tag;
  remember(room, first, count, block);
  Event& event = emit(room, Event::Kind::kept);
  event.first = first;
  event.block = std::move(block);
  settle_shown(room);
  return true;
}

// A message `last` exists: what is missing before it comes by itself, or is read.
void Engine::heard_of(Room& room, MessageId last, bool at_once) {
  if (last <= room.life.last) return;
  if (room.behind <= room.life.last) room.behind_ms = now_ms_;
  room.behind = std::max(room.behind, last);
  if (room.filling || !room.opened) return;
  if (at_once) return fill(room);
  if (std::exchange(room.listed_behind, true)) return;
  behind_.push_back(room.serial);
}

void Engine::on_message(std::string_view channel, std::string_view payload) {
  const auto it = channels_.find(std::string(channel));
  if (it == channels_.end() || payload.empty()) return;
  Room& room = *it->second;
  if (!room.opened) return;
  if (payload[0] != 'B') {
    room.checked = false;  // another server began a new epoch
    return advance(room);
  }
  // "B<epoch>:<first>:<block>"
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  const char* end = payload.data() + payload.size();
  auto [at, error] = std::from_chars(payload.data() + 1, end, epoch);
  if (error != std::errc() || at == end || *at != ':') return;
  auto [block_at, error_2] = std::from_chars(at + 1, end, first);
  if (error_2 != std::errc() || block_at == end || *block_at != ':') return;
  const std::string_view block(block_at + 1, static_cast<std::size_t>(end - block_at - 1));
  if (epoch != room.life.epoch.value) {
    if (epoch < room.life.epoch.value) return;
    room.checked = false;
    return advance(room);
  }
  const MessageId id{first};
  if (id <= room.life.last) {
    // A repeat of what was shown; another block under this id would be a Redis that forgot.
    if (id == room.shown_first && room::BlockReader(block).header().tag != room.shown_tag) {
      room.checked = false;
      advance(room);
    }
    return;
  }
  if (!room::verify_block(block))
    return heard_of(room, id, true);  // the log says what it really is
  if (!deliver(room, id, std::make_shared<const std::string>(block))) {
    heard_of(room, id + (count_of(block) - 1), true);
  }
}

// --- what could be put back

void Engine::remember(Room& room, MessageId first, std::uint32_t count,
                      std::shared_ptr<const std::string> block) {
  room.recent_bytes += block->size();
  recent_bytes_ += block->size();
  room.recent.push_back({first, count, now_ms_, std::move(block)});
  while (room.recent.size() > 1 &&
         (room.recent_bytes > kRecentRoomBytes || recent_bytes_ > kRecentBytes)) {
    room.recent_bytes -= room.recent.front().block->size();
    recent_bytes_ -= room.recent.front().block->size();
    room.recent.pop_front();
  }
}

// Only while Redis is there and fine: while it is away, all of it may be needed.
void Engine::forget_old(Room& room) {
  while (!room.recent.empty() && now_ms_ - room.recent.front().shown_ms > kRecentMs) {
    room.recent_bytes -= room.recent.front().block->size();
    recent_bytes_ -= room.recent.front().block->size();
    room.recent.pop_front();
  }
}

}  // namespace gavel::store::redis
