// The join parser: on what a scanner let through, and on bytes that never saw one. What it takes is
// within the limits. Then the client's side, which may never read past the end either.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/escape.h"
#include "wire/join.h"
#include "wire/scanner.h"
#include "wire/server_message.h"

namespace {

void check(bool ok) {
  if (!ok) std::abort();
}

void check_join(std::string_view body) {
  const gavel::wire::JoinLimits limits{
      .room_bytes_max = 16, .resume_bytes_max = 8, .token_bytes_max = 8};
  const auto result = gavel::wire::parse_join(body, limits);
  if (!result) {
    check(result.error().offset <= body.size());
    return;
  }
  const gavel::wire::JoinRequest& join = result.value();
  check(!join.room.empty() && join.room.size() <= 16 && gavel::is_plain_text(join.room));
  check(join.resume.size() <= 8 && join.token.size() <= 8);
  check(join.since.value <= gavel::wire::kSafeIntegerMax);
  check(!join.since_latest || (join.has_since && join.since.value == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  static gavel::wire::Scanner scanner;
  if (const auto incoming = scanner.scan(text)) check_join(incoming.value().body);
  check_join(text);
  if (const auto message = gavel::wire::read_server_message(text)) {
    check(message->body.size() <= text.size());
    if (const auto room = gavel::wire::find_field(text, "room")) {
      static_cast<void>(gavel::wire::as_string(*room));
      static_cast<void>(gavel::wire::as_uint(*room));
    }
  }
  return 0;
}
