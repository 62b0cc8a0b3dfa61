// What a room needs of the side that has the sockets: declared here, implemented by net/ (and by
// the simulation). Called on the shard's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gavel::room {

// Why a room ends a membership from its side; the other side makes a close code of it (wire/codes).
enum class Ending : std::uint8_t {
  replaced,           // the same player came back over a newer connection
  behind_retention,   // lagged so far that what comes next is no longer kept
  store_unavailable,  // the store has been away for too long
  store_corrupt,      // what the store holds of this room can't be read
  epoch_changed,      // the store lost the room's past
  kicked,
  banned,
  room_closed,
};

class Delivery {
 public:
  virtual ~Delivery() = default;
  // There may be something to send: look at the member's spans. Called once a turn and member at
  // most.
  virtual void flush() = 0;
  // The membership ends in the middle of a frame that was begun: these bytes are its rest. Valid
  // during the call.
  virtual void finish_frame(std::string_view rest) = 0;
  // The room has put the member out; it is not in the room any more.
  virtual void ended(Ending ending, std::string_view reason) = 0;
};

// Makes compressed frames for members that negotiated permessage-deflate (once a message for all of
// them).
class Compressor {
 public:
  virtual ~Compressor() = default;
  // Appends the deflated payload of `text` to `out`; false where it can't (then the frame goes out
  // uncompressed).
  virtual bool compress(std::string_view text, std::string& out) = 0;
};

}  // namespace gavel::room
