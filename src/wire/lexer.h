// The pieces of JSON (RFC 8259, strictly), for the parsers of this folder: each function takes the
// place where a piece begins and returns the place behind it, or nullptr at a fault, which fault()
// then tells. A Lexer is made a text and thrown away; it owns nothing. Reads no byte outside its
// text.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "wire/input_error.h"

namespace gavel::wire {

class Lexer {
 public:
  explicit Lexer(std::string_view text) : begin_(text.data()), end_(text.data() + text.size()) {}

  const char* begin() const { return begin_; }
  const char* end() const { return end_; }
  // bad_json or too_deep, and the byte where it was seen.
  const InputError& fault() const { return fault_; }
  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - begin_); }

  const char* fail(const char* p, ErrorCode code = ErrorCode::bad_json) {
    fault_ = {.code = code, .offset = offset(p)};
    return nullptr;
  }

  // Never a fault.
  const char* white_space(const char* p) const {
    if (p != end_ && static_cast<unsigned char>(*p) <= ' ') return long_white_space(p);
    return p;
  }

  // From behind the opening quote to the closing quote (not behind it). Sets `escaped` where a
  // \ stands in between.
  const char* string(const char* p, bool& escaped) {
    p = plain_characters(p);
    if (p != end_ && *p == '"') return p;
    return rest_of_string(p, escaped);
  }

  // From a member's opening quote to its value: the (raw) name, the colon, white space.
  const char* name(const char* p, std::string_view& name, bool& escaped) {
    if (p == end_ || *p != '"') return fail(p);
    const char* const close = string(p + 1, escaped);
    if (close == nullptr) return nullptr;
    name = {p + 1, static_cast<std::size_t>(close - p - 1)};
    p = white_space(close + 1);
    if (p == end_ || *p != ':') return fail(p);
    return white_space(p + 1);
  }

  // A value of any kind; `depth` levels are open around it. Recursion ends at kDepthMax.
  // Strings and integers are most of what games send: those two without a call.
  const char* value(const char* p, unsigned depth) {
    if (p != end_ && *p == '"') {
      bool escaped = false;
      p = string(p + 1, escaped);
      return p == nullptr ? nullptr : p + 1;
    }
    if (p != end_ && *p >= '1' && *p <= '9') {
      p = digits(p + 1);
      return p == end_ || (*p != '.' && (*p | 0x20) != 'e') ? p : fraction_and_exponent(p);
    }
    return other_value(p, depth);
  }

 private:
  const char* object(const char* p, unsigned depth);
  const char* array(const char* p, unsigned depth);
  const char* other_value(const char* p, unsigned depth);
  const char* number(const char* p);
  const char* fraction_and_exponent(const char* p);
  const char* word(const char* p, std::string_view word);
  const char* long_white_space(const char* p) const;
  const char* rest_of_string(const char* p, bool& escaped);
  const char* escape(const char* p);

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  const char* digits(const char* p) const {
    while (p != end_ && is_digit(*p)) ++p;
    return p;
  }

  static bool ends_plain(char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ';
  }

#ifdef __SSE2__
  // One bit a byte that ends a run of plain characters.
  static unsigned ends_plain_16(const char* p) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)));
  }
#endif

  // Behind the characters that mean themselves in a string.
  const char* plain_characters(const char* p) const {
#ifdef __SSE2__
    for (; end_ - p >= 16; p += 16) {
      const unsigned mask = ends_plain_16(p);
      if (mask != 0) return p + std::countr_zero(mask);
    }
    if (end_ - begin_ >= 16) {  // the last bytes, loaded together with some that stand before them
      const unsigned mask = ends_plain_16(end_ - 16) >> (16 - (end_ - p));
      return mask != 0 ? p + std::countr_zero(mask) : end_;
    }
#endif
    while (p != end_ && !ends_plain(*p)) ++p;
    return p;
  }

  const char* begin_;
  const char* end_;
  InputError fault_{};
};

// The text that a string's raw (and checked) inside means. Writes at most `raw.size()` bytes, since
// no escape is shorter than what it means; returns how many.
std::size_t unescape(std::string_view raw, char* out);
std::string unescape(std::string_view raw);

}  // namespace gavel::wire
