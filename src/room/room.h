// A room: one ordered log of messages, its members, and what is under way to the store. Owned by
// its shard's Rooms; no I/O, no clock (the time is handed in), no thread. What stands in the
// backlog is kept and may be seen by members; what was accepted but is not kept yet stands in
// batches behind it, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "room/backlog.h"
#include "room/block.h"
#include "room/delivery.h"
#include "room/member.h"
#include "room/message_log.h"

namespace gavel::room {

class Rooms;
struct PendingJoin;

// What becomes of a message that a member sent.
enum class Accepted : std::uint8_t {
  yes,
  yes_and_pause,  // taken, but the room holds all the unkept bytes that it may: read no more until
                  // Delivery::flush()
  duplicate,      // its ref is kept already (promise P5)
  under_way,     // its ref is on its way to the store: answered when the first copy's fate is known
  out_of_order,  // an earlier ref was refused and must come again first
  store_unavailable,  // the store has been away for too long to take more
};

// Messages of one block on their way to the store, with who sent them.
struct Batch {
  struct Sender {
    ClientId client;
    Ref ref;
    std::uint64_t number;  // the connection's own count of its messages
  };
  BlockBuilder block;
  std::vector<Sender> senders;
  std::vector<Sender>
      repeats;  // copies that came meanwhile: answered when the fate of the first is known
  std::int64_t since_ms = 0;
  // For latencies alone: when the turn began that read the first message, and when the log got it.
  std::int64_t gathered_us = 0;
  std::int64_t submitted_us = 0;
};

// What a room remembers of a player who left, so that he may come back as the same one.
struct Identity {
  Ref last_ref;
  Ref awaited_ref;
  std::int64_t left_ms = 0;
};

struct RoomCounters {
  std::uint64_t messages_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_out = 0;

  RoomCounters& operator+=(const RoomCounters& other) {
    messages_in += other.messages_in;
    bytes_in += other.bytes_in;
    messages_out += other.messages_out;
    bytes_out += other.bytes_out;
    return *this;
  }
};

class Room {
 public:
  enum class State : std::uint8_t { opening, open };

  Room(Rooms& rooms, RoomKey key, std::string name);
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room();

  const std::string& name() const { return name_; }
  RoomKey key() const { return key_; }
  State state() const { return state_; }
  Epoch epoch() const { return life_.epoch; }
  MessageId first() const { return life_.first; }
  MessageId last() const { return life_.last; }
  const std::vector<Member*>& members() const { return members_; }
  Member* find(ClientId client) const;
  const RoomCounters& counters() const { return counters_; }
  std::size_t backlog_bytes() const;
  std::size_t unkept_bytes() const { return unkept_bytes_; }

  // A member's message. `body` is what wire/scanner calls body; `number` names the message where it
  // has no ref.
  Accepted accept(Member& member, Ref ref, std::string_view body, std::uint64_t number);
  // A message with this ref was refused (rate limit): higher refs are refused until it comes again.
  void refuse_ref(Member& member, Ref ref) {
    if (ref && !member.awaited_ref_ && ref > member.last_ref_) member.awaited_ref_ = ref;
  }
  // A message of the server itself (client_id 0).
  Accepted accept_from_server(std::string_view body);

  // --- for Member ---
  const Backlog& frames(const Member& member) const {
    return member.compressed_ ? *compressed_frames_ : frames_;
  }
  void count_out(std::uint64_t messages, std::size_t bytes) {
    counters_.messages_out += messages;
    counters_.bytes_out += bytes;
  }
  void page_done(Member& member);

 private:
  friend class Rooms;

  Accepted take(ClientId client, Ref ref, std::string_view body, std::uint64_t number);
  // Hands the gathered messages to the log.
  void submit();
  // Makes a kept block visible.
  void show(MessageId first, std::string_view block);
  void append_frame(MessageId id, const Entry& entry);
  void append_compressed(MessageId id, const Entry& entry);
  void make_room(Backlog& backlog);
  Batch* batch_of(ClientId client, Ref ref) const;
  Batch* repeats_of(ClientId client) const;
  void answer_repeats(const Batch& batch);
  void settle(std::uint64_t tag, const Settlement& settlement);
  void refuse_all(std::unique_ptr<Batch> batch, LogError error);
  void refuse(const Batch::Sender& sender, LogError error);

  void add_member(Member& member, ClientId client, MessageId next, bool compressed);
  void remove_member(Member& member);
  void remember(const Member& member);
  void place_cursor(Member& member, MessageId next);
  void request_page(Member& member);
  void take_page(Member& member, const Page& page);
  void end_all(Ending ending, std::string_view reason);

  Rooms& rooms_;
  const RoomKey key_;
  const std::string name_;
  State state_ = State::opening;
  RoomLife life_;
  std::int64_t opened_ms_ = 0;
  std::int64_t empty_since_ms_ = 0;

  Backlog frames_;
  std::unique_ptr<Backlog> compressed_frames_;  // where a member negotiated compression
  std::string scratch_;

  std::vector<Member*> members_;
  std::unordered_map<ClientId, Member*> by_client_;
  std::unordered_map<ClientId, Identity> identities_;
  std::vector<std::unique_ptr<PendingJoin>> joins_;
  std::vector<std::function<void(Room*, std::optional<LogError>)>>
      visits_;                   // operators that wait for it to open
  std::vector<Member*> paused_;  // to be flushed (and so read again) when the store has caught up

  std::unique_ptr<Batch> gathering_;
  std::vector<std::unique_ptr<Batch>> under_way_;  // oldest first
  std::size_t unkept_bytes_ = 0;
  std::size_t busy_index_ = 0;  // its place in Rooms' list of rooms with batches under way
  bool listed_pending_ = false;

  // Members that this turn's flush has not come to yet, and where it goes on (round robin).
  std::size_t flush_left_ = 0;
  std::size_t flush_at_ = 0;
  bool listed_dirty_ = false;

  RoomCounters counters_;
};

}  // namespace gavel::room
