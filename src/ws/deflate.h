// permessage-deflate (RFC 7692), a message at a time: neither side keeps its window (no_context_takeover), so that a
// room's message is compressed once for all its members. One object a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gavel::ws {

class Deflater {
 public:
  Deflater();
  ~Deflater();
  // Appends the payload of `text`'s compressed frame to `out`; false where zlib fails (it has no memory).
  bool compress(std::string_view text, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  // made at the first use: 256 KiB
};

class Inflater {
 public:
  enum class Outcome : std::uint8_t { ok, too_big, bad };
  Inflater();
  ~Inflater();
  // Appends to `out`, never more than `bytes_max`: a bomb costs that much and no more.
  Outcome inflate(std::string_view payload, std::size_t bytes_max, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace gavel::ws
