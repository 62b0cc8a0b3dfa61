#include "room/rooms.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "room/testing.h"

namespace gavel::room {
namespace {

using testing::Player;
using testing::ScriptedLog;

class RoomsTest : public ::testing::Test {
 protected:
  RoomsTest() { make(); }

  void make() {
    rooms = std::make_unique<Rooms>(
        options, log, totals, [this] { return ++tag; },
        [](std::string_view name) { return std::hash<std::string_view>{}(name); });
    turn();
  }
  // Turns until nothing is left to do.
  void turn(int times = 1) {
    for (int i = 0; i < times; ++i) {
      rooms->set_time(now_ms, 1'764'036'000'000 + now_ms);
      while (rooms->end_turn()) {
      }
    }
  }
  void pass(std::int64_t ms) {
    now_ms += ms;
    rooms->set_time(now_ms, 1'764'036'000'000 + now_ms);
    rooms->tick();
    turn();
  }
  std::unique_ptr<Player> joined(JoinSpec spec = {.room = "r"}) {
    auto player = std::make_unique<Player>(*rooms);
    player->join(std::move(spec));
    turn();
    return player;
  }
  static std::string body(int i) { return "\"type\":\"t\",\"i\":" + std::to_string(i) + "}"; }
  void fill(Player& player, int from, int to) {
    for (int i = from; i <= to; ++i) {
      player.send(body(i));
      if (i % 3 == 0) turn();
    }
    turn();
  }
  // The messages from..to, in order and once, whatever their `i`.
  static void expect_ids(const Player& player, std::uint64_t from, std::uint64_t to) {
    const auto messages = player.messages();
    ASSERT_EQ(messages.size(), to + 1 - from);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::string start = "{\"msg_id\":" + std::to_string(from + i) + ",";
      ASSERT_TRUE(messages[i].starts_with(start)) << messages[i];
    }
  }

  RoomOptions options;
  ScriptedLog log;
  RoomTotals totals;
  std::uint64_t tag = 0;
  std::int64_t now_ms = 1000;
  std::unique_ptr<Rooms> rooms;
};

TEST_F(RoomsTest, P1EverybodyGetsTheSameFramesUnderConsecutiveIds) {
  auto a = joined();
  auto b = joined();
  for (int i = 0; i < 50; ++i) {
    a->send(body(i));
    b->send(body(1000 + i));
    if (i % 4 == 0) turn();
  }
  turn();
  EXPECT_EQ(a->bytes, b->bytes);
  expect_ids(*a, 1, 100);
}

TEST_F(RoomsTest, P3NothingIsShownBeforeItIsKept) {
  auto a = joined();
  log.stalled = true;
  a->send(body(1));
  turn(3);
  EXPECT_TRUE(a->bytes.empty());
  log.stalled = false;
  turn();
  expect_ids(*a, 1, 1);
}

TEST_F(RoomsTest, P4ALateJoinerGetsTheHistoryAndThenTheLiveOnes) {
  auto a = joined();
  fill(*a, 1, 500);
  for (const std::uint64_t since : {0, 1, 250, 499, 500}) {
    auto late = joined({.room = "r", .since = since, .epoch = a->joined->epoch});
    EXPECT_TRUE(late->joined->recovered);
    EXPECT_EQ(late->joined->first, MessageId{since + 1});
    const std::uint64_t last = a->joined->last.value + a->messages().size();
    a->send(body(0));
    turn();
    expect_ids(*late, since + 1, last + 1);
  }
}

TEST_F(RoomsTest, P4AMemberThatFallsOutOfTheBacklogReadsOnFromTheStoreWithoutAJoint) {
  options.backlog_bytes_max = 4 * 1024;
  options.page_bytes = 1024;
  make();
  auto a = joined();
  auto slow = joined();
  slow->window = 7;  // bytes a turn: it stops in the middle of frames
  fill(*a, 1, 900);
  EXPECT_TRUE(slow->member.paging());
  EXPECT_GT(slow->member.lag(), 800u);
  slow->window = 333;
  for (int i = 0; i < 2000 && slow->member.lag() > 0; ++i) {
    slow->flush();
    turn();
    if (i % 50 == 0) a->send(body(i));
  }
  slow->window = SIZE_MAX;
  turn();
  slow->flush();
  turn(3);
  EXPECT_FALSE(slow->member.paging());
  EXPECT_EQ(slow->bytes, a->bytes);
}

TEST_F(RoomsTest, WhoFallsBehindRetentionIsToldSo) {
  options.backlog_bytes_max = 2 * 1024;
  make();
  auto a = joined();
  auto slow = joined();
  slow->window = 0;
  fill(*a, 1, 600);
  log.forget("r", MessageId{500});
  slow->window = SIZE_MAX;
  slow->flush();
  turn(3);
  EXPECT_EQ(slow->ending, Ending::behind_retention);
}

TEST_F(RoomsTest, P5ARepeatedRefIsTakenOnce) {
  auto a = joined();
  EXPECT_EQ(a->send(body(1), 5), Accepted::yes);
  EXPECT_EQ(a->send(body(1), 5), Accepted::under_way);
  EXPECT_TRUE(a->duplicates.empty());
  turn();
  EXPECT_EQ(a->duplicates, std::vector<std::uint64_t>{5});
  EXPECT_EQ(a->send(body(1), 5), Accepted::duplicate);
  EXPECT_EQ(a->send(body(2), 4), Accepted::duplicate);
  EXPECT_EQ(a->send(body(3), 6), Accepted::yes);
  turn();
  expect_ids(*a, 1, 2);
}

TEST_F(RoomsTest, P5AResumedPlayerKeepsItsClientIdAndItsRefs) {
  auto a = joined();
  const Joined first = *a->joined;
  a->send(body(1), 7);
  turn();
  a.reset();
  auto again = joined({.room = "r",
                       .since = 1,
                       .epoch = first.epoch,
                       .resume = first.client,
                       .resume_epoch = first.epoch});
  EXPECT_TRUE(again->joined->resumed);
  EXPECT_EQ(again->joined->client, first.client);
  EXPECT_EQ(again->joined->last_ref, Ref{7});
  EXPECT_EQ(again->send(body(1), 7), Accepted::duplicate);
}

TEST_F(RoomsTest, AResumeWhileTheOlderConnectionLivesReplacesIt) {
  auto a = joined();
  const Joined first = *a->joined;
  auto again = joined({.room = "r", .resume = first.client, .resume_epoch = first.epoch});
  EXPECT_EQ(a->ending, Ending::replaced);
  EXPECT_EQ(again->joined->client, first.client);
  EXPECT_EQ(rooms->find("r")->members().size(), 1u);
}

TEST_F(RoomsTest, JoinedSaysOnlyRefsThatAreKept) {
  auto a = joined();
  const Joined first = *a->joined;
  log.stalled = true;
  a->send(body(1), 7);
  turn();
  a.reset();
  auto again = joined({.room = "r", .resume = first.client, .resume_epoch = first.epoch});
  EXPECT_FALSE(again->joined) << "the fate of ref 7 is not known yet";
  log.stalled = false;
  turn(2);
  ASSERT_TRUE(again->joined);
  EXPECT_EQ(again->joined->last_ref, Ref{7});
}

TEST_F(RoomsTest, AfterARefusalHigherRefsWaitForTheRefusedOne) {
  auto a = joined();
  log.refuse = LogError::full;
  a->send(body(1), 1);
  turn();
  EXPECT_EQ(a->refused, std::vector<std::uint64_t>{1});
  log.refuse.reset();
  EXPECT_EQ(a->send(body(2), 2), Accepted::out_of_order);
  EXPECT_EQ(a->send(body(1), 1), Accepted::yes);
  EXPECT_EQ(a->send(body(2), 2), Accepted::yes);
  turn();
  expect_ids(*a, 1, 2);
}

// Found by the simulation: a repeat was answered "duplicate" while its first copy was on its way;
// that copy was then refused, and the sender believed that it was kept.
TEST_F(RoomsTest, P5ARepeatIsNotAnsweredBeforeTheFateOfItsFirstCopyIsKnown) {
  auto a = joined();
  log.stalled = true;
  a->send(body(1), 1);
  turn();
  EXPECT_EQ(a->send(body(1), 1), Accepted::under_way);
  log.stalled = false;
  log.refuse = LogError::full;
  turn();
  EXPECT_EQ(a->refused, std::vector<std::uint64_t>{1});
  EXPECT_TRUE(a->duplicates.empty());
}

TEST_F(RoomsTest, P2WhatWasTakenBehindARefusedMessageIsRefusedToo) {
  auto a = joined();
  log.stalled = true;
  a->send(body(1), 1);
  turn();
  a->send(body(2), 2);  // gathered, not handed to the store yet
  log.stalled = false;
  log.refuse = LogError::full;
  log.commit();
  log.refuse.reset();
  turn();
  EXPECT_TRUE(a->messages().empty());
  EXPECT_EQ(a->refused, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(RoomsTest, ARoomWhoseStoreIsAwayPausesThenRefusesThenCloses) {
  options.unkept_bytes_max = 100;
  make();
  auto a = joined();
  log.stalled = true;
  Accepted last = Accepted::yes;
  for (int i = 1; i <= 10; ++i) last = a->send(body(i), static_cast<std::uint64_t>(i));
  EXPECT_EQ(last, Accepted::yes_and_pause);
  turn();
  pass(options.store_refuse_after_ms);
  EXPECT_EQ(a->send(body(11), 11), Accepted::store_unavailable);
  EXPECT_EQ(a->send(body(12), 12), Accepted::out_of_order);
  pass(options.store_close_after_ms);
  EXPECT_EQ(a->ending, Ending::store_unavailable);
}

TEST_F(RoomsTest, P6ANewEpochEndsEveryMembershipAndStartsAtOne) {
  auto a = joined();
  fill(*a, 1, 10);
  const Epoch before = a->joined->epoch;
  log.new_epoch(rooms->find("r")->key());
  EXPECT_EQ(a->ending, Ending::epoch_changed);
  auto b = joined({.room = "r", .since = 10, .epoch = before});
  EXPECT_FALSE(b->joined->recovered);
  EXPECT_EQ(b->joined->first, MessageId{1});
  EXPECT_NE(b->joined->epoch, before);
}

TEST_F(RoomsTest, SinceIsJudgedByEpochAndByWhatIsRetained) {
  auto a = joined();
  fill(*a, 1, 30);
  const Epoch epoch = a->joined->epoch;
  const auto recovered = [&](JoinSpec spec) { return joined(std::move(spec))->joined->recovered; };
  EXPECT_TRUE(recovered({.room = "r", .since = 12})) << "no epoch, but it is the room's first";
  EXPECT_FALSE(recovered({.room = "r", .since = 31, .epoch = epoch})) << "ahead of the room";
  EXPECT_FALSE(recovered({.room = "r", .since = 12, .epoch = Epoch{epoch.value + 1}}));
  auto latest = joined({.room = "r", .latest = true});
  EXPECT_EQ(latest->joined->first, MessageId{31});
  EXPECT_TRUE(latest->messages().empty());
}

TEST_F(RoomsTest, AnEmptyRoomIsReleasedWhenItHasLingered) {
  auto a = joined();
  a.reset();
  pass(options.linger_ms - 1);
  EXPECT_NE(rooms->find("r"), nullptr);
  pass(2);
  EXPECT_EQ(rooms->find("r"), nullptr);
  EXPECT_EQ(log.closed, std::vector<std::string>{"r"});
}

TEST_F(RoomsTest, AMillionRoomNamesHoldNoMoreMemoryThanTheLimit) {
  options.rooms_max = 50;
  make();
  for (int i = 0; i < 1000; ++i) joined({.room = "r" + std::to_string(i)});
  EXPECT_LE(rooms->size(), 50u);
  std::vector<std::unique_ptr<Player>> players;
  for (int i = 0; i < 50; ++i) players.push_back(joined({.room = "held" + std::to_string(i)}));
  EXPECT_EQ(joined({.room = "one too many"})->failed, JoinError::too_many_rooms);
}

TEST_F(RoomsTest, AFullRoomRefusesTheNextOne) {
  options.members_max = 2;
  make();
  auto a = joined();
  auto b = joined();
  EXPECT_EQ(joined()->failed, JoinError::room_full);
}

TEST_F(RoomsTest, AJoinThatTheStoreKeepsWaitingIsToldSo) {
  log.open_stalled = true;
  auto a = joined();
  EXPECT_FALSE(a->joined);
  pass(options.store_refuse_after_ms);
  EXPECT_EQ(a->failed, JoinError::store_unavailable);
}

TEST_F(RoomsTest, AGiantRoomsFlushIsSpreadOverTurns) {
  options.flushes_a_turn = 10;
  make();
  std::vector<std::unique_ptr<Player>> players;
  for (int i = 0; i < 35; ++i) players.push_back(joined());
  players[0]->send(body(1));
  rooms->set_time(now_ms, now_ms);
  int turns = 1;
  while (rooms->end_turn()) ++turns;
  EXPECT_GE(turns, 4);
  for (const auto& player : players) EXPECT_EQ(player->messages().size(), 1u);
}

TEST_F(RoomsTest, AMessageOfTheServerComesFromClientZero) {
  auto a = joined();
  EXPECT_TRUE(rooms->publish("r", body(1)));
  turn();
  EXPECT_EQ(a->messages().at(0).find("{\"msg_id\":1,\"client_id\":0,"), 0u);
}

}  // namespace
}  // namespace gavel::room
