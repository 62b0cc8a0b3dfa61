// A client's message: one pass that checks the JSON (RFC 8259, strictly), finds the few fields that
// the server reads, and takes out those that the server owns. Builds no document. Pure: no clock,
// no socket. One Scanner belongs to one thread (a shard has one); its scratch is kept, so that the
// steady state allocates nothing.
//
// 1. `text` is valid UTF-8 (ws/ has checked it); all else about it may be wrong.
// 2. What is not removed passes byte for byte: numbers of any size, escapes, white space between
// the fields.
// 3. Names are compared unescaped: "client\u005fid" is client_id. Nested objects and strings are
// the game's own.
// 4. Time is linear in the text's size, whatever stands in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "wire/input_error.h"

namespace gavel::wire {

// Levels of { and [, the message's own { included.
inline constexpr std::size_t kDepthMax = limits::kJsonDepthMax;
// Of the unescaped type: a name in a program's source, not a text. Beyond it: bad_type.
inline constexpr std::size_t kTypeBytesMax = 128;
// The largest integer that is exact in every JSON parser.
inline constexpr std::uint64_t kSafeIntegerMax = (std::uint64_t{1} << 53) - 1;

enum class Kind : std::uint8_t { message, join, leave };

// A good message. The views live as long as the text does, and until the scanner's next scan().
struct Incoming {
  Kind kind = Kind::message;
  std::string_view type;  // unescaped
  Ref ref{};              // 0: the message has none
  // The sender's object behind its "{" and the white space there, up to and including its "}",
  // without the top-level client_id, msg_id and ts. Never only "}", since type is in it:
  // write_stamp() (base/stamp.h) and body are a message.
  std::string_view body;

  bool has_ref() const { return static_cast<bool>(ref); }
};

class Scanner {
 public:
  // A message that is not JSON is bad_json (or too_deep) whatever else is wrong with it; else the
  // first fault counts.
  Result<Incoming, InputError> scan(std::string_view text);

 private:
  struct Pass;

  char type_[kTypeBytesMax];  // an unescaped type
  std::string body_;          // a body from which something was removed
};

// True for types that only the server sends: joined, left, error, ..., and all that start with
// "gavel.".
bool is_reserved_type(std::string_view type);

}  // namespace gavel::wire
