// The client's side of the protocol, for bench, tail and tests: reads what a gavel server sends.
// Trusts that it is JSON of that form (a server's stamp, a server's own messages), but never reads
// past its end. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace gavel::wire {

// The stamp of a room message, and the sender's part behind it.
struct Stamped {
  MessageId msg_id;
  ClientId client_id;
  std::int64_t ts_ms = 0;
  std::string_view body;  // the sender's object behind its "{", up to and including "}"
};

// Nothing where the text does not begin with a stamp: then it is one of the server's own messages.
std::optional<Stamped> read_stamp(std::string_view text);

// The raw JSON value of the first top-level field of this (unescaped) name: a string with its
// quotes, a number, ... `object` is a whole object, or a body without its "{". Nothing where the
// field is not there or the text is not JSON.
std::optional<std::string_view> find_field(std::string_view object, std::string_view name);

// Of a raw value: nothing where it is none.
std::optional<std::uint64_t> as_uint(std::string_view raw);
std::optional<std::string> as_string(std::string_view raw);
std::optional<bool> as_bool(std::string_view raw);

// Several fields at once.
struct ServerMessage {
  bool stamped = false;    // a room message; else one of the server's own
  MessageId msg_id;        // of a room message, and of joined
  ClientId client_id;      // of a room message, and of joined
  std::int64_t ts_ms = 0;  // of a room message
  Ref ref;                 // 0: none
  std::string_view type;   // between the quotes, as it stands in the text; empty: none
  std::string_view body;   // of a room message: the sender's part; else the whole text
};

// Nothing where the text is neither a room message nor a JSON object.
std::optional<ServerMessage> read_server_message(std::string_view text);

}  // namespace gavel::wire
