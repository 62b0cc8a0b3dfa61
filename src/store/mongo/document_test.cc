#include "store/mongo/document.h"

#include <bson/bson.h>
#include <gtest/gtest.h>

#include "store/mongo/pages.h"

namespace gavel::store::mongo {
namespace {

constexpr Epoch kEpoch{0x19abb890239};

ArchiveMessage message(std::uint64_t id, std::string_view body = R"("type":"move","to":"e4"})") {
  return {MessageId{id}, {ClientId{7}, Ref{5}, 1'764'036'000'123, body}};
}

std::string shown(const std::string& bytes) {
  bson_t document;
  bson_init_static(&document, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  char* const json = bson_as_relaxed_extended_json(&document, nullptr);
  std::string text(json);
  bson_free(json);
  return text;
}

MessageDocument stored(const ArchiveMessage& from) {
  MessageDocument document;
  read_message(message_document("chess", kEpoch, from, Form::queryable), document);
  return document;
}

TEST(ArchiveDocument, HasTheFieldsThatAPersonAsksFor) {
  EXPECT_EQ(shown(message_document("chess", kEpoch, message(121), Form::queryable)),
            R"({ "_id" : "chess:0000019abb890239:0000000000000079", "room" : "chess", )"
            R"("epoch" : 1764082909753, "msg_id" : 121, "client_id" : 7, "ref" : 5, )"
            R"("ts" : { "$date" : "2025-11-25T02:00:00.123Z" }, )"
            R"("message" : { "type" : "move", "to" : "e4" }, "raw" : { "$binary" : { "base64" : )"
            R"("eyJtc2dfaWQiOjEyMSwiY2xpZW50X2lkIjo3LCJ0cyI6MTc2NDAzNjAwMDEy)"
            R"(MywidHlwZSI6Im1vdmUiLCJ0byI6ImU0In0=", )"
            R"("subType" : "00" } } })");
}

TEST(ArchiveDocument, HoldsTheTextAsItWasShown) {
  EXPECT_EQ(raw_text(message(121)),
            R"({"msg_id":121,"client_id":7,"ts":1764036000123,"type":"move","to":"e4"})");
}

TEST(ArchiveDocument, HoldsWhatNoSubDocumentCan) {
  const std::string bytes =
      message_document("chess", kEpoch, message(1, "no JSON"), Form::queryable);
  EXPECT_EQ(shown(bytes).find("\"message\""), std::string::npos);
  MessageDocument document;
  read_message(bytes, document);
  EXPECT_FALSE(document.damaged);
  EXPECT_EQ(document.message().entry.body, "no JSON");
}

TEST(ArchiveDocument, IsReadBackByteForByte) {
  for (const std::uint64_t odd : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    ArchiveMessage one = message(42, "\"a\" : [1 , 2]\n}");
    one.entry.client = ClientId{odd};
    one.entry.ref = Ref{odd};
    const MessageDocument document = stored(one);
    const ArchivedMessage read = document.message();
    EXPECT_FALSE(read.damaged);
    EXPECT_EQ(read.id, one.id);
    EXPECT_EQ(read.entry.client, one.entry.client);
    EXPECT_EQ(read.entry.ref, one.entry.ref);
    EXPECT_EQ(read.entry.ts_ms, one.entry.ts_ms);
    EXPECT_EQ(read.entry.body, one.entry.body);
    EXPECT_EQ(read.raw, raw_text(one));
  }
}

TEST(ArchiveDocument, IsDamagedWhereItsFieldsSayAnotherThingThanItsText) {
  std::string bytes = message_document("chess", kEpoch, message(121), Form::text_only);
  const std::size_t at = bytes.find("\"client_id\":7");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 12] = '8';
  MessageDocument document;
  read_message(bytes, document);
  EXPECT_TRUE(document.damaged);
  read_message("rubbish", document);
  EXPECT_TRUE(document.damaged);
}

TEST(ArchiveDocument, KeysAreInTheOrderOfMessages) {
  EXPECT_LT(message_key("r", kEpoch, MessageId{9}), message_key("r", kEpoch, MessageId{10}));
  EXPECT_LT(message_key("r", kEpoch, MessageId{0xff}), message_key("r", kEpoch, MessageId{0x100}));
}

TEST(ArchiveDocument, ARoomIsReadBack) {
  ArchivedRoom room;
  room.room = "chess:1";
  room.epoch = kEpoch;
  room.first = MessageId{3};
  room.last = MessageId{900};
  room.first_ts_ms = 5;
  room.last_ts_ms = 6;
  room.messages = 890;
  room.bytes = 12345;
  room.members = {ClientId{1}, ClientId{7}};
  room.more_members = true;
  room.holes = {{MessageId{10}, MessageId{17}}};
  room.finished = true;
  const auto read = read_room(room_document(room));
  ASSERT_TRUE(read);
  EXPECT_EQ(room_document(*read), room_document(room));
  EXPECT_EQ(read->holes, room.holes);
  EXPECT_FALSE(read_room("rubbish"));
}

std::vector<MessageDocument> documents(std::initializer_list<std::uint64_t> ids) {
  std::vector<MessageDocument> made;
  for (const std::uint64_t id : ids) made.push_back(stored(message(id)));
  return made;
}

TEST(ArchivePages, MakeBlocksOfTheSameMessages) {
  std::vector<MessageDocument> many;
  for (std::uint64_t id = 5; id < 605; ++id) many.push_back(stored(message(id)));
  const auto page = page_of(many, 1'000'000);
  ASSERT_TRUE(page);
  std::uint64_t next = 5;
  for (const ArchiveBlock& block : page.value().blocks) {
    EXPECT_EQ(block.first, MessageId{next});
    EXPECT_TRUE(room::verify_block(block.block));
    room::BlockReader reader(block.block);
    room::Entry entry;
    for (; reader.next(entry); ++next) EXPECT_EQ(entry.body, message(next).entry.body);
  }
  EXPECT_EQ(next, 605u);
}

TEST(ArchivePages, EndAtAHole) {
  const auto page = page_of(documents({3, 4, 7}), 1'000'000);
  ASSERT_TRUE(page);
  ASSERT_EQ(page.value().blocks.size(), 1u);
  EXPECT_EQ(page.value().blocks[0].first, MessageId{3});
  EXPECT_EQ(room::BlockReader(page.value().blocks[0].block).header().count, 2u);
}

TEST(ArchivePages, HoldOneMessageHoweverSmallTheBound) {
  const auto page = page_of(documents({3, 4}), 1);
  ASSERT_TRUE(page);
  ASSERT_EQ(page.value().blocks.size(), 1u);
  EXPECT_EQ(room::BlockReader(page.value().blocks[0].block).header().count, 1u);
}

TEST(ArchivePages, ShowNothingThatIsDamagedOrAmbiguous) {
  std::vector<MessageDocument> damaged = documents({3, 4});
  damaged[0].damaged = true;
  EXPECT_FALSE(page_of(damaged, 1'000'000));
  damaged = documents({3, 4});
  damaged[1].damaged = true;
  ASSERT_TRUE(page_of(damaged, 1'000'000));
  EXPECT_EQ(page_of(damaged, 1'000'000).value().blocks.size(), 1u);
  std::vector<MessageDocument> doubled = documents({3, 3});
  EXPECT_TRUE(page_of(doubled, 1'000'000));
  doubled[1].raw += ' ';
  EXPECT_FALSE(page_of(doubled, 1'000'000));
}

TEST(ArchivePages, TakeWhatIsMissingFromQuarantine) {
  std::vector<MessageDocument> page = documents({3, 5});
  EXPECT_TRUE(has_jump(page, MessageId{2}));
  merge(page, documents({4, 9}));
  EXPECT_FALSE(has_jump(page, MessageId{2}));
  ASSERT_EQ(page.size(), 3u);
  EXPECT_EQ(page[1].id, MessageId{4});
  EXPECT_TRUE(has_jump({}, MessageId{2}));
}

}  // namespace
}  // namespace gavel::store::mongo
