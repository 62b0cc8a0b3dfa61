// What passes between a shard's log, the writer and the reader: plain values, each owned by one of
// them at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "room/message_log.h"
#include "store/rocks/keys.h"

namespace gavel::store::rocks {

class Inbox;

// A room while it is open, as the writer knows it; the writer's alone once it was attached.
struct OpenRoom {
  Place place;
  RoomRecord record;
  bool recorded = false;  // its record is in the database
  bool trimming = false;  // the reader looks for where to cut
  MessageId last{0};
  std::uint64_t bytes = 0;          // of all blocks of this life
  std::uint64_t first_bytes = 0;    // of those that are trimmed
  std::int64_t oldest_ms = 0;       // when the oldest kept block was written; 0 = none is
  std::uint32_t refused_round = 0;  // appends of this round or earlier ones are refused
  room::LogError refusal = room::LogError::full;
  // Highest refs since the record's refs_at, by client.
  std::vector<std::pair<ClientId, Ref>> refs;
  std::uint64_t bytes_at_refs = 0;
  RoomKey key;
  std::shared_ptr<Inbox> inbox;  // of the shard that has it open
};

struct Append {
  RoomKey key;
  OpenRoom* room = nullptr;
  std::uint32_t round =
      1;  // rises when a refusal was delivered: what was appended before it is void
  std::uint64_t tag = 0;
  MessageId first;
  std::string_view block;
  bool kept = false;
  room::LogError error = room::LogError::unavailable;
};

// The blocks of `room` below `first` are to go.
struct Cut {
  Place place;
  MessageId first;  // the first block that stays, or one behind the last
  MessageId floor;  // the first message that stays: `first`, or behind it where all is trimmed
  std::uint64_t bytes = 0;     // of what goes
  std::int64_t oldest_ms = 0;  // of what stays
  bool earlier_lives = false;  // those go as well
  bool asked = false;          // by trim(): answered even where nothing goes
};

// One turn of a shard, or something that the reader hands on. Comes back through the inbox when it
// is done.
struct Commit {
  std::shared_ptr<Inbox> inbox;
  std::vector<std::unique_ptr<OpenRoom>> attached;
  std::vector<Append> appends;
  std::vector<Cut> cuts;
  std::vector<OpenRoom*> closed;
  bool lease = false;
  ClientId leased{0};

  void clear() {
    attached.clear();
    appends.clear();
    cuts.clear();
    closed.clear();
    lease = false;
    leased = ClientId{0};
  }
};

// What a reader is asked.
struct Request {
  enum class Kind : std::uint8_t { open, page, claim, trim, retain };
  Kind kind = Kind::page;
  std::shared_ptr<Inbox> inbox;
  RoomKey key;
  std::uint64_t id = 0;
  Place place;
  std::string name;           // open
  MessageId after;            // page; trim: up to which
  std::size_t bytes_max = 0;  // page
  ClientId client;            // claim
  // retain: how the room stands
  MessageId last;
  std::uint64_t bytes = 0;
};

struct OpenAnswer {
  RoomKey key;
  bool ok = true;
  room::LogError error = room::LogError::unavailable;
  OpenRoom* room = nullptr;
  Place place;
  room::RoomLife life;
};

struct PageAnswer {
  RoomKey key;
  std::uint64_t id = 0;
  bool ok = true;
  room::LogError error = room::LogError::unavailable;
  MessageId first_retained{1};
  std::string bytes;
  struct Piece {
    MessageId first;
    std::size_t at = 0;
    std::size_t size = 0;
  };
  std::vector<Piece> pieces;
};

struct ClaimAnswer {
  RoomKey key;
  std::uint64_t id = 0;
  room::Claim claim;
};

struct TrimAnswer {
  RoomKey key;
  MessageId first;
};

}  // namespace gavel::store::rocks
