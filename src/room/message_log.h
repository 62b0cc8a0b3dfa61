// Where a room's log is kept: the one interface between rooms and stores, declared by the room's
// side.
//
// A MessageLog belongs to one shard and is called on that shard's thread only. It answers through
// its LogListener, on the same thread: from inside commit(), or later from the event loop, but
// never from inside the call that asked. A store that works on other threads (or machines) posts
// its answers to the shard's loop.
//
// 1. Blocks of a room are kept in the order in which append() was called for it, without a hole;
// ids are consecutive.
// 2. on_kept() comes once for each block that a room's log gained, in id order: own ones, and with
// a shared store
//    those of other servers. Nothing is shown to a member before its on_kept() (promise P3).
// 3. Each append() is settled exactly once: on_settled(), unless on_new_epoch() comes first, which
// settles all.
//    A write whose fate is unclear is tried again under the same ids until it is clear; it is never
//    answered as refused while it might have been kept, and never numbered anew (promises P5, P6).
//    A refusal refuses also every append of that room made before its on_settled() was delivered:
//    nothing that stood behind a refused message is kept in its place (promise P2).
// 4. Several blocks of a room may be under way. The room bounds how many bytes (limits:
// room_unkept_bytes_max).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"

namespace gavel::room {

// One life of a room, as the store knows it.
struct RoomLife {
  Epoch epoch;
  MessageId first{1};        // the oldest message that is still kept; last + 1 when none is
  MessageId last{0};         // the newest kept message; 0 = none yet
  bool first_epoch = false;  // no earlier life of this room is known to the store
};

// Why a store could not do what it was asked. Each has one error code for clients (wire/codes).
enum class LogError : std::uint8_t {
  unavailable,  // not now; it tries to come back by itself
  full,         // no room for more (disk full, maxmemory); reading still works
  corrupt,      // what it holds of this room can't be read; other rooms go on
  closed,       // the room was closed meanwhile
};

// How an append() ended.
struct Settlement {
  bool kept = false;
  LogError error = LogError::unavailable;  // where !kept
  MessageId first{0};                      // where kept: the id of the first message that was kept
  std::span<const std::uint16_t>
      duplicates{};  // indices in the block that were not kept again (a known ref)
};

// One piece of a page: a block and the id of its first message.
struct PageBlock {
  MessageId first;
  std::string_view block;
};

struct Page {
  std::span<const PageBlock>
      blocks;  // ascending and without a hole; the first may begin at or before `after` + 1
  MessageId first_retained{
      1};  // the oldest id that is kept now; > after + 1 means that the reader's place is gone
  bool ok = true;
  LogError error = LogError::unavailable;  // where !ok
};

// What the store knows of a client that comes back under a client_id.
struct Claim {
  bool ok = true;
  LogError error = LogError::unavailable;  // where !ok
  bool known = false;                      // the store remembers a ref of this client
  Ref last_ref{0};                         // the highest kept ref of this client_id in this epoch
  std::uint64_t generation =
      0;  // rises with each claim; an append under an older one is refused (shared stores)
};

class LogListener {
 public:
  virtual ~LogListener() = default;
  virtual void on_opened(RoomKey room, const RoomLife& life) = 0;
  virtual void on_open_failed(RoomKey room, LogError error) = 0;
  // `block` is valid during the call. Its first message has the id `first`, which is the last shown
  // id + 1.
  virtual void on_kept(RoomKey room, MessageId first, std::string_view block) = 0;
  // The bytes given to append() under this tag are not needed any more.
  virtual void on_settled(RoomKey room, std::uint64_t tag, const Settlement& settlement) = 0;
  virtual void on_page(RoomKey room, std::uint64_t request, const Page& page) = 0;
  virtual void on_claimed(RoomKey room, std::uint64_t request, const Claim& claim) = 0;
  // The oldest messages went (retention, trim()): the first one still kept is `first`.
  virtual void on_trimmed(RoomKey room, MessageId first) = 0;
  // The store lost this room's past, or somebody deleted it. All appends of the room are settled as
  // not kept.
  virtual void on_new_epoch(RoomKey room, const RoomLife& life) = 0;
  // `count` client ids from `first` on are this shard's, and nobody else's ever.
  virtual void on_leased(ClientId first, std::uint64_t count) = 0;
};

class MessageLog {
 public:
  virtual ~MessageLog() = default;
  // Before anything else; the listener outlives the log.
  virtual void set_listener(LogListener* listener) = 0;
  // Learns a room's life; creates nothing that outlasts the process until its first message is
  // kept.
  virtual void open(RoomKey room, std::string_view name) = 0;
  // Keeps a block behind all earlier ones. `block` stays valid, and in its place, until it is
  // settled.
  virtual void append(RoomKey room, std::uint64_t tag, std::string_view block) = 0;
  // Reads blocks behind `after`, at least one where there is one, else about `bytes_max`. May be
  // answered out of order.
  virtual void read(RoomKey room, std::uint64_t request, MessageId after,
                    std::size_t bytes_max) = 0;
  // Looks up what is known of a client_id that resumes, and makes older claims to it void.
  virtual void claim(RoomKey room, std::uint64_t request, ClientId client) = 0;
  // Forgets messages up to and including `up_to`. Never blocks; answered by on_trimmed().
  virtual void trim(RoomKey room, MessageId up_to) = 0;
  // The room's memory may go; nothing of it is under way any more. What is kept stays kept.
  virtual void close(RoomKey room) = 0;
  // Asks for client ids; answered by on_leased(). Also asked again while an earlier request is
  // under way: ignored then.
  virtual void lease_client_ids() = 0;
  // Once at the end of each loop turn: starts what was appended, and answers what is ready.
  virtual void commit() = 0;
};

}  // namespace gavel::room
