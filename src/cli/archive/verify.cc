#include "cli/archive/verify.h"

#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/stamp.h"

namespace gavel::cli {
namespace {

std::size_t hash_of(std::string_view raw, Ref ref) {
  return std::hash<std::string_view>{}(raw) ^ (std::hash<Ref>{}(ref)*0x9e3779b97f4a7c15U);
}

std::size_t hash_of(MessageId id, const room::Entry& entry) {
  char stamp[kStampBytesMax];
  std::string raw(stamp, write_stamp(stamp, id, entry.client, entry.ts_ms));
  raw += entry.body;
  return hash_of(raw, entry.ref);
}

bool is_in_hole(const store::ArchivedRoom& room, MessageId id) {
  for (const store::ArchiveHole& hole : room.holes) {
    if (hole.first <= id && id <= hole.last) return true;
  }
  return false;
}

}  // namespace

bool compare(Source& source, store::Archive& archive, const std::string& room, Epoch epoch,
             bool in_store, Differences& into, std::string& error) {
  const auto found = archive.find(room, epoch);
  if (!found) {
    error = found.error().what;
    return false;
  }
  const store::ArchivedRoom marked = found.value().value_or(store::ArchivedRoom{});
  std::unordered_map<std::uint64_t, std::size_t> hashes;
  const auto scanned =
      archive.scan(room, epoch, MessageId{0}, [&](const store::ArchivedMessage& message) {
        if (message.damaged) ++into.different;
        const std::size_t hash = hash_of(message.raw, message.entry.ref);
        if (!hashes.emplace(message.id.value, hash).second) ++into.doubled;
        return true;
      });
  if (!scanned) {
    error = scanned.error().what;
    return false;
  }
  for (MessageId id = marked.first; id <= marked.last; id = id + 1) {
    if (is_in_hole(marked, id)) continue;
    ++into.archived;
    if (!hashes.contains(id.value)) ++into.missing;
  }
  if (!in_store) return true;
  return source.messages(
      room, epoch, MessageId{0},
      [&](MessageId id, const room::Entry& entry) {
        if (id > marked.last) ++into.waiting;
        const auto at = hashes.find(id.value);
        if (at != hashes.end() && at->second != hash_of(id, entry)) ++into.different;
        return true;
      },
      error);
}

}  // namespace gavel::cli
