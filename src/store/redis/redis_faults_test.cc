// What happens when Redis goes away, comes back with less, or is changed behind our back (promises
// P3, P5, P6).
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/redis/keys.h"
#include "store/redis/redis_store.h"
#include "store/redis/testing/redis_process.h"
#include "store/testing.h"

namespace gavel::store::redis {
namespace {

using testing::Message;
using testing::TestShard;

// One gavel server as far as its store goes.
struct Server {
  explicit Server(const RedisProcess& redis, unsigned wait_replicas = 0) {
    RedisOptions options;
    options.url = redis.url();
    options.timeout = std::chrono::milliseconds(500);
    options.repair_grace = std::chrono::milliseconds(700);
    options.wait_replicas = wait_replicas;
    std::string error;
    store = open_redis_store(options, error);
    EXPECT_NE(store, nullptr) << error;
    shard = std::make_unique<TestShard>(*store, 0);
  }
  void say(RoomKey room, int from, int to, std::uint64_t client = 1) {
    for (int i = from; i <= to; ++i) {
      shard->append(room, {{client, 0, "\"n\":" + std::to_string(i) + "}"}});
      if (i % 7 == 0) shard->commit();
    }
    shard->commit();
  }
  std::vector<Message> log(RoomKey room) { return shard->read_all(room, MessageId{0}, 4096); }
  testing::TestShard::RoomView& view(RoomKey room) { return shard->room(room); }

  std::unique_ptr<Store> store;
  std::unique_ptr<TestShard> shard;
};

// Redis's files as they were at some moment, for a Redis that comes back with less than it said it
// had.
class Snapshot {
 public:
  explicit Snapshot(const RedisProcess& redis)
      : from_(redis.folder() + "/appendonlydir"), to_(redis.folder() + "/kept") {
    std::filesystem::copy(from_, to_, std::filesystem::copy_options::recursive);
  }
  void restore() const {
    std::filesystem::remove_all(from_);
    std::filesystem::copy(to_, from_, std::filesystem::copy_options::recursive);
  }

 private:
  std::string from_;
  std::string to_;
};

const std::vector<std::string> kAlways{"appendonly yes", "appendfsync always"};
const std::vector<std::string> kEverySecond{"appendonly yes", "appendfsync everysec"};

TEST(RedisFaults, WhatWasShownIsPutBackWhenRedisComesBackShorter) {
  RedisProcess redis(kEverySecond);
  Server server(redis);
  const RoomKey room = server.shard->open("puzzle");
  server.say(room, 1, 50);
  server.shard->settle(room);
  const Snapshot snapshot(redis);
  server.say(room, 51, 100);
  server.shard->settle(room);
  redis.kill9();
  snapshot.restore();
  server.say(room, 101, 110);
  redis.start();
  server.shard->settle(room);
  EXPECT_EQ(server.view(room).refused, 0u);
  EXPECT_EQ(server.view(room).life->last, MessageId{110});
  EXPECT_EQ(server.log(room), server.view(room).kept);
  EXPECT_EQ(server.view(room).kept.size(), 110u);
  Server other(redis);
  const RoomKey there = other.shard->open("puzzle");
  EXPECT_EQ(other.view(there).life->epoch, server.view(room).life->epoch);
  EXPECT_EQ(other.log(there), server.view(room).kept);
}

TEST(RedisFaults, TheServerThatSawMostPutsItBack) {
  RedisProcess redis(kEverySecond);
  Server one(redis);
  auto two = std::make_unique<Server>(redis);
  const RoomKey here = one.shard->open("puzzle");
  const RoomKey there = two->shard->open("puzzle");
  one.say(here, 1, 30);
  one.shard->settle(here);
  two->shard->run_until([&] { return two->view(there).kept.size() == 30; },
                        "the other server's messages");
  const Snapshot snapshot(redis);
  two->say(there, 31, 60, 2);
  two->shard->settle(there);
  one.shard->run_until([&] { return one.view(here).kept.size() == 60; },
                       "the other server's messages");
  const Epoch epoch = one.view(here).life->epoch;
  redis.kill9();
  snapshot.restore();
  redis.start();
  one.say(here, 61, 70);
  two->say(there, 71, 80, 2);
  one.shard->settle(here);
  two->shard->settle(there);
  one.shard->run_until([&] { return one.view(here).kept.size() == 80; }, "everything");
  two->shard->run_until([&] { return two->view(there).kept.size() == 80; }, "everything");
  EXPECT_EQ(one.view(here).kept, two->view(there).kept);
  EXPECT_EQ(one.log(here), one.view(here).kept);
  EXPECT_EQ(one.view(here).life->epoch, epoch);
}

TEST(RedisFaults, ANewEpochBeginsWhenNobodyCanPutItBack) {
  RedisProcess redis(kEverySecond);
  auto server = std::make_unique<Server>(redis);
  RoomKey room = server->shard->open("puzzle");
  server->say(room, 1, 50);
  server->shard->settle(room);
  const Epoch epoch = server->view(room).life->epoch;
  const Snapshot snapshot(redis);
  server->say(room, 51, 100);
  server->shard->settle(room);
  redis.kill9();
  server.reset();  // killed with it: it can't say any more how far the room was
  snapshot.restore();
  redis.start();
  Server later(redis);
  room = later.shard->open("puzzle");
  EXPECT_GT(later.view(room).life->epoch, epoch);
  EXPECT_EQ(later.view(room).life->last, MessageId{0});
  EXPECT_FALSE(later.view(room).life->first_epoch);
  later.say(room, 1, 3);
  later.shard->settle(room);
  EXPECT_EQ(later.view(room).life->last, MessageId{3});
}

TEST(RedisFaults, ARoomThatWasClosedKeepsItsEpochThroughARestart) {
  RedisProcess redis(kEverySecond);
  auto server = std::make_unique<Server>(redis);
  RoomKey room = server->shard->open("puzzle");
  server->say(room, 1, 50);
  server->shard->settle(room);
  const Epoch epoch = server->view(room).life->epoch;
  server->shard->close(room);
  server->shard->commit();
  server.reset();
  redis.command({"WAITAOF"});  // unknown to this Redis; only a round trip behind the close
  std::this_thread::sleep_for(std::chrono::milliseconds(0));
  EXPECT_TRUE(wait_until([&] {
    return redis.command({"HGET", room_keys("puzzle").meta, "c"}).text == "50";
  }));
  redis.command({"BGREWRITEAOF"});
  EXPECT_TRUE(wait_until([&] {
    return redis.command({"INFO", "persistence"}).text.find("aof_rewrite_in_progress:0") !=
           std::string::npos;
  }));
  redis.kill9();
  redis.start();
  Server later(redis);
  room = later.shard->open("puzzle");
  EXPECT_EQ(later.view(room).life->epoch, epoch);
  EXPECT_EQ(later.view(room).life->last, MessageId{50});
}

TEST(RedisFaults, NothingIsLostWhenRedisIsKilledAndWritesAlways) {
  RedisProcess redis(kAlways);
  Server server(redis);
  const RoomKey room = server.shard->open("puzzle");
  int said = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) {
      ++said;
      server.shard->append(
          room, {{1, static_cast<std::uint64_t>(said), "\"n\":" + std::to_string(said) + "}"}});
      server.shard->commit();
    }
    redis.kill9();  // with appends under way whose fate is unclear
    redis.start();
  }
  server.shard->settle(room);
  EXPECT_EQ(server.view(room).refused, 0u);
  std::vector<Message> expected;
  for (int i = 1; i <= said; ++i) {
    expected.push_back({1, static_cast<std::uint64_t>(i), "\"n\":" + std::to_string(i) + "}"});
  }
  EXPECT_EQ(server.view(room).kept, expected);
  EXPECT_EQ(server.log(room), expected);
}

TEST(RedisFaults, NothingIsKeptTwiceWhenRedisHangs) {
  RedisProcess redis;
  Server server(redis);
  const RoomKey room = server.shard->open("puzzle");
  server.say(room, 1, 10);
  server.shard->settle(room);
  redis.freeze();
  server.say(room, 11, 20);
  // Longer than the time-out: what was sent lies in the socket of a Redis that will go on with it.
  EXPECT_TRUE(wait_until([&] { return !server.store->health().ok; }));
  EXPECT_EQ(server.view(room).kept.size(), 10u);
  redis.thaw();
  server.shard->settle(room);
  server.say(room, 21, 25);
  server.shard->settle(room);
  EXPECT_EQ(server.view(room).kept.size(), 25u);
  EXPECT_EQ(server.log(room), server.view(room).kept);
}

TEST(RedisFaults, AFullRedisRefusesAndReadingGoesOn) {
  RedisProcess redis;
  Server server(redis);
  const RoomKey room = server.shard->open("puzzle");
  server.say(room, 1, 10);
  server.shard->settle(room);
  redis.command({"CONFIG", "SET", "maxmemory", "1mb"});
  server.say(room, 11, 12);
  server.shard->settle(room);
  EXPECT_EQ(server.view(room).refused, 2u);
  EXPECT_EQ(server.view(room).error, room::LogError::full);
  EXPECT_EQ(server.log(room).size(), 10u);
  EXPECT_TRUE(server.shard->claim(room, ClientId{1}).ok);
  const RoomKey other = server.shard->open("other");
  EXPECT_TRUE(server.view(other).life.has_value());
  redis.command({"CONFIG", "SET", "maxmemory", "0"});
  server.say(room, 13, 14);
  server.shard->settle(room);
  EXPECT_EQ(server.view(room).life->last, MessageId{12});
  EXPECT_EQ(server.log(room), server.view(room).kept);
}

TEST(RedisFaults, AStoreThatForgotEverythingMeansANewEpoch) {
  RedisProcess redis;
  Server server(redis);
  const RoomKey room = server.shard->open("puzzle");
  server.say(room, 1, 10);
  server.shard->settle(room);
  const Epoch epoch = server.view(room).life->epoch;
  redis.command({"FLUSHALL"});
  server.shard->run_until([&] { return server.view(room).life->epoch != epoch; }, "a new epoch");
  EXPECT_GT(server.view(room).life->epoch, epoch);
  server.say(room, 1, 3);
  server.shard->settle(room);
  EXPECT_EQ(server.view(room).life->last, MessageId{3});

  // Only the log, only what is known of it, and something else in its place.
  for (const char* what : {"log", "meta", "type"}) {
    const Epoch before = server.view(room).life->epoch;
    const RoomKeys keys = room_keys("puzzle");
    redis.command({"DEL", what == std::string_view("meta") ? keys.meta : keys.log});
    if (what == std::string_view("type")) redis.command({"SET", keys.log, "nonsense"});
    if (what == std::string_view("type")) break;
    server.shard->run_until([&] { return server.view(room).life->epoch != before; }, what);
    server.say(room, 1, 2);
    server.shard->settle(room);
  }
}

TEST(RedisFaults, TwoServersThatOpenANewRoomAtOnceAgree) {
  RedisProcess redis;
  Server one(redis);
  Server two(redis);
  for (int i = 0; i < 20; ++i) {
    const std::string name = "room-" + std::to_string(i);
    const RoomKey here{1000u + static_cast<std::uint64_t>(i)};
    one.shard->log().open(here, name);
    two.shard->log().open(here, name);
    one.shard->commit();
    two.shard->commit();
    one.shard->run_until([&] { return one.view(here).life.has_value(); });
    two.shard->run_until([&] { return two.view(here).life.has_value(); });
    EXPECT_EQ(one.view(here).life->epoch, two.view(here).life->epoch);
    one.say(here, 1, 20, 1);
    two.say(here, 1, 20, 2);
    one.shard->settle(here);
    two.shard->settle(here);
    one.shard->run_until([&] { return one.view(here).kept.size() == 40; }, "all");
    two.shard->run_until([&] { return two.view(here).kept.size() == 40; }, "all");
    EXPECT_EQ(one.view(here).kept, two.view(here).kept);
  }
}

TEST(RedisFaults, ARefIsKeptOnceOnWhicheverServer) {
  RedisProcess redis;
  Server one(redis);
  Server two(redis);
  const RoomKey here = one.shard->open("puzzle");
  const RoomKey there = two.shard->open("puzzle");
  one.shard->append(here, {{7, 1, "\"a\":1}"}, {7, 2, "\"a\":2}"}});
  one.shard->settle(here);
  const room::Claim claim = two.shard->claim(there, ClientId{7});
  EXPECT_EQ(claim.last_ref, Ref{2});
  // The player came back on the second server and sends again what he is not sure of.
  two.shard->append(there, {{7, 2, "\"a\":2}"}, {7, 3, "\"a\":3}"}, {8, 0, "\"b\":1}"}});
  two.shard->settle(there);
  // His older connection is still there: what it sends now comes too late.
  one.shard->append(here, {{7, 9, "\"late\":1}"}});
  one.shard->settle(here);
  one.shard->run_until([&] { return one.view(here).kept.size() == 4; }, "all");
  const std::vector<Message> expected{
      {7, 1, "\"a\":1}"}, {7, 2, "\"a\":2}"}, {7, 3, "\"a\":3}"}, {8, 0, "\"b\":1}"}};
  EXPECT_EQ(one.view(here).kept, expected);
  EXPECT_EQ(two.shard->read_all(there, MessageId{0}, 1000), expected);
}

TEST(RedisFaults, AnEvictingRedisIsRefusedAtTheStart) {
  RedisProcess redis({"maxmemory-policy allkeys-lru"});
  RedisOptions options;
  options.url = redis.url();
  std::string error;
  EXPECT_EQ(open_redis_store(options, error), nullptr);
  EXPECT_NE(error.find("maxmemory-policy noeviction"), std::string::npos) << error;
}

TEST(RedisFaults, AWrongPasswordIsSaidWithoutSayingIt) {
  RedisProcess redis({"requirepass right-one"});
  RedisOptions options;
  options.url = "redis://:wrong-one@127.0.0.1:" + std::to_string(redis.port());
  std::string error;
  EXPECT_EQ(open_redis_store(options, error), nullptr);
  EXPECT_NE(error.find("WRONGPASS"), std::string::npos) << error;
  EXPECT_EQ(error.find("wrong-one"), std::string::npos) << error;
  options.password = "right-one";
  const auto store = open_redis_store(options, error);
  ASSERT_NE(store, nullptr) << error;
  EXPECT_EQ(store->describe().find("one"), std::string::npos) << store->describe();
}

TEST(RedisFaults, NoRedisIsAnErrorThatSaysWhere) {
  RedisOptions options;
  options.url = "redis://127.0.0.1:" + std::to_string(free_port());
  options.start_timeout = std::chrono::milliseconds(700);
  std::string error;
  EXPECT_EQ(open_redis_store(options, error), nullptr);
  EXPECT_NE(error.find(options.url), std::string::npos) << error;
  EXPECT_NE(error.find("refused"), std::string::npos) << error;
}

}  // namespace
}  // namespace gavel::store::redis
