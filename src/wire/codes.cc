#include "wire/codes.h"

#include <cstdlib>

namespace gavel::wire {
namespace {

constexpr CloseInfo kCloses[] = {
#define GAVEL_CLOSE(number, name, reconnect, meaning) \
  {CloseCode::name, #name, meaning, Reconnect::reconnect},
#include "wire/codes.def"
};

// codes.def writes "none" or a number, so that the generator need not know the names.
constexpr std::uint16_t none = 0;
constexpr bool yes = true;
constexpr bool no = false;

constexpr ErrorInfo kErrors[] = {
#define GAVEL_ERROR(name, close, retry, meaning) \
  {ErrorCode::name, #name, meaning, static_cast<CloseCode>(close), retry},
#include "wire/codes.def"
};

constexpr const CloseInfo* find(CloseCode code) {
  for (const CloseInfo& close : kCloses) {
    if (close.code == code) return &close;
  }
  return nullptr;
}

constexpr bool every_close_of_an_error_is_in_the_table() {
  for (const ErrorInfo& error : kErrors) {
    if (error.close != CloseCode::none && find(error.close) == nullptr) return false;
  }
  return true;
}
static_assert(every_close_of_an_error_is_in_the_table());

}  // namespace

std::span<const CloseInfo> close_codes() { return kCloses; }

std::span<const ErrorInfo> error_codes() { return kErrors; }

const CloseInfo& info(CloseCode code) {
  const CloseInfo* close = find(code);
  if (close == nullptr) std::abort();
  return *close;
}

const ErrorInfo& info(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  if (index >= std::size(kErrors)) std::abort();
  return kErrors[index];
}

std::optional<CloseInfo> find_close(std::uint16_t close_number) {
  const CloseInfo* close = find(static_cast<CloseCode>(close_number));
  if (close == nullptr) return std::nullopt;
  return *close;
}

std::optional<ErrorInfo> find_error(std::string_view name) {
  for (const ErrorInfo& error : kErrors) {
    if (error.name == name) return error;
  }
  return std::nullopt;
}

}  // namespace gavel::wire
