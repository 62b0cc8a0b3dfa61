// What room/message_log.h promises, as tests that run on every store. A store's *_contract_test.cc
// includes this once and says what to run it on:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(StoreUnderTest{…}));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "store/testing.h"

namespace gavel::store::testing {

// A place to open stores in: opened again, a store that outlasts the process finds what the last
// one left.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  virtual std::unique_ptr<Store> open(const Retention& retention) = 0;
};

struct StoreUnderTest {
  std::string name;
  std::function<std::unique_ptr<StorePlace>()> make_place;
  bool outlasts_close = true;    // a room that is closed and opened again goes on in its life
  bool outlasts_process = true;  // so does one in a store that is opened again
  bool remembers_refs = true;    // claims know refs
  std::uint64_t slack = 0;  // how many messages of 100 bytes it keeps beyond a retention of 1,000
};

// What the suite calls it.
inline std::string name_of(const ::testing::TestParamInfo<StoreUnderTest>& store) {
  return store.param.name;
}

inline std::ostream& operator<<(std::ostream& out, const StoreUnderTest& store) {
  return out << store.name;
}

class StoreContract : public ::testing::TestWithParam<StoreUnderTest> {
 protected:
  void SetUp() override {
    place_ = GetParam().make_place();
    reopen();
  }
  void reopen(const Retention& retention = {}) {
    shard_.reset();
    store_.reset();
    store_ = place_->open(retention);
    ASSERT_NE(store_, nullptr);
    shard_ = std::make_unique<TestShard>(*store_, 0);
  }
  // `count` messages in blocks of 1 to 20, the n-th with the body "n"; settled.
  std::vector<Message> fill(RoomKey room, std::size_t count) {
    std::vector<Message> all;
    std::mt19937_64 random(count);
    while (all.size() < count) {
      std::vector<Message> block;
      for (std::size_t n = 1 + random() % 20; n > 0 && all.size() < count; --n) {
        block.push_back({1 + random() % 5, 0, "\"n\":" + std::to_string(all.size()) + "}"});
        all.push_back(block.back());
      }
      shard_->append(room, block);
      if (random() % 4 == 0) shard_->settle(room);
    }
    shard_->settle(room);
    return all;
  }
  static std::vector<Message> behind(const std::vector<Message>& all, MessageId after) {
    return {all.begin() + static_cast<std::ptrdiff_t>(after.value), all.end()};
  }

  std::unique_ptr<StorePlace> place_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<TestShard> shard_;
};

TEST_P(StoreContract, ANewRoomIsEmptyInItsFirstEpoch) {
  const RoomKey room = shard_->open("puzzle");
  const room::RoomLife& life = *shard_->room(room).life;
  EXPECT_TRUE(life.epoch);
  EXPECT_EQ(life.first, MessageId{1});
  EXPECT_EQ(life.last, MessageId{0});
  EXPECT_TRUE(life.first_epoch);
}

TEST_P(StoreContract, BlocksAreKeptInOrderUnderConsecutiveIds) {
  const RoomKey room = shard_->open("puzzle");
  shard_->append(room, {{1, 0, "\"a\":1}"}, {2, 0, "\"b\":2}"}});
  shard_->append(room, {{1, 0, "\"c\":3}"}});
  shard_->settle(room);
  shard_->append(room, {{3, 0, ""}});
  shard_->settle(room);
  const std::vector<Message> expected{
      {1, 0, "\"a\":1}"}, {2, 0, "\"b\":2}"}, {1, 0, "\"c\":3}"}, {3, 0, ""}};
  EXPECT_EQ(shard_->room(room).kept, expected);
  EXPECT_EQ(shard_->room(room).life->last, MessageId{4});
  EXPECT_EQ(shard_->room(room).refused, 0u);
}

TEST_P(StoreContract, RoomsAreApart) {
  const RoomKey one = shard_->open("one");
  const RoomKey two = shard_->open("two");
  for (int i = 0; i < 50; ++i) {
    shard_->append(one, {{1, 0, "\"one\":" + std::to_string(i) + "}"}});
    if (i % 3 == 0) shard_->append(two, {{2, 0, "\"two\":" + std::to_string(i) + "}"}});
  }
  shard_->settle(one);
  shard_->settle(two);
  EXPECT_EQ(shard_->read_all(one, MessageId{0}, 200), shard_->room(one).kept);
  EXPECT_EQ(shard_->read_all(two, MessageId{0}, 200), shard_->room(two).kept);
  EXPECT_EQ(shard_->room(one).kept.size(), 50u);
  EXPECT_EQ(shard_->room(two).kept.size(), 17u);
}

TEST_P(StoreContract, PagesReadWhatIsKeptFromAnyPlaceOn) {
  const RoomKey room = shard_->open("puzzle");
  const std::vector<Message> all = fill(room, 300);
  for (std::uint64_t after = 0; after <= 300; after += 7) {
    for (const std::size_t bytes : {1u, 100u, 100'000u}) {
      ASSERT_EQ(shard_->read_all(room, MessageId{after}, bytes), behind(all, MessageId{after}))
          << "behind " << after << " in pages of " << bytes;
    }
  }
}

TEST_P(StoreContract, APageIsAboutAsLargeAsWasAskedFor) {
  const RoomKey room = shard_->open("puzzle");
  fill(room, 2000);
  const auto page = shard_->read(room, MessageId{500}, 2000);
  EXPECT_TRUE(page.ok);
  EXPECT_GE(page.bytes, 2000u);
  EXPECT_LT(page.bytes, 4000u);
}

TEST_P(StoreContract, APageBehindTheLastMessageIsEmpty) {
  const RoomKey room = shard_->open("puzzle");
  fill(room, 10);
  const auto page = shard_->read(room, MessageId{10}, 1000);
  EXPECT_TRUE(page.ok);
  EXPECT_TRUE(page.messages.empty());
  EXPECT_LE(page.first_retained, MessageId{11});
}

TEST_P(StoreContract, ManyBlocksMayBeUnderWay) {
  const RoomKey room = shard_->open("puzzle");
  std::vector<Message> all;
  for (int turn = 0; turn < 200; ++turn) {
    for (int i = 0; i < 3; ++i) {
      all.push_back({7, 0, "\"i\":" + std::to_string(all.size()) + "}"});
      shard_->append(room, {all.back()});
    }
    shard_->commit();
  }
  shard_->settle(room);
  EXPECT_EQ(shard_->room(room).kept, all);
  EXPECT_EQ(shard_->read_all(room, MessageId{0}, 500), all);
}

TEST_P(StoreContract, LargeAndOddBodiesComeBackByteForByte) {
  const RoomKey room = shard_->open("odd");
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  const std::vector<Message> all{
      {1, 1, every_byte}, {~0ull, ~0ull, std::string(60'000, 'x')}, {0, 0, "}"}};
  for (const Message& one : all) shard_->append(room, {one});
  shard_->settle(room);
  EXPECT_EQ(shard_->read_all(room, MessageId{0}, 10), all);
}

TEST_P(StoreContract, TrimmedMessagesAreGoneAndIdsGoOn) {
  const RoomKey room = shard_->open("puzzle");
  std::vector<Message> all = fill(room, 500);
  const MessageId first = shard_->trim(room, MessageId{300});
  EXPECT_LE(first, MessageId{301}) << "more went than was asked for";
  EXPECT_EQ(shard_->read_all(room, MessageId{300}, 1000), behind(all, MessageId{300}));
  EXPECT_GE(shard_->read(room, MessageId{0}, 1000).first_retained, first);

  EXPECT_EQ(shard_->trim(room, MessageId{500}), MessageId{501});
  EXPECT_EQ(shard_->read(room, MessageId{0}, 1000).first_retained, MessageId{501});
  shard_->append(room, {{1, 0, "\"after\":1}"}});
  shard_->settle(room);
  EXPECT_EQ(shard_->room(room).life->last, MessageId{501});
  EXPECT_EQ(shard_->read_all(room, MessageId{500}, 1000),
            (std::vector<Message>{{1, 0, "\"after\":1}"}}));
}

TEST_P(StoreContract, RetentionKeepsWhatItMustAndNotForEver) {
  reopen({.messages = 1000});
  const RoomKey room = shard_->open("busy");
  std::vector<Message> all;
  for (int i = 0; i < 20'000; ++i) {
    all.push_back({1, 0, std::string(100, 'x') + std::to_string(i)});
    shard_->append(room, {all.back()});
    if (i % 50 == 0) shard_->settle(room);
  }
  shard_->settle(room);
  const MessageId at_least{19'000 - GetParam().slack};
  shard_->run_until([&] { return shard_->room(room).first > at_least; }, "on_trimmed");
  const MessageId first = shard_->room(room).first;
  EXPECT_LE(first, MessageId{19'001});
  EXPECT_EQ(shard_->read_all(room, MessageId{first.value - 1}, 5000),
            behind(all, MessageId{first.value - 1}));
}

TEST_P(StoreContract, LeasedClientIdsAreNobodyElses) {
  TestShard other(*store_, 1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 5; ++i) {
    for (TestShard* shard : {shard_.get(), &other}) {
      const auto [first, count] = shard->lease();
      EXPECT_GT(count, 0u);
      for (std::uint64_t id = first.value; id < first.value + count; ++id) {
        EXPECT_NE(id, 0u) << "0 is the server";
        EXPECT_TRUE(seen.insert(id).second) << id << " twice";
      }
    }
  }
}

TEST_P(StoreContract, ARoomThatIsOpenedAgainGoesOnOrSaysThatItDoesNot) {
  RoomKey room = shard_->open("puzzle");
  const Epoch epoch = shard_->room(room).life->epoch;
  const std::vector<Message> all = fill(room, 40);
  shard_->close(room);
  room = shard_->open("puzzle");
  const room::RoomLife& life = *shard_->room(room).life;
  if (GetParam().outlasts_close) {
    EXPECT_EQ(life.epoch, epoch);
    EXPECT_EQ(life.last, MessageId{40});
    EXPECT_TRUE(life.first_epoch);
    EXPECT_EQ(shard_->read_all(room, MessageId{0}, 100), all);
  } else {
    EXPECT_GT(life.epoch, epoch);
    EXPECT_EQ(life.last, MessageId{0});
    EXPECT_FALSE(life.first_epoch);
  }
  shard_->append(room, {{1, 0, "\"more\":1}"}});
  shard_->settle(room);
}

TEST_P(StoreContract, WhatIsKeptOutlastsTheProcess) {
  if (!GetParam().outlasts_process) return;
  RoomKey room = shard_->open("puzzle");
  const Epoch epoch = shard_->room(room).life->epoch;
  std::vector<Message> all = fill(room, 123);
  const auto lease = shard_->lease();
  const SigningKey key = store_->signing_key();
  shard_->trim(room, MessageId{50});
  const MessageId first = shard_->room(room).first;
  reopen();
  EXPECT_EQ(store_->signing_key(), key);
  EXPECT_GE(shard_->lease().first.value, lease.first.value + lease.second);
  room = shard_->open("puzzle");
  const room::RoomLife& life = *shard_->room(room).life;
  EXPECT_EQ(life.epoch, epoch);
  EXPECT_EQ(life.last, MessageId{123});
  EXPECT_EQ(life.first, first);
  EXPECT_EQ(shard_->read_all(room, MessageId{60}, 100), behind(all, MessageId{60}));
  shard_->append(room, {{1, 0, "\"more\":1}"}});
  shard_->settle(room);
  EXPECT_EQ(shard_->room(room).life->last, MessageId{124});
}

TEST_P(StoreContract, AClaimKnowsTheHighestKeptRef) {
  if (!GetParam().remembers_refs) return;  // the room does, for such a store
  RoomKey room = shard_->open("puzzle");
  EXPECT_FALSE(shard_->claim(room, ClientId{1}).known);
  // More than fits between two of the store's own notes, by more clients than it holds in mind.
  std::map<std::uint64_t, std::uint64_t> highest;
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    const std::uint64_t client = 1 + i * 7919 % 150;
    highest[client] = i;
    shard_->append(room, {{client, i, "\"i\":1}"}, {client + 1000, 0, "\"no\":\"ref\"}"}});
    if (i % 100 == 0) shard_->settle(room);
  }
  shard_->settle(room);
  const auto check = [&] {
    for (const auto& [client, ref] : highest) {
      const room::Claim claim = shard_->claim(room, ClientId{client});
      EXPECT_TRUE(claim.ok);
      EXPECT_TRUE(claim.known);
      ASSERT_EQ(claim.last_ref, Ref{ref}) << "of client " << client;
    }
    EXPECT_EQ(shard_->claim(room, ClientId{1001}).last_ref, Ref{0});
  };
  check();
  shard_->trim(room, MessageId{5990});
  check();
  if (!GetParam().outlasts_process) return;
  reopen();
  room = shard_->open("puzzle");
  check();
}

}  // namespace gavel::store::testing
