// The fields of a join message. Any thread; allocates (a join is rare).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "wire/input_error.h"

namespace gavel::wire {

struct JoinLimits {
  std::size_t room_bytes_max = limits::kRoomNameBytesMax;  // of the unescaped name
  std::size_t resume_bytes_max = 512;                      // a resume token of ours has about 150
  std::size_t token_bytes_max = limits::kTokenBytesMax;  // a JWT with some claims has 200 to 1,000
};

struct JoinRequest {
  std::string room;  // UTF-8, not empty, without control and direction characters (is_plain_text())

  bool has_since = false;     // false: all that is retained
  bool since_latest = false;  // nothing old
  MessageId since{0};         // replay starts behind it; 0 where since_latest

  bool has_epoch = false;  // the life of the room that `since` belongs to
  Epoch epoch{0};

  bool has_resume = false;  // a resume token came; one that can't be ours (too long, no string)
                            // leaves `resume` empty
  std::string resume;

  std::string token;  // empty: none
};

// `body` is Incoming::body of a message of Kind::join. Offsets in the error count from the start of
// `body`. Errors: bad_room, bad_since, bad_epoch, bad_token, duplicate_field; bad_json where `body`
// did not come from a Scanner. Not an error: fields that are unknown, and a resume token that is
// none.
Result<JoinRequest, InputError> parse_join(std::string_view body, const JoinLimits& limits = {});

}  // namespace gavel::wire
