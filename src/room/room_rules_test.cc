#include "room/room_rules.h"

#include <gtest/gtest.h>

namespace gavel::room {
namespace {

TEST(RoomRules, ForgetsWhatSaysNothing) {
  RoomRules rules;
  EXPECT_EQ(rules.find("a"), nullptr);
  rules.change("a")->locked = true;
  rules.tidy("a", 0);
  ASSERT_NE(rules.find("a"), nullptr);
  rules.change("a")->locked = false;
  rules.tidy("a", 0);
  EXPECT_EQ(rules.find("a"), nullptr);
}

TEST(RoomRules, KeepsAPlayerOutForATime) {
  RoomRules rules;
  RoomRule& rule = *rules.change("a");
  rules.ban(rule, {.player = "ann", .address = "", .until_ms = 100}, 0);
  EXPECT_TRUE(rules.is_banned(rule, "ann", "10.0.0.1", 99));
  EXPECT_FALSE(rules.is_banned(rule, "ann", "10.0.0.1", 100));
  EXPECT_FALSE(rules.is_banned(rule, "bob", "10.0.0.1", 0));
  EXPECT_FALSE(rules.is_banned(rule, "", "", 0));
}

TEST(RoomRules, KeepsAnAddressOutWhereThePlayerHadNoName) {
  RoomRules rules;
  RoomRule& rule = *rules.change("a");
  rules.ban(rule, {.player = "", .address = "10.0.0.1", .until_ms = 100}, 0);
  EXPECT_TRUE(rules.is_banned(rule, "", "10.0.0.1", 0));
  EXPECT_TRUE(rules.is_banned(rule, "ann", "10.0.0.1", 0));
  EXPECT_FALSE(rules.is_banned(rule, "", "10.0.0.2", 0));
}

TEST(RoomRules, TakesTheNewerOfTwoBansAndIsBounded) {
  RoomRules rules;
  RoomRule& rule = *rules.change("a");
  rules.ban(rule, {.player = "ann", .address = "", .until_ms = 100}, 0);
  rules.ban(rule, {.player = "ann", .address = "", .until_ms = 50}, 0);
  EXPECT_EQ(rule.bans.size(), 1u);
  EXPECT_FALSE(rules.is_banned(rule, "ann", "", 60));
  for (std::size_t i = 0; i < RoomRules::kBansMax + 5; ++i) {
    rules.ban(rule, {.player = "p" + std::to_string(i), .address = "", .until_ms = 1000}, 0);
  }
  EXPECT_EQ(rule.bans.size(), RoomRules::kBansMax);
}

TEST(RoomRules, HasABoundOfRooms) {
  RoomRules rules;
  for (std::size_t i = 0; i < RoomRules::kRulesMax; ++i)
    rules.change(std::to_string(i))->locked = true;
  EXPECT_EQ(rules.change("one more"), nullptr);
  EXPECT_NE(rules.change("7"), nullptr);
}

}  // namespace
}  // namespace gavel::room
