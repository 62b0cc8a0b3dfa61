#include "ws/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gavel::ws {
namespace {

bool valid(std::string_view text) { return is_utf8(text.data(), text.size()); }

// UTF-8 by counting: every code point's encoding, and nothing else, is valid.
std::string encode(unsigned point) {
  const auto tail = [point](unsigned shift) {
    return static_cast<char>(0x80 | (point >> shift & 0x3f));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, TakesEveryCodePointButTheSurrogates) {
  for (unsigned point = 0; point <= 0x1fffff; ++point) {
    const bool expected = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    ASSERT_EQ(valid(encode(point)), expected) << std::hex << point;
  }
}

TEST(Utf8, RefusesEveryPairThatIsNoText) {
  // A pair is valid as two ASCII bytes or as one character of two bytes; all else is not.
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const std::string pair{static_cast<char>(a), static_cast<char>(b)};
      const bool expected =
          (a < 0x80 && b < 0x80) || (a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf);
      ASSERT_EQ(valid(pair), expected) << std::hex << a << ' ' << b;
    }
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const std::string_view text :
       {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf",
        "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}) {
    EXPECT_FALSE(valid(text)) << text;
  }
}

TEST(Utf8, FindsAWrongByteAtAnyPlaceInALongText) {
  for (std::size_t size = 1; size < 70; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(valid(text));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(valid(text)) << size << ' ' << at;
      text[at] = '\xc3';  // with an ASCII byte, or nothing, behind it
      EXPECT_FALSE(valid(text)) << size << ' ' << at;
      if (at + 1 < size) {
        text[at + 1] = '\xa9';
        EXPECT_TRUE(valid(text)) << size << ' ' << at;
        text[at + 1] = 'a';
      }
      text[at] = 'a';
    }
  }
}

TEST(Utf8, SaysNoAtTheFirstByteThatCannotBelongToAText) {
  struct Wrong {
    std::string_view text;
    std::size_t at;
  };
  for (const auto& [text, at] :
       {Wrong{"\xc0\x80", 0}, Wrong{"a\xed\xa0\x80", 2}, Wrong{"\xf4\x90\x80\x80", 1},
        Wrong{"\xe0\x80\x80", 1}, Wrong{"\xf0\x80\x80\x80", 1}, Wrong{"\xf0\x9f\x98z", 3},
        Wrong{"\xf5\x80\x80\x80", 0}, Wrong{"abc\xff", 3}}) {
    Utf8Validator validator;
    for (std::size_t i = 0; i < at; ++i) EXPECT_TRUE(validator.feed(text.data() + i, 1)) << i;
    EXPECT_FALSE(validator.feed(text.data() + at, 1)) << at;
  }
}

TEST(Utf8, IsCompleteOnlyBetweenCharacters) {
  const std::string text = encode(0x1f3b2);
  Utf8Validator validator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_TRUE(validator.feed(text.data() + i, 1));
    EXPECT_EQ(validator.complete(), i + 1 == text.size());
  }
}

}  // namespace
}  // namespace gavel::ws
