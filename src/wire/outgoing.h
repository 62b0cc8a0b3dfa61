// The texts of the server's own messages: joined, left, error, duplicate. (Room messages are
// base/stamp.h and the sender's bytes.) Each function appends one whole JSON object to `out`; a
// string that is kept between calls makes them free of allocations. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "wire/codes.h"
#include "wire/input_error.h"

namespace gavel::wire {

// The first message of a membership.
struct Joined {
  ClientId client_id;
  std::string_view room;
  Epoch epoch;
  MessageId msg_id{0};        // the room's last one now
  MessageId first{1};         // the first that will follow
  Ref last_ref{0};            // the highest ref of this client_id that is kept
  bool recovered = false;     // `since` was honoured
  bool resumed = false;       // the resume token was accepted: the same client_id as before
  std::string_view resume{};  // the token to come back with; empty: none is given out
};
void write_joined(std::string& out, const Joined& joined);

void write_left(std::string& out);

// The answer to a ref that is kept already.
void write_duplicate(std::string& out, Ref ref);

struct Error {
  ErrorCode code;
  std::string_view message{};  // empty: what the table of codes says
  Ref ref{};                   // the refused message's ref; 0: it has none, and `n` names it
  std::uint64_t n =
      0;  // its number among the connection's data messages, from 1; 0: about no message
  std::optional<std::uint64_t> retry_after_ms{};
};
void write_error(std::string& out, const Error& error);

// What a scanner or join parser refused: the table's text, and where the fault is (field, byte).
void write_error(std::string& out, const InputError& error, std::uint64_t n);

// `text` (valid UTF-8) as it stands between the quotes of a JSON string.
void escape_json(std::string& out, std::string_view text);

}  // namespace gavel::wire
