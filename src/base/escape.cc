#include "base/escape.h"

#include <cstddef>
#include <cstdint>

namespace gavel {
namespace {

struct Decoded {
  char32_t character = 0;
  std::size_t bytes = 0;  // 0: no UTF-8 here
};

// The character at the start of a text that is not empty: the shortest form only, no surrogates, at
// most U+10FFFF.
Decoded decode(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  char32_t c = first & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    c = c << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kSmallest[bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return {};
  return {c, bytes};
}

void append_hex(std::string& out, std::uint32_t value, int digits_min) {
  constexpr char kDigits[] = "0123456789abcdef";
  int digits = digits_min;
  while (digits < 8 && value >> (4 * digits) != 0) ++digits;
  while (digits-- > 0) out += kDigits[value >> (4 * digits) & 0xf];
}

}  // namespace

bool is_control_character(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = decode(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const Decoded decoded = decode(text);
    if (decoded.bytes == 0 || is_control_character(decoded.character)) return false;
    text.remove_prefix(decoded.bytes);
  }
  return true;
}

std::string escape_for_log(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded decoded = decode(text);
    const std::size_t bytes = decoded.bytes == 0 ? 1 : decoded.bytes;
    if (decoded.bytes == 0) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text[0]), 2);
    } else if (is_control_character(decoded.character)) {
      out += "\\u{";
      append_hex(out, decoded.character, 1);
      out += '}';
    } else if (text[0] == '\\') {
      out += "\\\\";
    } else {
      out.append(text, 0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

}  // namespace gavel
