#include "store/redis/url.h"

#include <gtest/gtest.h>

#include "store/redis/keys.h"

namespace gavel::store::redis {
namespace {

TEST(Url, SaysWhatItMeans) {
  const std::pair<const char*, const char*> table[] = {
      {"redis://localhost", "redis://localhost:6379"},
      {"redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"},
      {"redis://[::1]:7000", "redis://[::1]:7000"},
      {"rediss://user:p%40ss@redis.example:6380", "rediss://redis.example:6380"},
      {"redis-cluster://a:1,b,c:3", "redis-cluster://a:1,b:6379,c:3"},
      {"unix:/run/redis.sock", "unix:/run/redis.sock"},
      {"unix:///run/redis.sock", "unix:/run/redis.sock"},
  };
  for (const auto& [text, meaning] : table) {
    Url url;
    std::string error;
    EXPECT_TRUE(parse_url(text, url, error)) << text << ": " << error;
    EXPECT_EQ(url.text(), meaning);
  }
}

TEST(Url, HoldsUserAndPasswordAndNeverShowsThem) {
  Url url;
  std::string error;
  ASSERT_TRUE(parse_url("redis://me:p%40ss:w@h", url, error));
  EXPECT_EQ(url.username, "me");
  EXPECT_EQ(url.password, "p@ss:w");
  EXPECT_EQ(url.text().find("p@ss"), std::string::npos);
  ASSERT_TRUE(parse_url("redis://:secret@h", url, error));
  EXPECT_EQ(url.username, "");
  EXPECT_EQ(url.password, "secret");
}

TEST(Url, WhatIsWrongIsSaidWithoutRepeatingIt) {
  for (const char* text :
       {"", "redis:", "redis://", "http://secret", "redis://secret:0", "redis://secret:65536",
        "redis://secret:x", "redis://:secret%4@h", "redis://secret/x", "redis-cluster://secret/1",
        "unix:", "redis://[secret", "redis://secret h"}) {
    Url url;
    std::string error;
    EXPECT_FALSE(parse_url(text, url, error)) << text;
    EXPECT_FALSE(error.empty()) << text;
    EXPECT_EQ(error.find("secret"), std::string::npos) << error;
  }
}

TEST(Keys, SlotsAreTheClustersOwn) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3 % kSlots);  // the CRC's published test value
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
  EXPECT_EQ(slot_of("foo{}{bar}"), 8363);
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
}

TEST(Keys, ARoomsKeysShareASlotThatItsNameDoesNotChoose) {
  for (const char* name : {"puzzle", "{a}", "{a}b", "x{a}y", "", "}{", "gavel:r:{a}"}) {
    const RoomKeys keys = room_keys(name);
    for (const std::string* key : {&keys.meta, &keys.players, &keys.older_players}) {
      EXPECT_EQ(slot_of(*key), keys.slot);
    }
    EXPECT_EQ(keys.log.find(name, 8) == std::string::npos || std::string(name).size() < 2, true);
  }
  EXPECT_NE(room_keys("{a}1").slot, room_keys("{a}2").slot);
}

}  // namespace
}  // namespace gavel::store::redis
