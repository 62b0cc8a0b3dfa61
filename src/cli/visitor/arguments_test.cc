#include "cli/visitor/arguments.h"

#include <gtest/gtest.h>

namespace gavel::cli {
namespace {

TEST(Utf8Fault, SaysAtWhichByteACharacterIsWrong) {
  EXPECT_EQ(utf8_fault("x", "caf\xc3\xa9 \xf0\x9f\x8e\xb2"), "");
  EXPECT_EQ(utf8_fault("x", ""), "");
  EXPECT_EQ(utf8_fault("x", "caf\xe9 au lait"), "x is not valid UTF-8 at byte 3: caf\\xe9");
  EXPECT_EQ(utf8_fault("x", "\xff"), "x is not valid UTF-8 at byte 0: \\xff");
  EXPECT_EQ(utf8_fault("x", "ab\xc3"), "x ends within a character at byte 2: ab\\xc3");
}

TEST(Check, TakesANumberOrLatestAsSince) {
  VisitorArguments arguments{.room = "r"};
  ASSERT_TRUE(check(arguments));
  arguments.since = "120";
  EXPECT_EQ(check(arguments).value().since, "120");
  for (const char* since : {"-1", "1.5", "", "newest", "99999999999999999999"}) {
    arguments.since = since;
    ASSERT_FALSE(check(arguments)) << since;
    EXPECT_TRUE(check(arguments).error().starts_with("--since")) << check(arguments).error();
  }
}

TEST(Check, RefusesRoomNamesThatNoServerTakes) {
  for (const char* room : {"", "a\nb", "a\xff"}) {
    EXPECT_FALSE(check(VisitorArguments{.room = room})) << room;
  }
}

}  // namespace
}  // namespace gavel::cli
