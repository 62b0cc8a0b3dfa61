#include "wire/outgoing.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace gavel::wire {
namespace {

TEST(Outgoing, WritesJoined) {
  std::string out;
  write_joined(out, {.client_id = ClientId{7},
                     .room = "puzzle \"42\"\n",
                     .epoch = Epoch{18446744073709551615u},
                     .msg_id = MessageId{120},
                     .first = MessageId{1},
                     .last_ref = Ref{0},
                     .recovered = true,
                     .resumed = false,
                     .resume = "TOKEN"});
  EXPECT_EQ(
      out,
      R"({"type":"joined","client_id":7,"room":"puzzle \"42\"\n","epoch":"18446744073709551615",)"
      R"("msg_id":120,"first":1,"last_ref":0,"recovered":true,"resumed":false,"resume":"TOKEN"})");
  std::string without;
  write_joined(without, {.client_id = ClientId{7}, .room = "r", .epoch = Epoch{1}});
  EXPECT_FALSE(nlohmann::json::parse(without).contains("resume"));
}

TEST(Outgoing, WritesLeftAndDuplicate) {
  std::string out = "kept:";
  write_left(out);
  EXPECT_EQ(out, R"(kept:{"type":"left"})");
  out.clear();
  write_duplicate(out, Ref{9007199254740991});
  EXPECT_EQ(out, R"({"type":"duplicate","ref":9007199254740991})");
}

TEST(Outgoing, AnErrorNamesTheRefOrElseTheMessagesNumber) {
  std::string out;
  write_error(out, {.code = ErrorCode::rate_limited,
                    .message = "slower",
                    .ref = Ref{5},
                    .n = 3,
                    .retry_after_ms = 250});
  EXPECT_EQ(
      out,
      R"({"type":"error","code":"rate_limited","message":"slower","ref":5,"retry_after_ms":250})");
  out.clear();
  write_error(out, {.code = ErrorCode::not_joined, .n = 3});
  const auto parsed = nlohmann::json::parse(out);
  EXPECT_EQ(parsed["n"], 3);
  EXPECT_EQ(parsed["message"], std::string{info(ErrorCode::not_joined).meaning});
  EXPECT_FALSE(parsed.contains("ref"));
  out.clear();
  write_error(out, {.code = ErrorCode::shutting_down, .message = "x"});
  EXPECT_EQ(out, R"({"type":"error","code":"shutting_down","message":"x"})");
}

TEST(Outgoing, AnErrorAboutInputSaysWhere) {
  std::string out;
  write_error(out, InputError{.code = ErrorCode::bad_ref, .offset = 18, .field = "ref"}, 4);
  const auto parsed = nlohmann::json::parse(out);
  EXPECT_EQ(parsed["code"], "bad_ref");
  EXPECT_EQ(parsed["field"], "ref");
  EXPECT_EQ(parsed["n"], 4);
  EXPECT_TRUE(parsed["message"].get<std::string>().ends_with("(at byte 18)"));
  out.clear();
  write_error(
      out, InputError{.code = ErrorCode::bad_room, .offset = 22, .field = "room", .limit = 64}, 1);
  EXPECT_TRUE(nlohmann::json::parse(out)["message"].get<std::string>().ends_with(
      "(at byte 22, limit 64 bytes)"));
}

TEST(Outgoing, EscapesEveryCharacterSoThatAParserReadsItBack) {
  std::string text;
  for (int c = 0; c < 0x80; ++c) text += static_cast<char>(c);
  text += "\xc3\xa9\xf0\x9f\x98\x80\xe2\x80\xa8";
  std::string out;
  escape_json(out, text);
  EXPECT_EQ(nlohmann::json::parse('"' + out + '"'), text);
  for (const char c : out) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

}  // namespace
}  // namespace gavel::wire
