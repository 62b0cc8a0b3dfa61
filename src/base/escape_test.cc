#include "base/escape.h"

#include <gtest/gtest.h>

namespace gavel {
namespace {

TEST(Escape, LeavesPlainTextAsItIs) {
  for (const char* text : {"", "room-42", "a b", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xc2\xa0", "\"'{}"}) {
    EXPECT_EQ(escape_for_log(text), text);
    EXPECT_TRUE(is_plain_text(text));
  }
}

TEST(Escape, ShowsWhatWouldSteerALogOrATerminal) {
  EXPECT_EQ(escape_for_log("a\nb\r\x1b[2J\x7f"), "a\\u{a}b\\u{d}\\u{1b}[2J\\u{7f}");
  EXPECT_EQ(escape_for_log(std::string_view{"\0", 1}), "\\u{0}");
  EXPECT_EQ(escape_for_log("\xc2\x9b"), "\\u{9b}");
  EXPECT_EQ(escape_for_log("\xe2\x80\xa8\xe2\x80\xa9"), "\\u{2028}\\u{2029}");
  EXPECT_EQ(escape_for_log("\xe2\x80\xae\xe2\x81\xa6\xd8\x9c"), "\\u{202e}\\u{2066}\\u{61c}");
  EXPECT_EQ(escape_for_log("a\\n"), "a\\\\n");  // can't be taken for an escape of ours
}

TEST(Escape, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escape_for_log("a\xff"
                           "b"),
            "a\\xffb");
  EXPECT_EQ(escape_for_log("\xc3"), "\\xc3");
  EXPECT_EQ(escape_for_log("\xc0\xaf"), "\\xc0\\xaf");  // not the shortest form
  EXPECT_EQ(escape_for_log("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(escape_for_log("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(escape_for_log("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(escape_for_log("\xf0\x9f\x98"), "\\xf0\\x9f\\x98");
  EXPECT_EQ(escape_for_log("\x80"), "\\x80");
  for (const char* text : {"\xff", "\xc3", "a\n", "\xe2\x80\xae", "\xc2\x85"})
    EXPECT_FALSE(is_plain_text(text));
}

TEST(Escape, KnowsExactlyTheControlCharacters) {
  const auto is_one = [](char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
  };
  for (char32_t c = 0; c < 0x11000; ++c)
    EXPECT_EQ(is_control_character(c), is_one(c)) << static_cast<unsigned>(c);
}

}  // namespace
}  // namespace gavel
