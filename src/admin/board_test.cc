#include "admin/board.h"

#include <gtest/gtest.h>

#include "admin/testing.h"

namespace gavel::admin {
namespace {

struct BoardTest : testing::Test {
  FakeSource source;
  std::int64_t now_ms = 10'000;
  Board board{source, [this] { return now_ms; }};

  static RoomSnapshot room(std::string name, std::uint64_t out) {
    RoomSnapshot snapshot;
    snapshot.name = std::move(name);
    snapshot.messages_out = out;
    return snapshot;
  }
};

TEST_F(BoardTest, HasNoRatesAtTheFirstLook) {
  EXPECT_EQ(board.totals().window_ms, 0);
  EXPECT_EQ(board.rooms({}).window_ms, 0);
}

TEST_F(BoardTest, MeasuresRatesOverTheTimeBetweenTwoLooks) {
  source.totals_now.messages_in = 100;
  source.totals_now.delivery.record(50, 10);
  board.totals();
  now_ms += 2000;
  source.totals_now.messages_in = 400;
  source.totals_now.delivery.record(900, 5);
  const Totals totals = board.totals();
  EXPECT_EQ(totals.window_ms, 2000);
  EXPECT_EQ(totals.rates.messages_in, 150);
  EXPECT_EQ(totals.delivery.count(), 5u);
}

TEST_F(BoardTest, HoldsItsWindowOverASecondHoweverOftenItIsAsked) {
  board.totals();
  now_ms += 1500;
  board.totals();
  source.totals_now.messages_in = 10;
  now_ms += 10;
  EXPECT_EQ(board.totals().window_ms, 1510);
}

TEST_F(BoardTest, AsksForAllRoomsOnceASecondAtMost) {
  for (int i = 0; i < 20; ++i) {
    board.rooms({});
    now_ms += 100;
  }
  EXPECT_EQ(source.looks_at_rooms, 2);
}

TEST_F(BoardTest, WatchesOneRoomWithoutAskingForAll) {
  std::int64_t window_ms = 0;
  board.room_rates(room("a", 100), window_ms);
  EXPECT_EQ(window_ms, 0);
  now_ms += 500;
  board.room_rates(room("a", 150), window_ms);
  EXPECT_EQ(window_ms, 0);
  now_ms += 500;
  EXPECT_EQ(board.room_rates(room("a", 300), window_ms).messages_out, 200);
  EXPECT_EQ(window_ms, 1000);
  for (int i = 0; i < 1000; ++i) board.room_rates(room("r" + std::to_string(i), 1), window_ms);
  EXPECT_EQ(source.looks_at_rooms, 0);
}

TEST_F(BoardTest, CountsARoomThatBeganAnewFromZero) {
  source.rooms_now = {room("a", 1000)};
  board.rooms({});
  now_ms += 1000;
  source.rooms_now = {room("a", 30), room("new", 5)};
  const RoomPage page = board.rooms({});
  ASSERT_EQ(page.rooms.size(), 2u);
  EXPECT_EQ(page.rooms[0].rates.messages_out, 30);
  EXPECT_EQ(page.rooms[1].rates.messages_out, 5);
}

TEST_F(BoardTest, SortsFiltersAndPages) {
  source.rooms_now = {room("b-1", 5), room("a-1", 7), room("a-2", 9), room("c", 1)};
  const auto names = [&](const RoomQuery& query) {
    std::string all;
    for (const RoomRow& row : board.rooms(query).rooms) all += row.room.name + " ";
    return all;
  };
  EXPECT_EQ(names({}), "a-2 a-1 b-1 c ");
  EXPECT_EQ(names({.filter = "-1"}), "a-1 b-1 ");
  EXPECT_EQ(names({.order = RoomOrder::name, .offset = 1, .limit = 2}), "a-2 b-1 ");
  EXPECT_EQ(names({.offset = 9}), "");
  EXPECT_EQ(board.rooms({.filter = "a-", .limit = 1}).total, 2u);
}

}  // namespace
}  // namespace gavel::admin
