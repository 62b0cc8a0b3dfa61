#include "room/block.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gavel::room {
namespace {

std::string sample() {
  BlockBuilder builder;
  builder.start(0x0123456789abcdef);
  builder.add({ClientId{7}, Ref{0}, 1'764'036'000'123, R"("type":"a"})"});
  builder.add({ClientId{300}, Ref{9'000'000'000}, 1'764'036'000'100, R"("type":"b","x":1})"});
  builder.add({ClientId{0}, Ref{1}, -5, std::string(300, 'x')});
  return std::string(builder.view());
}

TEST(Block, GivesBackWhatWasPutIn) {
  const std::string block = sample();
  BlockReader reader(block);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader.header().count, 3u);
  EXPECT_EQ(reader.header().tag, 0x0123456789abcdefu);
  Entry entry;
  ASSERT_TRUE(reader.next(entry));
  EXPECT_EQ(entry.client, ClientId{7});
  EXPECT_EQ(entry.ts_ms, 1'764'036'000'123);
  EXPECT_EQ(entry.body, R"("type":"a"})");
  ASSERT_TRUE(reader.next(entry));
  EXPECT_EQ(entry.client, ClientId{300});
  EXPECT_EQ(entry.ref, Ref{9'000'000'000});
  EXPECT_EQ(entry.ts_ms, 1'764'036'000'100);
  ASSERT_TRUE(reader.next(entry));
  EXPECT_EQ(entry.ts_ms, -5);
  EXPECT_EQ(entry.body.size(), 300u);
  EXPECT_FALSE(reader.next(entry));
  EXPECT_TRUE(reader.ok());
}

TEST(Block, ReadsNothingOutOfATruncatedOne) {
  const std::string block = sample();
  for (std::size_t size = 0; size < block.size(); ++size) {
    EXPECT_FALSE(verify_block(std::string_view(block).substr(0, size))) << "size " << size;
  }
  EXPECT_TRUE(verify_block(block));
  EXPECT_FALSE(verify_block(block + "x"));
}

TEST(Block, ASealTellsOfEveryFlippedBit) {
  std::string block = sample();
  seal_block(block.data(), block.size());
  ASSERT_TRUE(verify_block(block));
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    if (bit / 8 == 1 || (bit / 8 >= 4 && bit / 8 < 8))
      continue;  // flags are refused, the crc itself below
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(verify_block(block)) << "bit " << bit;
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ (1 << (bit % 8)));
  }
}

TEST(Block, RefusesAnotherVersion) {
  std::string block = sample();
  block[0] = 2;
  BlockReader reader(block);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.error(), BlockError::wrong_version);
}

}  // namespace
}  // namespace gavel::room
