#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "cli/bench/latency.h"
#include "cli/bench/message.h"
#include "cli/bench/room_log.h"
#include "ws/frame.h"

namespace gavel::cli {
namespace {

std::string unmasked(const std::string& frame, std::size_t payload) {
  unsigned char key[4];
  std::memcpy(key, &kBenchMask, sizeof key);
  std::string text = frame.substr(frame.size() - payload);
  ws::apply_mask(text.data(), text.size(), key, 0);
  return text;
}

TEST(BenchFrame, HasTheSizeThatWasAskedForAndReadsBackAsItWasMade) {
  BenchFrame frame(123'456, 42, 100, false);
  std::string out;
  frame.append(out, 7, 6'093'492'982'000);
  ASSERT_EQ(out.size(), 2 + 4 + 100u);
  const std::string text = unmasked(out, 100);
  BenchMessage message;
  ASSERT_TRUE(
      read_message(R"({"msg_id":9,"client_id":3,"ts":1764036000123,)" + text.substr(1), message));
  EXPECT_EQ(message.id, 9u);
  EXPECT_EQ(message.client_id, 3u);
  EXPECT_EQ(message.tag, 123'456u);
  EXPECT_EQ(message.from, 42u);
  EXPECT_EQ(message.seq, 7u);
  EXPECT_EQ(message.sent_ns, 6'093'492'982'000u);
}

TEST(BenchFrame, GivesEachMessageItsSeqAsRef) {
  BenchFrame frame(123'456, 42, 200, true);
  std::string out;
  frame.append(out, 7, 1);
  const std::string text = unmasked(out, 200);
  EXPECT_NE(text.find(",\"ref\":" + std::to_string(BenchFrame::ref_of(7)) + ','),
            std::string::npos);
  EXPECT_EQ(BenchFrame::seq_of(BenchFrame::ref_of(7)), 7u);
  EXPECT_EQ(BenchFrame::seq_of(0), 0u);
}

TEST(ReadMessage, TakesOtherServersOrderAndSpacing) {
  BenchMessage message;
  ASSERT_TRUE(read_message(
      R"({"type": "bench", "t": 1000000000000000005, "seq": 1000000002, "from": 4, "tag": 100001,)"
      R"( "msg_id": 12, "client_id": 8})",
      message));
  EXPECT_EQ(message.id, 12u);
  EXPECT_EQ(message.client_id, 8u);
  EXPECT_EQ(message.seq, 2u);
  EXPECT_EQ(message.sent_ns, 5u);
  EXPECT_FALSE(read_message(R"({"type":"joined","client_id":7,"msg_id":120})", message));
  ASSERT_TRUE(read_message(R"({"msg_id":5,"client_id":1,"ts":1,"type":"chat"})", message));
  EXPECT_EQ(message.from, 0u);
}

TEST(RoomLog, KeepsTheBytesThatTheSlowestMemberStillNeeds) {
  RoomLog log(1);
  std::uint64_t slow = 3;
  std::uint64_t fast = 0;
  log.follow(&slow);
  log.follow(&fast);
  const std::string frame(1000, 'f');
  for (std::uint64_t id = 1; id <= 100; ++id) {
    log.append(id, frame, {.text_bytes = 996});
    fast = id + 1;
  }
  EXPECT_FALSE(log.holds(2));
  EXPECT_TRUE(log.holds(3));
  EXPECT_EQ(log.bytes_from(3).size(), 98'000u);
  EXPECT_EQ(log.text(100).size(), 996u);
  EXPECT_EQ(log.next_id(), 101u);
}

TEST(RoomLog, BeginsAnewBehindAHole) {
  RoomLog log(1);
  log.append(1, "aaa", {});
  log.append(5, "bb", {});
  EXPECT_FALSE(log.holds(1));
  EXPECT_EQ(log.bytes_from(5), "bb");
}

TEST(Latency, IsExactToTwoPercent) {
  Latency latency;
  for (std::uint64_t us = 1; us <= 10'000; ++us) latency.record(us * 1000);
  EXPECT_NEAR(latency.percentile_ms(50), 5.0, 0.1);
  EXPECT_NEAR(latency.percentile_ms(99), 9.9, 0.2);
  EXPECT_DOUBLE_EQ(latency.max_ms(), 10.0);
  EXPECT_EQ(latency.count(), 10'000u);
}

}  // namespace
}  // namespace gavel::cli
