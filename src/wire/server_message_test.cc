#include "wire/server_message.h"

#include <gtest/gtest.h>

#include <string>

#include "base/stamp.h"
#include "wire/outgoing.h"

namespace gavel::wire {
namespace {

TEST(ServerMessage, ReadsARoomMessage) {
  const auto message =
      read_server_message(R"({"msg_id":121,"client_id":7,"ts":1764036000123,"type":"move",)"
                          R"("x":{"type":"no","ref":1},"ref":5})");
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->stamped);
  EXPECT_EQ(message->msg_id, MessageId{121});
  EXPECT_EQ(message->client_id, ClientId{7});
  EXPECT_EQ(message->ts_ms, 1764036000123);
  EXPECT_EQ(message->ref, Ref{5});
  EXPECT_EQ(message->type, "move");
  EXPECT_EQ(message->body, R"("type":"move","x":{"type":"no","ref":1},"ref":5})");
}

TEST(ServerMessage, ReadsBackEveryStamp) {
  for (const std::uint64_t id :
       {std::uint64_t{1}, std::uint64_t{9007199254740991}, ~std::uint64_t{0}}) {
    for (const std::int64_t ts : {std::int64_t{0}, std::int64_t{1764036000123}, std::int64_t{-1}}) {
      char text[kStampBytesMax];
      char* const end = write_stamp(text, MessageId{id}, ClientId{id}, ts);
      const auto stamped = read_stamp({text, static_cast<std::size_t>(end - text)});
      ASSERT_TRUE(stamped);
      EXPECT_EQ(stamped->msg_id.value, id);
      EXPECT_EQ(stamped->client_id.value, id);
      EXPECT_EQ(stamped->ts_ms, ts);
      EXPECT_EQ(stamped->body, "");
    }
  }
}

TEST(ServerMessage, ReadsTheServersOwnMessages) {
  std::string out;
  write_joined(out, {.client_id = ClientId{7},
                     .room = "r\n",
                     .epoch = Epoch{12},
                     .msg_id = MessageId{120},
                     .recovered = true,
                     .resume = "T"});
  const auto joined = read_server_message(out);
  ASSERT_TRUE(joined);
  EXPECT_FALSE(joined->stamped);
  EXPECT_EQ(joined->type, "joined");
  EXPECT_EQ(joined->msg_id, MessageId{120});
  EXPECT_EQ(joined->client_id, ClientId{7});
  EXPECT_EQ(as_string(find_field(joined->body, "epoch").value()), "12");
  EXPECT_EQ(as_string(find_field(joined->body, "room").value()), "r\n");
  EXPECT_EQ(as_bool(find_field(joined->body, "recovered").value()), true);
  EXPECT_EQ(as_bool(find_field(joined->body, "resumed").value()), false);
  EXPECT_EQ(as_uint(find_field(joined->body, "first").value()), 1u);
  EXPECT_EQ(find_field(joined->body, "nothing"), std::nullopt);
}

TEST(ServerMessage, RefusesEveryTruncation) {
  const std::string text = R"({"msg_id":121,"client_id":7,"ts":17,"type":"move","ref":5})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string_view cut{text.data(), size};
    EXPECT_FALSE(read_server_message(cut)) << size;
    EXPECT_EQ(read_stamp(cut).has_value(), size >= 36) << size;
  }
  EXPECT_FALSE(read_server_message("\"type\":\"a\"}"));
}

TEST(ServerMessage, ReadsRawValuesOnlyAsWhatTheyAre) {
  EXPECT_EQ(as_uint("\"5\""), std::nullopt);
  EXPECT_EQ(as_uint("-5"), std::nullopt);
  EXPECT_EQ(as_uint("5.0"), std::nullopt);
  EXPECT_EQ(as_uint(""), std::nullopt);
  EXPECT_EQ(as_string("5"), std::nullopt);
  EXPECT_EQ(as_string(R"("a\u00e9")"), "a\xc3\xa9");
  EXPECT_EQ(as_bool("null"), std::nullopt);
}

}  // namespace
}  // namespace gavel::wire
