#include "store/rocks/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/hex.h"
#include "room/block.h"

namespace gavel::store::rocks {
namespace {

// "1:" without blanks and line ends, as the page shows it.
std::string hex_in_the_page(const std::string& heading) {
  std::ifstream in(GAVEL_STORAGE_PAGE);
  std::ostringstream page;
  page << in.rdbuf();
  const std::string text = page.str();
  std::size_t at = text.find("Example: " + heading);
  EXPECT_NE(at, std::string::npos) << heading;
  at = text.find("```\n", at) + 4;
  std::string digits;
  for (std::size_t i = at; i < text.find("```", at); ++i) {
    if (text[i] == '#') i = text.find('\n', i);  // a remark up to the end of the line
    if (std::isxdigit(static_cast<unsigned char>(text[i])) != 0) digits.push_back(text[i]);
  }
  return digits;
}

template <class Bytes>
std::string hex(const Bytes& bytes) {
  return to_hex(std::string_view(bytes.data(), bytes.size()));
}

const Place kPlace{RoomNumber{3}, Epoch{0x19abb890239}};

TEST(StorageFormat, TheBlockInThePageIsWhatIsWritten) {
  room::BlockBuilder builder;
  builder.start(0x1122334455667788);
  builder.add({ClientId{7}, Ref{5}, 1'764'036'000'123, "\"type\":\"move\",\"to\":\"e4\"}"});
  builder.add({ClientId{9}, Ref{}, 1'764'036'000'125, "\"type\":\"chat\"}"});
  std::string value(builder.view());
  room::seal_block(value.data(), value.size());
  ASSERT_TRUE(room::verify_block(value));
  value += encode_u64(4660);
  EXPECT_EQ(hex(block_key(kPlace, MessageId{121})), hex_in_the_page("the key of a block"));
  EXPECT_EQ(hex(value), hex_in_the_page("a block of two messages"));
  EXPECT_EQ(bytes_before(value), 4660u);
}

TEST(StorageFormat, TheRecordsInThePageAreWhatIsWritten) {
  RoomRecord record;
  record.epoch = kPlace.epoch;
  record.generation = 1;
  record.first_epoch = false;
  record.floor = MessageId{100};
  record.refs_at = MessageId{96};
  record.name = "puzzle-42";
  EXPECT_EQ(hex(room_key(kPlace.room)), hex_in_the_page("the key of a room's record"));
  EXPECT_EQ(hex(encode_room(record)), hex_in_the_page("a room's record"));
  EXPECT_EQ(hex(ref_key(kPlace, ClientId{7})), hex_in_the_page("the key of a ref"));
}

TEST(StorageFormat, RecordsComeBackAsTheyWere) {
  RoomRecord record;
  record.epoch = Epoch{~0ull};
  record.generation = 77;
  record.floor = MessageId{5};
  record.refs_at = MessageId{9};
  record.name = std::string("a\0b\xff", 4);
  const auto again = decode_room(encode_room(record));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->epoch, record.epoch);
  EXPECT_EQ(again->generation, 77u);
  EXPECT_EQ(again->floor, record.floor);
  EXPECT_EQ(again->refs_at, record.refs_at);
  EXPECT_EQ(again->name, record.name);
  EXPECT_TRUE(again->first_epoch);
  const auto name =
      parse_block_key(std::string_view(block_key(kPlace, MessageId{121}).data(), sizeof(BlockKey)));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->place.room, kPlace.room);
  EXPECT_EQ(name->place.epoch, kPlace.epoch);
  EXPECT_EQ(name->first, MessageId{121});
}

TEST(StorageFormat, WhatIsNoRecordIsRefused) {
  const std::string good = encode_room({.epoch = Epoch{1}, .name = "room"});
  for (std::size_t size = 0; size < 34; ++size) EXPECT_FALSE(decode_room(good.substr(0, size)));
  std::string other = good;
  other[0] = 2;
  EXPECT_FALSE(decode_room(other)) << "another version";
  EXPECT_FALSE(parse_block_key("short"));
  EXPECT_FALSE(decode_u64("seven b"));
}

}  // namespace
}  // namespace gavel::store::rocks
