#include "cli/archive/mover.h"

#include <algorithm>

#include "base/log.h"
#include "base/stamp.h"

namespace gavel::cli {
namespace {

constexpr std::size_t kBatchBytes = 2 * 1024 * 1024;
constexpr unsigned kTriesMax = 5;  // where another archiver moves the same room's mark

}  // namespace

void Mover::Batch::add(MessageId id, const room::Entry& entry) {
  bodies.emplace_back(entry.body);
  messages.push_back({id, entry});
  messages.back().entry.body = bodies.back();
  bytes += entry.body.size();
}

void Mover::Batch::clear() {
  messages.clear();
  bodies.clear();
  bytes = 0;
}

store::ArchivedRoom behind(store::ArchivedRoom room,
                           const std::vector<store::ArchiveMessage>& messages) {
  for (const store::ArchiveMessage& message : messages) {
    const room::Entry& entry = message.entry;
    if (room.messages == 0) {
      room.first = message.id;
      room.first_ts_ms = entry.ts_ms;
    }
    if (message.id != room.last + 1) {
      room.holes.push_back({room.last + 1, MessageId{message.id.value - 1}});
    }
    room.last = message.id;
    room.last_ts_ms = entry.ts_ms;
    ++room.messages;
    room.bytes += stamp_bytes(message.id, entry.client, entry.ts_ms) + entry.body.size();
    const auto at = std::lower_bound(room.members.begin(), room.members.end(), entry.client);
    if (at != room.members.end() && *at == entry.client) continue;
    if (room.members.size() < store::kArchiveMembersMax) {
      room.members.insert(at, entry.client);
    } else {
      room.more_members = true;
    }
  }
  return room;
}

Mover::Round Mover::round(std::string& error) {
  ending_ = Round::done;
  totals_.rooms = 0;
  totals_.rooms_stuck = 0;
  const bool listed = source_.rooms(
      [this](const std::string& room, Epoch epoch) {
        if (stop_) return false;
        ++totals_.rooms;
        Turn turn = Turn::again;
        for (unsigned i = 0; i < kTriesMax && turn == Turn::again; ++i) turn = move(room, epoch);
        if (turn == Turn::stuck) ++totals_.rooms_stuck;
        return turn != Turn::failed;
      },
      error);
  if (ending_ != Round::done) error = error_;
  if (!listed && ending_ == Round::done) return Round::no_source;
  return ending_;
}

Mover::Turn Mover::move(const std::string& room, Epoch epoch) {
  store::ArchivedRoom at;
  at.room = room;
  at.epoch = epoch;
  auto found = archive_.find(room, epoch);
  if (!found) return fail(found.error(), at);
  if (found.value()) at = std::move(*found.value());
  Batch batch;
  Turn turn = Turn::done;
  std::string why;
  const bool read = source_.messages(
      room, epoch, at.last,
      [&](MessageId id, const room::Entry& entry) {
        batch.add(id, entry);
        if (batch.messages.size() < store::kArchiveBatchMax && batch.bytes < kBatchBytes) {
          return true;
        }
        turn = flush(at, batch);
        return turn == Turn::done && !stop_;
      },
      why);
  if (turn == Turn::done && !batch.messages.empty()) turn = flush(at, batch);
  if (turn == Turn::done && !read) return stick(at, why);
  return turn;
}

Mover::Turn Mover::flush(store::ArchivedRoom& at, Batch& batch) {
  auto written = archive_.write(at.room, at.epoch, batch.messages);
  if (!written) return fail(written.error(), at);
  if (!written.value().differing.empty()) {
    return stick(at, "another text lies in the archive under message " +
                         std::to_string(written.value().differing.front().value));
  }
  store::ArchivedRoom next = behind(at, batch.messages);
  auto marked = archive_.mark(next, at.last);
  if (!marked) return fail(marked.error(), at);
  if (!marked.value()) return Turn::again;
  totals_.messages += written.value().written;
  totals_.present += written.value().present;
  if (written.value().quarantined != 0) {
    totals_.quarantined += written.value().quarantined;
    GAVEL_LOG(archive, error, "messages that the archive refuses went to its quarantine",
              {"room", at.room}, {"messages", written.value().quarantined},
              {"up_to", next.last.value});
  }
  for (std::size_t i = at.holes.size(); i < next.holes.size(); ++i) {
    const store::ArchiveHole& hole = next.holes[i];
    totals_.lost += hole.last - hole.first + 1;
    GAVEL_LOG(archive, warning, "messages were gone from the store before they were archived",
              {"room", at.room}, {"first", hole.first.value}, {"last", hole.last.value});
  }
  at = std::move(next);
  batch.clear();
  return Turn::done;
}

Mover::Turn Mover::fail(const store::ArchiveFailure& failure, const store::ArchivedRoom& at) {
  switch (failure.error) {
    case store::ArchiveError::refused:
    case store::ArchiveError::damaged:
      return stick(at, failure.what);
    case store::ArchiveError::unavailable:
      ending_ = Round::unavailable;
      break;
    case store::ArchiveError::denied:
      ending_ = Round::denied;
      break;
  }
  error_ = failure.what;
  return Turn::failed;
}

Mover::Turn Mover::stick(const store::ArchivedRoom& at, std::string_view why) {
  GAVEL_LOG(archive, error, "a room can't be archived further", {"room", at.room},
            {"epoch", at.epoch.value}, {"behind", at.last.value}, {"why", why});
  return Turn::stuck;
}

}  // namespace gavel::cli
