// The archive: where messages go that the store need not hold for play any more, and where old
// history is read from. MongoDB behind it is mongo/mongo_archive.h; tests have fakes. Every call
// blocks until it is answered or its time is up, so none is made on an event loop. Any thread.
//
// 1. A message is known by room, epoch and msg_id. Writing it again changes nothing: what is there
// already is compared with what is written, byte for byte, and never overwritten.
// 2. What write() reported as done is kept at the configured write concern.
// 3. The mark of a room's epoch says up to which message all of it is archived. It only rises, and
// nobody trims a store beyond it (promise P9).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "room/block.h"

namespace gavel::store {

enum class ArchiveError : std::uint8_t {
  unavailable,  // not now, or not surely done: try again later
  denied,       // it does not accept our name and password, or what we may do is too little
  refused,      // it will not take this, now or later
  damaged,      // what lies there can't be a message of this room
};

struct ArchiveFailure {
  ArchiveError error = ArchiveError::unavailable;
  std::string
      what;  // a sentence for operators; no password in it, but text from outside: escape it
};

template <class T>
using Archived = Result<T, ArchiveFailure>;

// A message to be archived. The entry's body borrows.
struct ArchiveMessage {
  MessageId id;
  room::Entry entry;
};

struct ArchiveWrite {
  std::size_t written = 0;      // that were not there before
  std::size_t present = 0;      // that were there already, with the same content
  std::size_t quarantined = 0;  // that it takes in no other place; part of the other two as well
  // Where something else lies under the id. Not written: the batch is not archived while this is
  // not empty.
  std::vector<MessageId> differing;
};

// Messages that were gone from the store before they could be archived.
struct ArchiveHole {
  MessageId first;
  MessageId last;
  bool operator==(const ArchiveHole&) const = default;
};

// What is known of one epoch of a room: the mark, and what a person wants to know of it.
struct ArchivedRoom {
  std::string room;
  Epoch epoch;
  MessageId first{1};  // the oldest archived message
  MessageId last{0};   // the mark: the newest one up to which all are archived; 0 = none yet
  std::int64_t first_ts_ms = 0;
  std::int64_t last_ts_ms = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;           // of the texts as they were shown
  std::vector<ClientId> members{};   // who sent, ascending; the first kArchiveMembersMax of them
  bool more_members = false;         // there were others
  std::vector<ArchiveHole> holes{};  // ascending
  bool finished = false;             // archived whole, its messages released from the store
};

inline constexpr std::size_t kArchiveMembersMax = 1000;
// Messages of one write(); more is a programmer's error.
inline constexpr std::size_t kArchiveBatchMax = 1000;

// A piece of a page, as the store would have read it: blocks made anew of what was archived,
// without a checksum, each with the same messages and bytes as they were shown.
struct ArchiveBlock {
  MessageId first;
  std::string block;
};

struct ArchivePage {
  // Ascending and without a hole; empty where nothing is archived behind the place asked for. The
  // first one may begin later than asked: older messages are not in the archive.
  std::vector<ArchiveBlock> blocks;
};

// A message as it lies in the archive. `raw` is the text as clients were shown it; views are valid
// during the call.
struct ArchivedMessage {
  MessageId id;
  room::Entry entry;
  std::string_view raw;
  std::string_view key;  // its _id
  bool quarantined = false;
  bool damaged = false;  // `raw` is not what the other fields say; entry.body is empty then
};

class Archive {
 public:
  virtual ~Archive() = default;

  // Makes the indexes where they are missing, and so finds out whether it can be reached and
  // written to.
  virtual Archived<void> prepare() = 0;

  // Keeps messages of one room and epoch, in ascending order, at most kArchiveBatchMax. A failure
  // says nothing about which of them are there now: the same is written again later.
  virtual Archived<ArchiveWrite> write(std::string_view room, Epoch epoch,
                                       std::span<const ArchiveMessage> messages) = 0;

  // Nothing where no message of the epoch was archived.
  virtual Archived<std::optional<ArchivedRoom>> find(std::string_view room, Epoch epoch) = 0;
  // The epochs of a room, oldest first.
  virtual Archived<std::vector<ArchivedRoom>> epochs(std::string_view room) = 0;
  // All rooms with all their epochs, while `visit` returns true.
  virtual Archived<void> rooms(const std::function<bool(const ArchivedRoom&)>& visit) = 0;
  // Moves the mark to what `room` says, where it still stands at `expected_last` (0: there is none
  // yet). False where another archiver moved it meanwhile: find() it again.
  virtual Archived<bool> mark(const ArchivedRoom& room, MessageId expected_last) = 0;

  // Messages behind `after`: at least one where there is one, else about `bytes_max`.
  virtual Archived<ArchivePage> read(std::string_view room, Epoch epoch, MessageId after,
                                     std::size_t bytes_max) = 0;
  // Every document of the epoch behind `after` in the order of their ids, also doubled and damaged
  // ones, while `visit` returns true.
  virtual Archived<void> scan(std::string_view room, Epoch epoch, MessageId after,
                              const std::function<bool(const ArchivedMessage&)>& visit) = 0;

  // Several archivers share the rooms by leases; they are a courtesy and guard nothing: two that
  // work on the same room are harmless. True where `owner` has the room now, for `ttl` from now on.
  virtual Archived<bool> lease(std::string_view room, std::string_view owner,
                               std::chrono::milliseconds ttl) = 0;
  virtual Archived<void> release(std::string_view room, std::string_view owner) = 0;

  // E.g. "mongodb://user:***@db1,db2/?tls=true, database gavel".
  virtual std::string describe() const = 0;
};

}  // namespace gavel::store
