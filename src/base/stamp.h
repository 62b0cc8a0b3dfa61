// The stamp: what the server puts before the sender's own fields to make a room message of them,
// the same for all stores. {"msg_id":121,"client_id":7,"ts":1764036000123, and then a body
// (wire/scanner.h), which ends with "}". Here and not in room/, since wire/ reads it back and
// neither may include the other. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/decimal.h"
#include "base/ids.h"

namespace gavel {

inline constexpr std::string_view kStampMsgId = "{\"msg_id\":";
inline constexpr std::string_view kStampClientId = ",\"client_id\":";
inline constexpr std::string_view kStampTs = ",\"ts\":";
inline constexpr std::size_t kStampBytesMax =
    kStampMsgId.size() + kStampClientId.size() + kStampTs.size() + 3 * kDecimalBytesMax + 1;

// How many bytes write_stamp() writes for these: a frame's header needs it before the payload.
inline std::size_t stamp_bytes(MessageId id, ClientId client, std::int64_t ts_ms) {
  return kStampMsgId.size() + kStampClientId.size() + kStampTs.size() + 1 +
         decimal_digits(id.value) + decimal_digits(client.value) + signed_decimal_digits(ts_ms);
}

// Writes the stamp with its last comma; returns the place behind it. `out` has room for
// stamp_bytes() bytes.
inline char* write_stamp(char* out, MessageId id, ClientId client, std::int64_t ts_ms) {
  std::memcpy(out, kStampMsgId.data(), kStampMsgId.size());
  out = write_decimal(out + kStampMsgId.size(), id.value);
  std::memcpy(out, kStampClientId.data(), kStampClientId.size());
  out = write_decimal(out + kStampClientId.size(), client.value);
  std::memcpy(out, kStampTs.data(), kStampTs.size());
  out = write_signed_decimal(out + kStampTs.size(), ts_ms);
  *out = ',';
  return out + 1;
}

}  // namespace gavel
