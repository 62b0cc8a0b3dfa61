// Why a client's message was refused, and where: what the session turns into an error message. A
// value; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "wire/codes.h"

namespace gavel::wire {

struct InputError {
  ErrorCode code = ErrorCode::bad_json;
  std::uint32_t offset = 0;  // bytes from the start of what was scanned to what was wrong
  std::string_view
      field{};  // the field that was wrong, a constant; empty where it is the whole message
  std::uint32_t limit = 0;  // how many bytes are allowed, where there were too many; else 0
  Ref ref{};  // the message's ref, where the message was JSON and its ref was good; else none
};

}  // namespace gavel::wire
