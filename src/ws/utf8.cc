#include "ws/utf8.h"

#include <emmintrin.h>

namespace gavel::ws {
namespace {

// The first byte that is not ASCII, sixteen at a time.
std::size_t ascii_prefix(const char* bytes, std::size_t size) {
  std::size_t at = 0;
  for (; at + 16 <= size; at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    const int high = _mm_movemask_epi8(chunk);
    if (high != 0) return at + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(high)));
  }
  while (at < size && static_cast<unsigned char>(bytes[at]) < 0x80) ++at;
  return at;
}

}  // namespace

bool Utf8Validator::feed(const char* bytes, std::size_t size) {
  std::size_t at = 0;
  while (true) {
    if (left_ == 0) {
      at += ascii_prefix(bytes + at, size - at);
      if (at == size) return true;
      const auto lead = static_cast<unsigned char>(bytes[at++]);
      low_ = 0x80;
      high_ = 0xbf;
      if (lead >= 0xc2 && lead <= 0xdf) {
        left_ = 1;
      } else if ((lead & 0xf0) == 0xe0) {
        left_ = 2;
        if (lead == 0xe0) low_ = 0xa0;   // overlong below
        if (lead == 0xed) high_ = 0x9f;  // surrogates above
      } else if (lead >= 0xf0 && lead <= 0xf4) {
        left_ = 3;
        if (lead == 0xf0) low_ = 0x90;
        if (lead == 0xf4) high_ = 0x8f;
      } else {
        return false;
      }
    }
    while (left_ != 0) {
      if (at == size) return true;
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      if (byte < low_ || byte > high_) return false;
      low_ = 0x80;
      high_ = 0xbf;
      --left_;
    }
  }
}

bool is_utf8(const char* bytes, std::size_t size) {
  Utf8Validator validator;
  return validator.feed(bytes, size) && validator.complete();
}

}  // namespace gavel::ws
