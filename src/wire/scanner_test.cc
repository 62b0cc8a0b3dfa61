// The rows B28 to B42 and B54 to B56 of the list of bad inputs: each with its exact answer.
#include "wire/scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gavel::wire {
namespace {

// What a scan says, as one text: "message move ref=5 [body]" or "bad_json at 7 type".
std::string outcome(std::string_view text) {
  Scanner scanner;
  // A copy without a byte behind it, so that a sanitizer sees what is read past the end.
  const std::vector<char> exact(text.begin(), text.end());
  const auto result = scanner.scan({exact.data(), exact.size()});
  if (!result) {
    const InputError& error = result.error();
    std::string out{info(error.code).name};
    out += " at " + std::to_string(error.offset);
    if (!error.field.empty()) out += " " + std::string{error.field};
    if (error.ref) out += " ref=" + std::to_string(error.ref.value);
    return out;
  }
  const Incoming& in = result.value();
  std::string out = in.kind == Kind::join    ? "join "
                    : in.kind == Kind::leave ? "leave "
                                             : "message ";
  out += in.type;
  if (in.has_ref()) out += " ref=" + std::to_string(in.ref.value);
  return out + " [" + std::string{in.body} + "]";
}

std::string body(std::string_view text) {
  Scanner scanner;
  const auto result = scanner.scan(text);
  return result ? std::string{result.value().body} : outcome(text);
}

std::string code(std::string_view text) {
  const std::string out = outcome(text);
  return out.substr(0, out.find(' '));
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(Scanner, PassesTheSendersFieldsByteForByte) {
  EXPECT_EQ(outcome(R"({"type":"move","x":1})"), R"(message move ["type":"move","x":1}])");
  EXPECT_EQ(body(" \t\r\n{ \n\"type\" : \"a\" , \"x\" :\t[ 1 , { } ] } \n"),
            "\"type\" : \"a\" , \"x\" :\t[ 1 , { } ] }");
  EXPECT_EQ(body("{\"x\":\"\xc3\xa9\xf0\x9f\x98\x80\\u00e9\\ud83d\\ude00\",\"type\":\"a\"}"),
            "\"x\":\"\xc3\xa9\xf0\x9f\x98\x80\\u00e9\\ud83d\\ude00\",\"type\":\"a\"}");
  EXPECT_EQ(body(R"({"type":"a","":{"":[true,false,null,-0,0.5,1E+2,-1.5e-10]}})"),
            R"("type":"a","":{"":[true,false,null,-0,0.5,1E+2,-1.5e-10]}})");
}

TEST(Scanner, LeavesAMessageInItsPlaceWhereNothingIsRemoved) {
  const std::string text = R"({"type":"move","x":1})";
  Scanner scanner;
  const auto result = scanner.scan(text);
  ASSERT_TRUE(result);
  EXPECT_EQ(result.value().body.data(), text.data() + 1);
}

TEST(Scanner, TellsJoinAndLeaveFromTheGamesOwnTypes) {
  EXPECT_EQ(outcome(R"({"type":"join"})"), R"(join join ["type":"join"}])");
  EXPECT_EQ(outcome(R"({"type":"leave"})"), R"(leave leave ["type":"leave"}])");
  EXPECT_EQ(outcome(R"({"type":"jo\u0069n"})"), R"(join join ["type":"jo\u0069n"}])");
  EXPECT_EQ(outcome(R"({"type":"Join"})"), R"(message Join ["type":"Join"}])");
  EXPECT_EQ(outcome(R"({"type":""})"), R"(message  ["type":""}])");
}

TEST(Scanner, RefusesWhatIsNoJsonAndNamesTheByte) {  // B28
  EXPECT_EQ(outcome(""), "bad_json at 0");
  EXPECT_EQ(outcome("   "), "bad_json at 3");
  EXPECT_EQ(outcome("nul"), "bad_json at 3");
  EXPECT_EQ(outcome("{"), "bad_json at 1");
  EXPECT_EQ(outcome(R"({"a":1}x)"), "bad_json at 7");
  EXPECT_EQ(outcome(R"({"type":"a"}{"type":"b"})"), "bad_json at 12");
  EXPECT_EQ(outcome(R"({"type":"a"} {"type":"b"})"), "bad_json at 13");
  EXPECT_EQ(outcome(std::string_view{"{\"type\":\"a\"}\0", 13}), "bad_json at 12");
  EXPECT_EQ(outcome("\"open"), "bad_json at 5");
}

TEST(Scanner, RefusesJsonThatIsNoObject) {  // B29
  for (const char* text : {"[]", " [1,{}]", "\"text\"", "5", "-0.1e5", "null", "true", "false "}) {
    EXPECT_EQ(code(text), "not_an_object") << text;
  }
  EXPECT_EQ(outcome(" 5"), "not_an_object at 1");
  EXPECT_EQ(outcome("5 5"), "bad_json at 2");
}

TEST(Scanner, RefusesMoreThan64Levels) {  // B30
  EXPECT_EQ(outcome(std::string(10000, '[')), "too_deep at 64");
  EXPECT_EQ(code(nested(64)), "not_an_object");
  EXPECT_EQ(code(nested(65)), "too_deep");
  EXPECT_EQ(code(R"({"type":"a","x":)" + nested(63) + "}"), "message");
  EXPECT_EQ(code(R"({"type":"a","x":)" + nested(64) + "}"), "too_deep");
  std::string objects = R"({"type":"a")";
  for (int i = 0; i < 64; ++i) objects += R"(,"x":{"y":1)";
  EXPECT_EQ(code(objects), "too_deep");
  std::string flat = R"({"type":"a","x":[)";
  for (int i = 0; i < 1000; ++i) flat += "[],{},";
  EXPECT_EQ(code(flat + "0]}"), "message");  // depth, not count
}

TEST(Scanner, RemovesTheServersFieldsInEveryPlace) {  // B31, B33
  const std::string kept = R"("type":"a"})";
  EXPECT_EQ(body(R"({"type":"a","client_id":1})"), kept);
  EXPECT_EQ(body(R"({"client_id":1,"type":"a"})"), kept);
  EXPECT_EQ(body(R"({"client_id":1,"type":"a","msg_id":2})"), kept);
  EXPECT_EQ(body(R"({"client_id":1,"client_id":2,"type":"a","ts":1,"ts":{"ts":[3]}})"), kept);
  EXPECT_EQ(body(R"({"msg_id":"x","type":"a","msg_id":null,"msg_id":[]})"), kept);
  EXPECT_EQ(body(R"({"x":1,"ts":1,"type":"a"})"), R"("x":1,"type":"a"})");
  EXPECT_EQ(body(R"({"x":1,"ts":1,"msg_id":1,"type":"a","ts":2,"y":2,"client_id":5})"),
            R"("x":1,"type":"a","y":2})");
  EXPECT_EQ(body(R"({"x":1,"ts":1,"type":"a","ts":2,"ts":3})"), R"("x":1,"type":"a"})");
  EXPECT_EQ(body("{ \"ts\" : 1 , \"x\" : 2 , \"ts\" : 3 , \"type\" : \"a\" , \"ts\" : 4 }"),
            "\"x\" : 2 , \"type\" : \"a\" }");
}

TEST(Scanner, LeavesAMessageInItsPlaceWhereOnlyItsFrontIsRemoved) {
  const std::string text = R"({"ts":1,"type":"move","x":1})";
  Scanner scanner;
  const auto result = scanner.scan(text);
  ASSERT_TRUE(result);
  EXPECT_EQ(result.value().body.data(), text.data() + 8);
}

TEST(Scanner, ComparesNamesUnescaped) {  // B32, B34
  const std::string kept = R"("type":"a"})";
  EXPECT_EQ(body(R"({"type":"a","client\u005fid":1})"), kept);
  EXPECT_EQ(body(R"({"type":"a","\u0063lient_id":1})"), kept);
  EXPECT_EQ(body(R"({"type":"a","\u006dsg_id":1,"\u0074\u0073":1})"), kept);
  EXPECT_EQ(body(R"({"\u0063\u006C\u0069\u0065\u006e\u0074\u005F\u0069\u0064":1,"type":"a"})"),
            kept);
  EXPECT_EQ(outcome(R"({"ty\u0070e":"a"})"), R"(message a ["ty\u0070e":"a"}])");
  EXPECT_EQ(outcome(R"({"type":"a","\u0072ef":7})"),
            R"(message a ref=7 ["type":"a","\u0072ef":7}])");
}

TEST(Scanner, LeavesNamesThatOnlyLookLikeTheServers) {
  for (const char* name :
       {"client_id ", "Client_id", "client-id", "clientid", "msg_id\\u0000", "tsx", "t", "msg_ie",
        "tt", "\\\\ts", "client_i\\u0064\\u0064", "t\\ts"}) {
    const std::string kept = "\"" + std::string{name} + R"(":1,"type":"a"})";
    EXPECT_EQ(body("{" + kept), kept);
  }
}

TEST(Scanner, RefusesTypeAndRefTwice) {  // B34
  EXPECT_EQ(outcome(R"({"type":"chat","type":"join"})"), "duplicate_field at 22 type");
  EXPECT_EQ(outcome(R"({"type":"chat","ty\u0070e":"join"})"), "duplicate_field at 27 type");
  EXPECT_EQ(outcome(R"({"type":"chat","ref":1,"ref":1})"), "duplicate_field at 29 ref");
  EXPECT_EQ(outcome(R"({"type":"chat","ref":1,"r\u0065f":2})"), "duplicate_field at 34 ref");
  EXPECT_EQ(body(R"({"type":"a","x":1,"x":2})"), R"("type":"a","x":1,"x":2})");  // the game's own
}

TEST(Scanner, LeavesNestedObjectsAndStringsAlone) {  // B35
  for (const char* kept :
       {R"("type":"a","x":{"client_id":1,"msg_id":2,"ts":3,"type":5,"type":6,"ref":"x"}})",
        R"("type":"a","x":[{"ts":1},{"ref":-1}]})", R"("type":"a","x":"\"client_id\":1,"})",
        R"("type":"client_id"})", R"("type":"a","x":"client_id"})"}) {
    EXPECT_EQ(body("{" + std::string{kept}), kept);
  }
}

TEST(Scanner, RefusesAByteOrderMark) {  // B36
  EXPECT_EQ(outcome("\xef\xbb\xbf{\"type\":\"a\"}"), "bad_json at 0");
}

TEST(Scanner, RefusesWhatOnlyLaxParsersTake) {  // B37
  for (const char* value : {"'x'",
                            "/**/1",
                            "1/**/",
                            "//\n1",
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "nan",
                            "01",
                            "-01",
                            ".5",
                            "5.",
                            "-.5",
                            "+1",
                            "0x1",
                            "1e",
                            "1e+",
                            "1.e1",
                            "1.5.5",
                            "--1",
                            "-",
                            "1_000",
                            "True",
                            "nulL",
                            "tru",
                            "[1,]",
                            "[,1]",
                            "[1 2]",
                            "{\"a\":1,}",
                            "{,}",
                            "{a:1}",
                            "{\"a\" 1}",
                            "{\"a\"}",
                            "{1:1}",
                            "{\"a\":1 \"b\":2}",
                            "[1}",
                            "{\"a\":1]",
                            "undefined",
                            "\"a\" \"b\"",
                            "",
                            "1,",
                            "\"\\x41\"",
                            "\"\\'\"",
                            "\"\\\n\"",
                            "\"\\u12\"",
                            "\"\\u12g4\"",
                            "\"\\U0041\"",
                            "\v1",
                            "\f1",
                            "\xc2\xa0"
                            "1"}) {
    EXPECT_EQ(code(R"({"type":"a","x":)" + std::string{value} + "}"), "bad_json") << value;
  }
  for (const char* text :
       {R"({"type":"a",})", R"({,"type":"a"})", R"({"type" "a"})", R"({"type":"a" "x":1})",
        R"({type:"a"})", R"({'type':'a'})", R"({"type":"a";"x":1})", R"({"type"="a"})",
        R"({"type":"a"]})", R"({"type":"a"}])", R"({"type":"a","ts":1,})", "{\"type\":\"a\"},"}) {
    EXPECT_EQ(code(text), "bad_json") << text;
  }
}

TEST(Scanner, PassesNumbersOfAnySize) {  // B38
  for (const char* number :
       {"1e999", "-1e999", "123456789012345678901234567890", "1E-999", "-0", "0.0e-0"}) {
    const std::string kept = R"("type":"a","x":)" + std::string{number} + "}";
    EXPECT_EQ(body("{" + kept), kept);
  }
}

TEST(Scanner, RefusesHalfACharacter) {  // B39
  for (const char* half : {"\\ud800", "\\udfff", "\\ud800\\ud800", "\\ud800x", "\\ud83d\\n",
                           "\\ud83d\\u0041", "\\ude00\\ud83d", "\\uD83D"}) {
    EXPECT_EQ(code(R"({"type":"a","x":")" + std::string{half} + "\"}"), "bad_json") << half;
    EXPECT_EQ(code(R"({"type":"a",")" + std::string{half} + "\":1}"), "bad_json") << half;
    EXPECT_EQ(code(R"({"type":")" + std::string{half} + "\"}"), "bad_json") << half;
    EXPECT_EQ(code(R"({"type":"a","x":[{")" + std::string{half} + "\":1}]}"), "bad_json") << half;
  }
  EXPECT_EQ(code(R"({"type":"a","x":"\ud83d\ude00\uD83D\uDE00"})"), "message");
}

TEST(Scanner, RefusesEveryRawControlByteInAString) {  // B39
  for (int c = 0; c < 0x20; ++c) {
    // At each distance from the start, so that each place of a vector is met.
    for (std::size_t before = 0; before < 40; ++before) {
      const std::string text =
          R"({"type":"a","x":")" + std::string(before, 'y') + static_cast<char>(c) + "\"}";
      EXPECT_EQ(outcome(text), "bad_json at " + std::to_string(17 + before)) << c;
    }
  }
  EXPECT_EQ(code("{\"type\":\"a\",\"x\":\"\x7f\"}"),
            "message");  // DEL is no control character to JSON
}

TEST(Scanner, PassesAnEscapedNul) {  // B40
  EXPECT_EQ(body(R"({"type":"a","x":"\u0000"})"), R"("type":"a","x":"\u0000"})");
  EXPECT_EQ(outcome(R"({"type":"\u0000"})"), std::string("message \0 [\"type\":\"\\u0000\"}]", 28));
}

TEST(Scanner, PassesManyKeysLongKeysAndMuchWhiteSpace) {  // B41, B42: linear, as the bench shows
  std::string many = R"({"type":"a")";
  for (int i = 0; i < 100000; ++i) many += ",\"" + std::to_string(i) + "\":" + std::to_string(i);
  many += "}";
  EXPECT_EQ(body(many), many.substr(1));
  const std::string long_key = R"({"type":"a",")" + std::string(60000, 'k') + "\":1}";
  EXPECT_EQ(body(long_key), long_key.substr(1));
  std::string long_escaped_key = R"({"type":"a",")";
  for (int i = 0; i < 10000; ++i) long_escaped_key += "\\u0074";
  long_escaped_key += "\":1}";
  EXPECT_EQ(body(long_escaped_key), long_escaped_key.substr(1));
  const std::string white(65536, ' ');
  EXPECT_EQ(body(white + "{" + white + "\"type\":\"a\"}" + white), R"("type":"a"})");
  std::string removed = "{";
  for (int i = 0; i < 100000; ++i) removed += R"("ts":1,"x":2,)";
  EXPECT_EQ(body(removed + R"("type":"a"})").size(), 600000u + 11);
}

TEST(Scanner, RefusesTheServersTypes) {  // B54
  for (const char* type :
       {"joined", "left", "error", "duplicate", "welcome", "member_joined", "member_left", "gavel.",
        "gavel.anything", "gavel.\xc3\xa9", "err\\u006fr", "\\u0067avel.x"}) {
    EXPECT_EQ(outcome(R"({"type":")" + std::string{type} + "\"}"), "reserved_type at 8 type")
        << type;
  }
  for (const char* type :
       {"join", "leave", "Error", "errors", "gavel", "gavelx", "member", "welcome "}) {
    EXPECT_NE(code(R"({"type":")" + std::string{type} + "\"}"), "reserved_type") << type;
  }
}

TEST(Scanner, RefusesAMessageWithoutAGoodType) {  // B55
  EXPECT_EQ(outcome("{}"), "bad_type at 0 type");
  EXPECT_EQ(outcome(R"( {"x":1,"ts":1})"), "bad_type at 1 type");
  for (const char* type : {"5", "null", "true", "{}", "[\"a\"]"}) {
    EXPECT_EQ(outcome(R"({"type":)" + std::string{type} + "}"), "bad_type at 8 type") << type;
  }
  const auto of_size = [](std::size_t n) { return R"({"type":")" + std::string(n, 't') + "\"}"; };
  EXPECT_EQ(code(of_size(128)), "message");
  EXPECT_EQ(code(of_size(129)), "bad_type");
  EXPECT_EQ(code(of_size(10000)), "bad_type");
  const auto escaped_of_size = [](std::size_t n) {
    std::string text = R"({"type":")";
    for (std::size_t i = 0; i < n; ++i) text += "\\u0074";
    return text + "\"}";
  };
  EXPECT_EQ(code(escaped_of_size(128)), "message");  // its unescaped size counts
  EXPECT_EQ(code(escaped_of_size(129)), "bad_type");
  EXPECT_EQ(code(escaped_of_size(10000)), "bad_type");
}

TEST(Scanner, TakesARefFrom1To2To53Minus1) {  // B56
  for (const char* ref : {"1", "5", "1152921504606846", "9007199254740991"}) {
    EXPECT_EQ(outcome(R"({"type":"a","ref":)" + std::string{ref} + "}"),
              "message a ref=" + std::string{ref} + R"( ["type":"a","ref":)" + ref + "}]");
  }
  for (const char* ref : {"0", "-0", "-1", "1.0", "1.5", "1e3", "1E0", "9007199254740992",
                          "18446744073709551615", "18446744073709551616", "18446744073709551617",
                          "100000000000000000000000000000", "\"1\"", "null", "true", "[1]", "{}"}) {
    EXPECT_EQ(outcome(R"({"type":"a","ref":)" + std::string{ref} + "}"), "bad_ref at 18 ref")
        << ref;
  }
}

TEST(Scanner, NamesTheRefOfARefusedMessage) {
  EXPECT_EQ(outcome(R"({"ref":9,"type":"error"})"), "reserved_type at 16 type ref=9");
  EXPECT_EQ(outcome(R"({"type":"error","ref":9})"), "reserved_type at 8 type ref=9");
  EXPECT_EQ(outcome(R"({"ref":9})"), "bad_type at 0 type ref=9");
  EXPECT_EQ(outcome(R"({"type":"error","ref":0})"), "reserved_type at 8 type");
  EXPECT_EQ(outcome(R"({"ref":9,"type":"error")"), "bad_json at 23");
}

TEST(Scanner, SaysBadJsonWhateverElseIsWrong) {
  EXPECT_EQ(code(R"({"type":"error","x":01})"), "bad_json");
  EXPECT_EQ(code(R"({"type":5,"ref":0} x)"), "bad_json");
  EXPECT_EQ(code(R"({"type":"a","type":"b")"), "bad_json");
}

TEST(Scanner, RefusesEveryTruncationOfAMessage) {
  for (const std::string text :
       {R"({"type":"move","seq":12345,"x":-1.5e10,"y":[1,{"a":true},null],)"
        R"("data":"xxx\u00e9\ud83d\ude00xxxxxxxxxxx"})",
        R"({"client_id":1,"ty\u0070e":"a","ts":1,"ref":77,"x":false})",
        R"({"type":"join","room":"r"})"}) {
    ASSERT_NE(code(text), "bad_json");
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(code(text.substr(0, size)), "bad_json") << size;
    }
  }
}

TEST(Scanner, FindsTheEndOfAStringAtEveryPlace) {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const std::string kept =
          R"("x":")" + std::string(size, 'x') + R"(","type":"a")" + std::string(behind, ' ') + "}";
      EXPECT_EQ(body("{" + kept), kept);
      const std::string escaped = R"("type":"a","x":")" + std::string(size, 'x') + R"(\"\\)" +
                                  std::string(behind, '\xc3') + "\"}";
      EXPECT_EQ(body("{" + escaped), escaped);
    }
  }
}

TEST(Scanner, AllocatesNothingForMessagesLikeEarlierOnes) {
  Scanner scanner;
  const std::string text = R"({"type":"a","ts":1,"x":")" + std::string(1000, 'x') + "\"}";
  const auto first = scanner.scan(text);
  ASSERT_TRUE(first);
  const char* const scratch = first.value().body.data();
  for (int i = 0; i < 3; ++i) {
    const auto next = scanner.scan(text);
    ASSERT_TRUE(next);
    EXPECT_EQ(next.value().body.data(), scratch);
  }
}

}  // namespace
}  // namespace gavel::wire
