#include "cli/visitor/url.h"

#include <gtest/gtest.h>

namespace gavel::cli {
namespace {

TEST(ParseUrl, TakesHostPortAndPath) {
  const auto url = parse_url("ws://localhost:8765/game?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url.value().host, "localhost");
  EXPECT_EQ(url.value().port, "8765");
  EXPECT_EQ(url.value().authority, "localhost:8765");
  EXPECT_EQ(url.value().target, "/game?x=1");
}

TEST(ParseUrl, FillsInWhatIsLeftOut) {
  const auto url = parse_url("ws://example.org");
  ASSERT_TRUE(url);
  EXPECT_EQ(url.value().port, "80");
  EXPECT_EQ(url.value().target, "/");
}

TEST(ParseUrl, TakesIpv6Addresses) {
  const auto url = parse_url("ws://[::1]:8765/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url.value().host, "::1");
  EXPECT_EQ(url.value().port, "8765");
  EXPECT_EQ(url.value().authority, "[::1]:8765");
}

TEST(ParseUrl, SaysWhatIsWrong) {
  for (const char* text : {"localhost:8765", "http://x/", "wss://x/", "ws://", "ws://:80/",
                           "ws://[::1/", "ws://x:port/", "ws://x:123456/", "ws://x/\r\nHost: y"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().find("ws://HOST:PORT/"), std::string::npos) << url.error();
  }
}

}  // namespace
}  // namespace gavel::cli
