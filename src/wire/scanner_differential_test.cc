// Random messages with the server's names in all spellings: what comes out after stamping, read by
// a JSON library, is what went in, plus the stamp, minus the server's names. And the same after
// random damage.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "wire/scanner_oracle_test.h"

namespace gavel::wire {
namespace {

class MessageMaker {
 public:
  explicit MessageMaker(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  std::string message() {
    std::string text = space() + "{" + space();
    const std::uint32_t type_at = below(4);
    const std::uint32_t members = type_at + 1 + below(4);
    for (std::uint32_t i = 0; i < members; ++i) {
      if (i != 0) text += "," + space();
      const bool is_type = i == type_at && below(20) != 0;
      text += is_type ? spell("type") + space() + ":" + space() +
                            spell(pick({"move", "a", "join", "error"}))
                      : member(0);
      text += space();
    }
    return text + "}" + space();
  }

 private:
  std::string member(int depth) {
    const std::string name = spell(pick(
        {"client_id", "msg_id", "ts", "ref", "x", "y", "data", "", "client_id2", "t\xc3\xa9"}));
    const bool is_ref = name == "\"ref\"" && below(3) != 0;
    return name + space() + ":" + space() +
           (is_ref ? std::to_string(1 + below(1000)) : value(depth + 1));
  }

  std::string value(int depth) {
    switch (below(depth > 4 ? 6 : 8)) {
      case 0:
        return pick({"0", "-0", "1", "-12.5", "1e3", "9007199254740992", "0.000001", "1E-7",
                     "20000000000"});
      case 1:
        return pick({"true", "false", "null"});
      case 2:
      case 3:
      case 4:
      case 5:
        return spell(pick({"", "x", "client_id", "\xf0\x9f\x98\x80", "a \" b \\ c",
                           "a text of more than 16 bytes", "\n\t", "}", ",\"ts\":1"}));
      case 6:
        return list('[', ']', [&] { return value(depth + 1); });
      default:
        return list('{', '}', [&] { return member(depth); });
    }
  }

  template <class Make>
  std::string list(char open, char close, Make make) {
    std::string text = open + space();
    const std::uint32_t count = below(4);
    for (std::uint32_t i = 0; i < count; ++i)
      text += (i != 0 ? "," + space() : "") + make() + space();
    return text + close;
  }

  // A JSON string of this text, each character plain or escaped.
  std::string spell(const std::string& text) {
    const bool some_escaped = below(3) == 0;
    std::string out = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80 &&
          (byte < 0x20 || c == '"' || c == '\\' || (some_escaped && below(3) == 0))) {
        char escape[8];
        std::snprintf(escape, sizeof escape, below(2) ? "\\u%04x" : "\\u%04X", byte);
        out += escape;
      } else {
        out += c;
      }
    }
    return out + "\"";
  }

  std::string space() { return below(3) != 0 ? "" : pick({" ", "\n", "  ", "\t\r\n", "      "}); }

  std::string pick(std::initializer_list<const char*> from) {
    return from.begin()[below(static_cast<std::uint32_t>(from.size()))];
  }

  std::mt19937 random_;
};

TEST(ScannerDifferential, WhatComesOutIsWhatWentInPlusTheStamp) {
  Scanner scanner;
  int good = 0;
  for (std::uint32_t seed = 0; seed < 4000; ++seed) {
    const std::string text = MessageMaker{seed}.message();
    ASSERT_EQ(disagreement(scanner, text), "") << "seed " << seed << ": " << text;
    if (scanner.scan(text)) ++good;
  }
  EXPECT_GT(good, 1200);  // else the maker makes too much that is refused
}

TEST(ScannerDifferential, RefusesDamagedMessagesWhereTheLibraryDoes) {
  Scanner scanner;
  int refused = 0;
  for (std::uint32_t seed = 0; seed < 8000; ++seed) {
    MessageMaker maker{seed};
    std::string text = maker.message();
    const std::uint32_t at = maker.below(static_cast<std::uint32_t>(text.size()));
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    const char with = "{}[],:\"\\0e.-+ tfn/u\x01x"[maker.below(21)];
    if (!is_ascii(text[at])) continue;  // the text has to stay valid UTF-8
    switch (maker.below(3)) {
      case 0:
        text[at] = with;
        break;
      case 1:
        text.erase(at, 1);
        break;
      default:
        text.insert(at, 1, with);
    }
    ASSERT_EQ(disagreement(scanner, text), "") << "seed " << seed << ": " << text;
    if (!scanner.scan(text)) ++refused;
  }
  EXPECT_GT(refused, 2000);
}

}  // namespace
}  // namespace gavel::wire
