#include "wire/lexer.h"

#include <cstring>

#include "wire/scanner.h"

namespace gavel::wire {
namespace {

bool is_high_surrogate(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The number behind a \u at p; -1 where there are no four hexadecimal digits.
int utf16_unit(const char* p, const char* end) {
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; ++i) {
    const int digit = hex_digit(p[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

char* write_utf8(char* out, unsigned c) {
  const auto put = [&out](unsigned byte) { *out++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
  return out;
}

char short_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // " \ /
  }
}

}  // namespace

const char* Lexer::other_value(const char* p, unsigned depth) {
  if (p == end_) return fail(p);
  switch (*p) {
    case '{':
      return depth < kDepthMax ? object(p, depth + 1) : fail(p, ErrorCode::too_deep);
    case '[':
      return depth < kDepthMax ? array(p, depth + 1) : fail(p, ErrorCode::too_deep);
    case 't':
      return word(p, "true");
    case 'f':
      return word(p, "false");
    case 'n':
      return word(p, "null");
    default:
      return number(p);
  }
}

const char* Lexer::object(const char* p, unsigned depth) {
  p = white_space(p + 1);
  if (p != end_ && *p == '}') return p + 1;
  while (true) {
    std::string_view ignored;
    bool escaped = false;
    p = name(p, ignored, escaped);
    if (p == nullptr) return nullptr;
    p = value(p, depth);
    if (p == nullptr) return nullptr;
    p = white_space(p);
    if (p != end_ && *p == '}') return p + 1;
    if (p == end_ || *p != ',') return fail(p);
    p = white_space(p + 1);
  }
}

const char* Lexer::array(const char* p, unsigned depth) {
  p = white_space(p + 1);
  if (p != end_ && *p == ']') return p + 1;
  while (true) {
    p = value(p, depth);
    if (p == nullptr) return nullptr;
    p = white_space(p);
    if (p != end_ && *p == ']') return p + 1;
    if (p == end_ || *p != ',') return fail(p);
    p = white_space(p + 1);
  }
}

// What stands behind the number is not looked at: 01 and 0x1 fail at the next piece.
const char* Lexer::number(const char* p) {
  if (*p == '-') ++p;
  if (p == end_ || !is_digit(*p)) return fail(p);
  return fraction_and_exponent(*p == '0' ? p + 1 : digits(p + 1));
}

const char* Lexer::fraction_and_exponent(const char* p) {
  if (p != end_ && *p == '.') {
    const char* const fraction = p + 1;
    p = digits(fraction);
    if (p == fraction) return fail(p);
  }
  if (p != end_ && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end_ && (*p == '+' || *p == '-')) ++p;
    const char* const exponent = p;
    p = digits(exponent);
    if (p == exponent) return fail(p);
  }
  return p;
}

const char* Lexer::word(const char* p, std::string_view word) {
  for (const char c : word) {
    if (p == end_ || *p != c) return fail(p);
    ++p;
  }
  return p;
}

const char* Lexer::long_white_space(const char* p) const {
  const auto is_white = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  for (int i = 0; i < 4; ++i) {  // usually one space
    if (p == end_ || !is_white(*p)) return p;
    ++p;
  }
#ifdef __SSE2__
  for (; end_ - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const __m128i white =
        _mm_or_si128(_mm_or_si128(is(' '), is('\n')), _mm_or_si128(is('\r'), is('\t')));
    const unsigned other = ~static_cast<unsigned>(_mm_movemask_epi8(white)) & 0xffff;
    if (other != 0) return p + std::countr_zero(other);
  }
#endif
  while (p != end_ && is_white(*p)) ++p;
  return p;
}

// From a character that is not plain, or the end.
const char* Lexer::rest_of_string(const char* p, bool& escaped) {
  while (true) {
    if (p == end_) return fail(p);
    if (*p == '"') return p;
    if (*p != '\\') return fail(p);
    escaped = true;
    p = escape(p);
    if (p == nullptr) return nullptr;
    p = plain_characters(p);
  }
}

// A half of a surrogate pair alone is refused, as libbson and many JSON parsers can't hold it.
const char* Lexer::escape(const char* p) {
  if (end_ - p < 2) return fail(end_);
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return p + 2;
    case 'u':
      break;
    default:
      return fail(p);
  }
  const int unit = utf16_unit(p, end_);
  if (unit < 0 || is_low_surrogate(unit)) return fail(p);
  if (!is_high_surrogate(unit)) return p + 6;
  return is_low_surrogate(utf16_unit(p + 6, end_)) ? p + 12 : fail(p);
}

std::size_t unescape(std::string_view raw, char* out) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  char* at = out;
  while (p != end) {
    const auto left = static_cast<std::size_t>(end - p);
    const auto* const escape = static_cast<const char*>(std::memchr(p, '\\', left));
    const char* const plain_end = escape != nullptr ? escape : end;
    at = static_cast<char*>(std::memcpy(at, p, static_cast<std::size_t>(plain_end - p))) +
         (plain_end - p);
    p = plain_end;
    if (p == end) break;
    if (end - p < 2) break;  // not from a checked string
    if (p[1] != 'u') {
      *at++ = short_escape(p[1]);
      p += 2;
      continue;
    }
    const int unit = utf16_unit(p, end);
    if (unit < 0) break;  // not from a checked string
    p += 6;
    auto c = static_cast<unsigned>(unit);
    if (is_high_surrogate(unit)) {
      const int low = utf16_unit(p, end);
      if (!is_low_surrogate(low)) break;  // not from a checked string
      c = 0x10000 + ((c - 0xd800) << 10) + (static_cast<unsigned>(low) - 0xdc00);
      p += 6;
    }
    at = write_utf8(at, c);
  }
  return static_cast<std::size_t>(at - out);
}

std::string unescape(std::string_view raw) {
  std::string text(raw.size(), '\0');
  text.resize(unescape(raw, text.data()));
  return text;
}

}  // namespace gavel::wire
