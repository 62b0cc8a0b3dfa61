#include "admin/target.h"

#include <gtest/gtest.h>

namespace gavel::admin {
namespace {

using Segments = std::vector<std::string>;

TEST(Target, DecodesSegmentsAfterItCutThem) {
  EXPECT_EQ(parse_target("/")->segments, Segments());
  EXPECT_EQ(parse_target("/a/b%2Fc/d+e")->segments, (Segments{"a", "b/c", "d+e"}));
  EXPECT_EQ(parse_target("/a//b")->segments, (Segments{"a", "", "b"}));
  EXPECT_EQ(parse_target("/a?x=1")->segments, (Segments{"a"}));
  EXPECT_EQ(parse_target("/?x=1")->segments, Segments());
}

TEST(Target, ReadsTheQueryAsAFormIsSent) {
  const auto target = parse_target("/rooms?filter=a+b%26c&limit=5&empty=&bare&limit=6");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->get("filter"), "a b&c");
  EXPECT_EQ(target->get("limit"), "6");
  EXPECT_EQ(target->get("empty"), "");
  EXPECT_EQ(target->get("bare"), "");
  EXPECT_EQ(target->get("none"), std::nullopt);
}

TEST(Target, RefusesWhatIsNoPath) {
  for (const char* bad :
       {"", "a", "*", "http://x/", "/%", "/%4", "/%4g", "/%ff", "/?a=%", "/%c3"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

TEST(Target, ReadsNumbersWholeOrNotAtAll) {
  EXPECT_EQ(parse_number("0", 10), 0u);
  EXPECT_EQ(parse_number("10", 10), 10u);
  for (const char* bad :
       {"", "11", "-1", "+1", "1.0", "1e1", " 1", "1 ", "0x1", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_number(bad, 10)) << bad;
  }
}

}  // namespace
}  // namespace gavel::admin
