// THE table of what a client can be told: close codes and error codes, with what to do about each.
// Any thread. The entries stand in codes.def; docs/protocol-codes.md and the SDKs' tables are
// generated from it by tools/gen-codes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gavel::wire {

enum class CloseCode : std::uint16_t {
  none = 0,  // the connection lives on
#define GAVEL_CLOSE(number, name, reconnect, meaning) name = number,
#include "wire/codes.def"
};

enum class ErrorCode : std::uint8_t {
#define GAVEL_ERROR(name, close, retry, meaning) name,
#include "wire/codes.def"
};

// What a client that was closed may do by itself.
enum class Reconnect : std::uint8_t { no, yes, resume };

struct CloseInfo {
  CloseCode code;
  std::string_view name;
  std::string_view meaning;
  Reconnect reconnect;
};

struct ErrorInfo {
  ErrorCode code;
  std::string_view name;     // as it stands in the error message
  std::string_view meaning;  // what was wrong and what to do
  CloseCode close;           // the close that follows; none = the connection lives on
  bool retry;                // the same message may be sent again later
};

constexpr std::uint16_t number(CloseCode code) { return static_cast<std::uint16_t>(code); }

std::span<const CloseInfo> close_codes();
std::span<const ErrorInfo> error_codes();

// A code of the table. Asserts that it is one.
const CloseInfo& info(CloseCode code);
const ErrorInfo& info(ErrorCode code);

// Nothing where the number or the name is not in the table (a later server's, to a client).
std::optional<CloseInfo> find_close(std::uint16_t close_number);
std::optional<ErrorInfo> find_error(std::string_view name);

}  // namespace gavel::wire
