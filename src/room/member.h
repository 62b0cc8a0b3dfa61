// A member: one player's place in one room, as a cursor on the room's log. Owned by its connection,
// which outlives the membership; the room borrows it. Shard's thread only.
//
// A member reads either the room's backlog (live), or pages of the log that the store has read for
// it (it joined late, or lagged until its place left the backlog), and changes over at a frame's
// boundary, without a joint (promise P4).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/ids.h"
#include "room/backlog.h"
#include "room/delivery.h"

namespace gavel::room {

class Room;
class Joiner;

class Member {
 public:
  explicit Member(Delivery& delivery) : delivery_(delivery) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  bool joined() const { return room_ != nullptr; }
  Room* room() const { return room_; }
  ClientId client() const { return client_; }
  Ref last_ref() const { return last_ref_; }
  Delivery& delivery() const { return delivery_; }
  bool paging() const { return paging_; }
  // The first message that has not been handed to the socket whole.
  MessageId next() const { return paging_ ? page_next_ : cursor_.next; }
  // How many messages of the room it has not got yet.
  std::uint64_t lag() const;

  // What may be sent now, in order, as at most `max` pieces; returns how many. Valid until the turn
  // ends.
  int spans(iovec* out, int max) const;
  // The bytes at the front of spans() that belong to a frame which an earlier send has begun; 0 at
  // a boundary.
  std::size_t frame_rest() const;
  // `bytes` of spans() have gone out.
  void sent(std::size_t bytes);

 private:
  friend class Room;
  friend class Rooms;

  void start_page(std::string_view frame_rest, MessageId next);
  void advance_page(std::size_t bytes);

  Delivery& delivery_;
  Room* room_ = nullptr;
  Room* joining_ = nullptr;  // a join is under way there
  Joiner* joiner_ = nullptr;
  std::size_t index_ = 0;  // its place in the room's list
  ClientId client_;
  Ref last_ref_;     // the highest ref that was accepted
  Ref awaited_ref_;  // a refused ref that must come again before any higher one is taken; 0 = none
  bool compressed_ = false;
  bool paging_ = false;
  std::uint64_t page_request_ = 0;  // under way at the store; 0 = none
  Cursor cursor_;                   // while live
  // While paging: `page_` holds frames; what was sent of it, where the frame begins that page_at_
  // lies in, and the message of that frame. page_head_ bytes at the front are the rest of a frame
  // that was begun in the backlog.
  std::string page_;
  std::size_t page_at_ = 0;
  std::size_t page_frame_ = 0;
  std::size_t page_head_ = 0;
  MessageId page_next_{1};
  MessageId page_end_{1};  // the message behind the page's last
};

}  // namespace gavel::room
