// Checks UTF-8 as the bytes arrive, and says no at the first byte that can't belong to any valid
// text (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF). Any thread; an object
// is one text.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gavel::ws {

class Utf8Validator {
 public:
  // False at the first wrong byte; the object is of no use then.
  bool feed(const char* bytes, std::size_t size);
  // The text may end here: no character is begun.
  bool complete() const { return left_ == 0; }
  void reset() { left_ = 0; }

 private:
  std::uint8_t left_ = 0;    // continuation bytes that are still to come
  std::uint8_t low_ = 0x80;  // the bounds of the next one
  std::uint8_t high_ = 0xbf;
};

// A whole text at once.
bool is_utf8(const char* bytes, std::size_t size);

}  // namespace gavel::ws
