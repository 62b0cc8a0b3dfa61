// The rows B44 to B51 of the list of bad inputs, as far as they are about the message and not about
// the room.
#include "wire/join.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/scanner.h"

namespace gavel::wire {
namespace {

Result<JoinRequest, InputError> parse(const std::string& fields, const JoinLimits& limits = {}) {
  Scanner scanner;
  const std::string text = R"({"type":"join")" + fields + "}";
  const auto incoming = scanner.scan(text);
  if (!incoming) return incoming.error();
  return parse_join(incoming.value().body, limits);
}

std::string code(const std::string& fields) {
  const auto result = parse(fields);
  if (result) return "good";
  return std::string{info(result.error().code).name} + " " + std::string{result.error().field};
}

std::string code_in_room(const std::string& fields) { return code(R"(,"room":"r")" + fields); }

TEST(Join, ReadsARoomAlone) {
  const auto result = parse(R"(,"room":"puzzle-42","other":{"room":5})");
  ASSERT_TRUE(result);
  const JoinRequest& join = result.value();
  EXPECT_EQ(join.room, "puzzle-42");
  EXPECT_FALSE(join.has_since || join.since_latest || join.has_epoch || join.has_resume);
  EXPECT_EQ(join.since, MessageId{0});
  EXPECT_EQ(join.resume, "");
  EXPECT_EQ(join.token, "");
}

TEST(Join, ReadsEveryField) {
  const auto result = parse(R"(,"token":"a.b.c","resume":"tok","epoch":"18446744073709551615",)"
                            R"("since":9007199254740991,"room":"r")");
  ASSERT_TRUE(result);
  const JoinRequest& join = result.value();
  EXPECT_TRUE(join.has_since && join.has_epoch && join.has_resume && !join.since_latest);
  EXPECT_EQ(join.since, MessageId{9007199254740991u});
  EXPECT_EQ(join.epoch, Epoch{18446744073709551615u});
  EXPECT_EQ(join.resume, "tok");
  EXPECT_EQ(join.token, "a.b.c");
}

TEST(Join, ReadsNamesAndTextsUnescaped) {
  const auto result =
      parse(R"(,"r\u006fom":"\u00e9\ud83d\ude00\/\\\"x","sinc\u0065":"l\u0061test")");
  ASSERT_TRUE(result);
  EXPECT_EQ(result.value().room, "\xc3\xa9\xf0\x9f\x98\x80/\\\"x");
  EXPECT_TRUE(result.value().since_latest);
}

TEST(Join, RefusesARoomThatIsNone) {  // B44
  EXPECT_EQ(code(""), "bad_room room");
  for (const char* room : {"5", "null", "[]", "{}", "true", R"("")", R"(["r"])"}) {
    EXPECT_EQ(code(R"(,"room":)" + std::string{room}), "bad_room room") << room;
  }
}

TEST(Join, RefusesARoomThatIsTooLong) {  // B45
  EXPECT_EQ(code(R"(,"room":")" + std::string(128, 'r') + '"'), "good");
  EXPECT_EQ(code(R"(,"room":")" + std::string(129, 'r') + '"'), "bad_room room");
  std::string escaped;
  for (int i = 0; i < 64; ++i) escaped += "\\u00e9";  // two bytes each
  EXPECT_EQ(code(R"(,"room":")" + escaped + '"'), "good");
  EXPECT_EQ(code(R"(,"room":")" + escaped + "r\""), "bad_room room");
  const auto result = parse(R"(,"room":"12345")", JoinLimits{.room_bytes_max = 4});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().limit, 4u);
}

TEST(Join, TakesRoomNamesAsBytesButNoneThatSteerTheirReader) {  // B46, B47
  for (const char* room :
       {"/", "..", "../x", "$where", "a.b", "{slot}", "}{", "*", "a b", " ", "%00", "\xc3\xa9",
        "e\xcc\x81", "\xf0\x9f\x98\x80", "\\\\", "'; DROP", "\\u00a0"}) {
    EXPECT_EQ(code(R"(,"room":")" + std::string{room} + '"'), "good") << room;
  }
  for (const char* room : {"\\u0000", "a\\n", "\\u001b[2J", "\\u007f", "\x7f", "\\u0085",
                           "\xc2\x9b", "\\u061c", "\\u200e", "\\u200f", "\\u2028", "\\u2029",
                           "\\u202a", "\\u202e", "\xe2\x80\xae", "\\u2066", "\\u2069", "x\\tx"}) {
    EXPECT_EQ(code(R"(,"room":")" + std::string{room} + '"'), "bad_room room") << room;
  }
}

TEST(Join, RefusesASinceThatIsNoPlaceInARoom) {  // B49
  for (const char* since : {"0", "1", "99999999", "9007199254740991", "\"latest\""}) {
    EXPECT_EQ(code_in_room(R"(,"since":)" + std::string{since}), "good") << since;
  }
  for (const char* since :
       {"-1", "-0", "1.5", "1.0", "\"5\"", "true", "null", "1e3", "9007199254740992",
        "18446744073709551616", "\"Latest\"", "\"\"", "[]", "{}"}) {
    EXPECT_EQ(code_in_room(R"(,"since":)" + std::string{since}), "bad_since since") << since;
  }
}

TEST(Join, RefusesAnEpochThatIsNoStringOfDigits) {  // B50
  for (const char* epoch :
       {"\"0\"", "\"1764036000123\"", "\"18446744073709551615\"", "\"00000000000000000001\""}) {
    EXPECT_EQ(code_in_room(R"(,"epoch":)" + std::string{epoch}), "good") << epoch;
  }
  for (const char* epoch :
       {"5", "null", "\"\"", "\"x\"", "\"-1\"", "\"+1\"", "\" 1\"", "\"1 \"", "\"1.0\"", "\"0x1\"",
        "\"18446744073709551616\"", "\"000000000000000000001\"", "[\"1\"]"}) {
    EXPECT_EQ(code_in_room(R"(,"epoch":)" + std::string{epoch}), "bad_epoch epoch") << epoch;
  }
  EXPECT_EQ(code_in_room(R"(,"epoch":")" + std::string(1 << 20, '1') + '"'), "bad_epoch epoch");
}

TEST(Join, TakesAResumeTokenThatCantBeOursForNone) {  // B51
  for (const std::string& resume :
       {std::string{"\"\""}, std::string{"5"}, std::string{"null"}, std::string{"{}"},
        '"' + std::string(513, 'x') + '"', '"' + std::string(1 << 20, 'x') + '"'}) {
    const auto result = parse(R"(,"room":"r","resume":)" + resume);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result.value().has_resume);
    EXPECT_EQ(result.value().resume, "");
  }
  const auto longest = parse(R"(,"room":"r","resume":")" + std::string(512, 'x') + '"');
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest.value().resume.size(), 512u);
}

TEST(Join, RefusesATokenThatIsTooLongOrNoText) {
  EXPECT_EQ(code_in_room(R"(,"token":")" + std::string(8192, 'x') + '"'), "good");
  EXPECT_EQ(code_in_room(R"(,"token":")" + std::string(8193, 'x') + '"'), "bad_token token");
  for (const char* token : {"5", "null", "{}"}) {
    EXPECT_EQ(code_in_room(R"(,"token":)" + std::string{token}), "bad_token token") << token;
  }
}

TEST(Join, RefusesEachFieldTwice) {
  for (const char* field :
       {R"("room":"r")", R"("since":1)", R"("epoch":"1")", R"("resume":"x")", R"("token":"x")"}) {
    const std::string one = "," + std::string{field};
    EXPECT_EQ(code(one + one), "duplicate_field " + one.substr(2, one.find('"', 2) - 2));
  }
  EXPECT_EQ(code(R"(,"room":"a","r\u006fom":"b")"), "duplicate_field room");
  EXPECT_EQ(code(R"(,"room":"a","x":1,"x":2)"), "good");
}

TEST(Join, NeverReadsPastABodyThatNoScannerMade) {
  const std::string body = R"("type":"join","room":"r","since":5,"epoch":"1"})";
  ASSERT_TRUE(parse_join(body));
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::vector<char> exact(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    const auto result = parse_join({exact.data(), exact.size()});
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, ErrorCode::bad_json) << size;
  }
}

}  // namespace
}  // namespace gavel::wire
