#include "room/backlog.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ws/frame.h"

namespace gavel::room {
namespace {

// A frame whose payload is `size` bytes, all of them the message's number.
void append(Backlog& log, std::uint64_t id, std::size_t size) {
  const std::size_t header = ws::frame_header_bytes(size);
  char* out = log.append(MessageId{id}, header + size);
  ws::encode_frame_header(out, ws::Opcode::text, size);
  for (std::size_t i = 0; i < size; ++i) out[header + i] = static_cast<char>('a' + id % 26);
}

std::string read_all(const Backlog& log, std::uint64_t offset) {
  iovec parts[64];
  std::string bytes;
  const int count = log.spans(offset, parts, 64);
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return bytes;
}

TEST(Backlog, GivesTheBytesBehindAnyOffsetInOrderAcrossChunks) {
  Backlog log(256);
  std::string all;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    const std::uint64_t before = log.end();
    append(log, id, 10 + id * 3);
    all += read_all(log, before);
  }
  ASSERT_EQ(all.size(), log.end());
  for (std::size_t offset = 0; offset <= all.size(); ++offset) {
    ASSERT_EQ(read_all(log, offset), all.substr(offset)) << "offset " << offset;
  }
}

TEST(Backlog, FindsEachMessageAtItsFrame) {
  Backlog log(300);
  log.reset(MessageId{41});
  for (std::uint64_t id = 41; id < 90; ++id) append(log, id, id % 7 == 0 ? 400 : 20);
  for (std::uint64_t id = 41; id < 90; ++id) {
    const Cursor cursor = log.find(MessageId{id});
    EXPECT_EQ(cursor.next, MessageId{id});
    EXPECT_FALSE(cursor.mid_frame());
    EXPECT_EQ(read_all(log, cursor.offset).back(), static_cast<char>('a' + 89 % 26));
    const std::string rest = read_all(log, cursor.offset);
    EXPECT_EQ(rest[ws::frame_header_bytes(id % 7 == 0 ? 400 : 20)],
              static_cast<char>('a' + id % 26));
  }
  EXPECT_EQ(log.find(MessageId{90}).offset, log.end());
}

TEST(Backlog, KnowsTheFrameThatAPartialSendStoppedIn) {
  Backlog log(200);
  std::vector<std::size_t> sizes;
  for (std::uint64_t id = 1; id <= 12; ++id) {
    sizes.push_back(ws::frame_header_bytes(id * 11) + id * 11);
    append(log, id, id * 11);
  }
  for (std::size_t step = 1; step <= 40; ++step) {
    Cursor cursor = log.find(MessageId{1});
    std::uint64_t offset = 0;
    while (offset < log.end()) {
      const std::size_t bytes = std::min<std::size_t>(step, log.end() - offset);
      log.advance(cursor, bytes);
      offset += bytes;
      std::uint64_t frame = 0;
      std::uint64_t id = 1;
      while (id <= 12 && frame + sizes[id - 1] <= offset) frame += sizes[id++ - 1];
      ASSERT_EQ(cursor.offset, offset);
      ASSERT_EQ(cursor.next, MessageId{id});
      ASSERT_EQ(cursor.frame, frame);
      const std::size_t rest = offset == frame ? 0 : frame + sizes[id - 1] - offset;
      ASSERT_EQ(log.frame_rest(cursor).size(), rest);
    }
  }
}

TEST(Backlog, GivesUpTheOldestChunksAndKeepsTheOffsetsOfTheRest) {
  Backlog log(256);
  for (std::uint64_t id = 1; id <= 400; ++id) append(log, id, 30);
  while (log.over(1000)) log.drop_oldest();
  EXPECT_GE(log.end() - log.begin(), 1000u);
  EXPECT_LT(log.end() - log.begin(), 1000u + 256u);
  EXPECT_EQ(log.find(log.first()).offset, log.begin());
  EXPECT_LE(log.memory_bytes(), 2048u);
  const Cursor last = log.find(MessageId{400});
  EXPECT_EQ(read_all(log, last.offset).size(), 32u);
}

TEST(Backlog, AFrameLargerThanAChunkGetsItsOwn) {
  Backlog log(256);
  append(log, 1, 10);
  append(log, 2, 70'000);
  append(log, 3, 10);
  const Cursor second = log.find(MessageId{2});
  iovec part;
  ASSERT_EQ(log.spans(second.offset, &part, 1), 1);
  EXPECT_GE(part.iov_len, 70'000u);
}

}  // namespace
}  // namespace gavel::room
