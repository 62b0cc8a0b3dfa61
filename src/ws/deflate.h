// permessage-deflate (RFC 7692), a message at a time: neither side keeps its window
// (no_context_takeover), so that a room's message is compressed once for all its members.
// One object a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gavel::ws {

class Deflater {
 public:
  Deflater();
  ~Deflater();
  // Appends the payload of `text`'s compressed frame to `out`; false where zlib fails (it has no
  // memory).
  bool compress(std::string_view text, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  // made at the first use: 256 KiB
};

// Inflates a message as its bytes come, into a buffer of the caller's: a bomb costs no more than
// the caller lets it. About 40 KiB from the first message on.
class Inflater {
 public:
  enum class Outcome : std::uint8_t {
    done,  // `in` is used up, and all that it amounts to is out
    more,  // `out` is full: call again, even if `in` is empty
    bad,   // this is no deflate data; what was written before it is right
  };

  Inflater();
  ~Inflater();
  // A new message; false where zlib fails (it has no memory).
  bool begin();
  // Takes from the front of `in` and writes `size` bytes of `out`, which must not be empty.
  Outcome inflate(std::string_view& in, std::span<char> out, std::size_t& size);
  // After the message's last byte: does it end where a message may? Writes like `inflate`; to be
  // called until it says something else than `more`.
  Outcome finish(std::span<char> out, std::size_t& size);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string_view tail_;  // of finish: what is still to be fed
  bool ended_ = false;     // behind a block that calls itself the last one
};

}  // namespace gavel::ws
