#include "admin/guard.h"

#include <gtest/gtest.h>

namespace gavel::admin {
namespace {

unsigned status_for(const Guard& guard, const std::string& host,
                    const std::string& authorization = {}, bool open = false) {
  const Request request{.host = host, .authorization = authorization};
  const auto refusal = guard.check(request, open);
  return refusal ? refusal->status : 0;
}

TEST(Guard, TakesTheConfiguredAddressAndTheLoopback) {
  const Guard guard("10.1.2.3", "0123456789abcdef");
  const std::string key = "Bearer 0123456789abcdef";
  EXPECT_EQ(status_for(guard, "10.1.2.3:8766", key), 0u);
  EXPECT_EQ(status_for(guard, "localhost:1", key), 0u);
  EXPECT_EQ(status_for(guard, "10.1.2.4", key), 403u);
  EXPECT_EQ(status_for(guard, "example.com", key), 403u);
}

TEST(Guard, TakesAnyNameWhereItIsBoundToAllAddressesSinceTheKeyGuardsIt) {
  const Guard guard("0.0.0.0", "0123456789abcdef");
  EXPECT_EQ(status_for(guard, "game.example", "Bearer 0123456789abcdef"), 0u);
  EXPECT_EQ(status_for(guard, "game.example"), 401u);
  EXPECT_EQ(status_for(guard, "game.example", {}, true), 0u);
}

TEST(Guard, ComparesTextsOfAnyLengths) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abcabc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcabc"));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
  EXPECT_FALSE(equal_in_constant_time("a", ""));
}

TEST(Guard, TellsTheLoopbackFromNamesThatLookLikeIt) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.9", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"127.0.0.1.example", "localhost.example", "128.0.0.1", "::2", ""}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace gavel::admin
