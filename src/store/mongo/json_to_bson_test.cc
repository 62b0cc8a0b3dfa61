#include "store/mongo/json_to_bson.h"

#include <bson/bson.h>
#include <gtest/gtest.h>

namespace gavel::store::mongo {
namespace {

// As MongoDB's own tools would write it, with the types that JSON lacks.
std::string shown(std::string_view body) {
  const auto bytes = body_to_bson(body);
  if (!bytes) return "nothing";
  bson_t document;
  if (!bson_init_static(&document, reinterpret_cast<const std::uint8_t*>(bytes->data()),
                        bytes->size()) ||
      !bson_validate(&document, BSON_VALIDATE_UTF8, nullptr)) {
    return "broken";
  }
  char* const json = bson_as_canonical_extended_json(&document, nullptr);
  std::string text(json);
  bson_free(json);
  return text;
}

TEST(JsonToBson, KeepsTypes) {
  EXPECT_EQ(shown(R"("a":1,"b":[true,null,"x"],"c":{"d":-5000000000}})"),
            R"({ "a" : { "$numberInt" : "1" }, "b" : [ true, null, "x" ], )"
            R"("c" : { "d" : { "$numberLong" : "-5000000000" } } })");
  EXPECT_EQ(shown("}"), "{ }");
}

TEST(JsonToBson, MakesDoublesOfWhatIsNoWholeNumberWithin64Bits) {
  EXPECT_EQ(shown(R"("a":0.5,"b":1e2})"),
            R"({ "a" : { "$numberDouble" : "0.5" }, "b" : { "$numberDouble" : "100.0" } })");
  EXPECT_EQ(shown(R"("a":9223372036854775807})"),
            R"({ "a" : { "$numberLong" : "9223372036854775807" } })");
  EXPECT_EQ(shown(R"("a":9223372036854775808})"),
            R"({ "a" : { "$numberDouble" : "9223372036854775808.0" } })");
  EXPECT_EQ(shown(R"("a":-0})"), R"({ "a" : { "$numberDouble" : "-0.0" } })");
}

TEST(JsonToBson, HoldsNumbersBeyondADouble) {
  EXPECT_EQ(shown(R"("a":1e999,"b":-1e999,"c":1e-999})"),
            R"({ "a" : { "$numberDouble" : "Infinity" }, "b" : { "$numberDouble" : "-Infinity" }, )"
            R"("c" : { "$numberDouble" : "0.0" } })");
}

TEST(JsonToBson, ChangesKeysThatAServerWouldRefuse) {
  EXPECT_EQ(shown(R"("$where":1,"a.b":2,"":3,"c$":4})"),
            R"({ "＄where" : { "$numberInt" : "1" }, "a．b" : { "$numberInt" : "2" }, )"
            R"("" : { "$numberInt" : "3" }, "c$" : { "$numberInt" : "4" } })");
  EXPECT_EQ(shown("\"a\\u0000b\":1}"),
            "{ \"a\xef\xbf\xbd"
            "b\" : { \"$numberInt\" : \"1\" } }");
}

TEST(JsonToBson, ReadsNoExtendedJson) {
  EXPECT_EQ(shown(R"("t":{"$date":"2026-01-01T00:00:00Z"}})"),
            R"({ "t" : { "＄date" : "2026-01-01T00:00:00Z" } })");
}

TEST(JsonToBson, TakesTheFirstOfRepeatedKeys) {
  EXPECT_EQ(shown(R"("a":1,"b":2,"a":{"x":[3]}})"),
            R"({ "a" : { "$numberInt" : "1" }, "b" : { "$numberInt" : "2" } })");
}

TEST(JsonToBson, DecodesEscapes) {
  EXPECT_EQ(shown(R"("a":"\u00e9\n\"\ud83d\ude00"})"),
            "{ \"a\" : \"\xc3\xa9\\n\\\"\xf0\x9f\x98\x80\" }");
  EXPECT_EQ(shown(R"("a":"\ud800x","b":"\udc00"})"),
            "{ \"a\" : \"\xef\xbf\xbdx\", \"b\" : \"\xef\xbf\xbd\" }");
}

TEST(JsonToBson, GivesNothingWhereTheTextIsNoObject) {
  for (const char* text :
       {"", "\"a\":1", "\"a\":}", "\"a\":1,}", "\"a\":[1}", "\"a\":1}x", "a:1}", "\"a\":\"\\x\"}",
        "\"a\":\"\\u12g4\"}", "\"a\":tru}", "\"a\":1..2}", "\"a\":\"\xff\"}", "\"a"}) {
    EXPECT_EQ(shown(text), "nothing") << text;
  }
}

TEST(JsonToBson, HasABoundForDepth) {
  const auto nested = [](std::size_t depth) {
    return "\"a\":" + std::string(depth, '[') + std::string(depth, ']') + '}';
  };
  EXPECT_TRUE(body_to_bson(nested(64)));
  EXPECT_FALSE(body_to_bson(nested(1'000'000)));
}

}  // namespace
}  // namespace gavel::store::mongo
