// What a client may not send: which close code and which words it gets, and at which byte.
// The rows B15 to B27 are those of the promise P8.
#include <gtest/gtest.h>

#include <utility>

#include "ws/decoder.h"
#include "ws/decoding_test.h"

namespace gavel::ws {
namespace {

using namespace std::string_literals;

constexpr DecoderOptions kSmall{.message_bytes_max = 200, .fragments_max = 4};

// A frame whose header is written by hand; the payload is four bytes of mask and what else is
// given.
std::string raw(unsigned first, unsigned second, std::string_view more = {}) {
  std::string out{static_cast<char>(first), static_cast<char>(second)};
  return out.append(more);
}

struct Bad {
  std::string name;
  std::string bytes;
  std::uint16_t code;
  std::string text;
  std::size_t behind;  // how many bytes it takes to know
};

std::vector<Bad> bad_headers() {
  const std::string mask = "\1\2\3\4"s;
  std::vector<Bad> cases{
      {"B15 not masked", raw(0x81, 0x05, "Hello"), 1002, "client frames must be masked", 2},
      {"B17 a ping of 126 bytes", raw(0x89, 0xfe, "\0\x7e"s), 1002,
       "a control frame is longer than 125 bytes", 2},
      {"B17 a close of 64 KiB", raw(0x88, 0xff), 1002, "a control frame is longer than 125 bytes",
       2},
      {"B17 a ping in two parts", raw(0x09, 0x80), 1002, "a control frame is fragmented", 2},
      {"B18 nothing to continue", raw(0x80, 0x80), 1002, "a continuation without a message", 2},
      {"B19 125 in two bytes", raw(0x81, 0xfe, "\0\x7d"s + mask), 1002,
       "a frame's length is not in its shortest form", 8},
      {"B19 65535 in eight", raw(0x81, 0xff, "\0\0\0\0\0\0\xff\xff"s + mask), 1002,
       "a frame's length is not in its shortest form", 14},
      {"B20 2^63", raw(0x81, 0xff, "\x80\0\0\0\0\0\0\0"s + mask), 1002,
       "a frame's length has its top bit set", 14},
      {"B20 2^64-1", raw(0x81, 0xff, std::string(8, '\xff') + mask), 1002,
       "a frame's length has its top bit set", 14},
      {"B20 2^40", raw(0x81, 0xff, "\0\0\1\0\0\0\0\0"s + mask), 1009,
       "a message is too big: the limit is 200 bytes", 14},
      {"B20 2^63-1", raw(0x81, 0xff, "\x7f"s + std::string(7, '\xff') + mask), 1009,
       "a message is too big: the limit is 200 bytes", 14},
      {"B21 one byte over the limit", raw(0x81, 0xfe, "\0\xc9"s + mask), 1009,
       "a message is too big: the limit is 200 bytes", 8},
      {"B23 binary", raw(0x82, 0x80), 1003, "send text messages only", 2},
  };
  for (unsigned rsv = 1; rsv < 8; ++rsv) {
    for (const unsigned opcode : {1U, 9U, 8U}) {
      cases.push_back({"B16 rsv " + std::to_string(rsv) + " opcode " + std::to_string(opcode),
                       raw(0x80 | rsv << 4 | opcode, 0x80), 1002, "reserved bits are set", 2});
    }
  }
  for (const unsigned opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    cases.push_back({"B16 opcode " + std::to_string(opcode), raw(0x80 | opcode, 0x80), 1002,
                     "an opcode is not defined", 2});
  }
  return cases;
}

std::vector<Bad> bad_messages() {
  const std::string begin = frame(Opcode::text, "ab", false);
  const std::string part = frame(Opcode::continuation, "c", false);
  const std::string empty = frame(Opcode::continuation, "", false);
  const std::string hundred = frame(Opcode::text, std::string(100, 'x'), false);
  const std::string too_big = "a message is too big: the limit is 200 bytes";
  return {
      {"B18 a text inside a message", begin + text("x"), 1002,
       "a new message inside a fragmented one", begin.size() + 2},
      {"B18 binary inside a message", begin + raw(0x82, 0x80), 1002,
       "a new message inside a fragmented one", begin.size() + 2},
      {"B21 the sum of the parts", hundred + frame(Opcode::continuation, std::string(101, 'y')),
       1009, too_big, hundred.size() + 6},
      {"B22 five parts", begin + part + part + part + part, 1008, "too many fragments in a message",
       begin.size() + 3 * part.size() + 2},
      {"B22 empty parts", begin + empty + empty + empty + empty, 1008,
       "too many fragments in a message", begin.size() + 3 * empty.size() + 2},
      {"B24 a wrong byte in a part", begin + frame(Opcode::continuation, "a\xff", false), 1007,
       "a text message is not valid UTF-8", begin.size() + 8},
      {"B24 a character that has no end",
       frame(Opcode::text, "\xe2\x82", false) + frame(Opcode::continuation, "x", false), 1007,
       "a text message is not valid UTF-8", 8 + 7},
      {"B24 the end inside a character",
       frame(Opcode::text, "a\xe2", false) + frame(Opcode::continuation, "\x82"), 1007,
       "a text message is not valid UTF-8", 8 + 7},
      {"B25 half a code", frame(Opcode::close, "\x03"), 1002, "a close frame with half a code", 7},
      {"B25 a reason that is no UTF-8", close_frame(1000, "a\xc0\xaf"), 1007,
       "a close reason is not valid UTF-8", 11},
      {"B25 a reason that ends early", close_frame(1000, "\xf0\x9f"), 1007,
       "a close reason is not valid UTF-8", 10},
  };
}

TEST(DecoderErrors, NameTheCodeAndTheReasonAtTheFirstByteThatTells) {
  std::vector<Bad> cases = bad_headers();
  for (Bad& one : bad_messages()) cases.push_back(std::move(one));
  for (const Bad& one : cases) {
    SCOPED_TRACE(one.name);
    const std::vector<Said> expected{{Event::error, one.text, one.code, 0}};
    const std::string bytes = one.bytes + text("late") + "\xff\xff";
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      EXPECT_EQ(decode(bytes, kSmall, [size] { return size; }), expected) << size;
    }
    EXPECT_EQ(decode(bytes, kSmall, [] { return 1; }).at(0).behind, one.behind);
  }
}

TEST(DecoderErrors, KnowEveryCloseCodeThatMayNotBeSent) {
  const auto is_good = [](unsigned code) {
    return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
           (code >= 3000 && code < 5000);
  };
  for (unsigned code = 0; code <= 0xffff; ++code) {
    const auto number = static_cast<std::uint16_t>(code);
    const Said got = decode_whole(close_frame(number), {}).at(0);
    const Said expected = is_good(code)
                              ? Said{Event::close, "", number, 0}
                              : Said{Event::error, "a close code that may not be sent", 1002, 0};
    ASSERT_EQ(got, expected) << code;
  }
}

TEST(DecoderErrors, EndAWrongTextAtItsFirstWrongByte) {
  // A surrogate half: its second byte tells. It comes in the first of two parts, and in one frame
  // whose rest never comes.
  const std::string payload = "\u03ba\u1f79\xed\xa0\x80 edited";
  const std::size_t wrong = 2 + 3 + 2;
  for (const bool final : {false, true}) {
    const std::vector<Said> got = decode(frame(Opcode::text, payload, final), {}, [] { return 1; });
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].code, 1007);
    EXPECT_EQ(got[0].behind, 6 + wrong);
  }
}

TEST(DecoderErrors, TakeExactlyTheLimit) {
  const std::string payload(200, 'x');
  const std::vector<Said> expected{{Event::text, payload, 0, 0}};
  EXPECT_EQ(decode_whole(text(payload), kSmall), expected);
  EXPECT_EQ(decode(text(payload), kSmall, [] { return 3; }), expected);
  const std::string parts = frame(Opcode::text, payload.substr(0, 100), false) +
                            frame(Opcode::continuation, "", false) +
                            frame(Opcode::continuation, payload.substr(100));
  EXPECT_EQ(decode_whole(parts, kSmall), expected);
}

TEST(DecoderErrors, CountFragmentsAMessageAndNotAConnection) {
  std::string bytes;
  std::vector<Said> expected;
  for (int i = 0; i < 20; ++i) {
    bytes += frame(Opcode::text, "a", false) + frame(Opcode::continuation, "b", false) +
             frame(Opcode::continuation, "c", false) + frame(Opcode::continuation, "d");
    expected.push_back({Event::text, "abcd", 0, 0});
  }
  EXPECT_EQ(decode_whole(bytes, kSmall), expected);
}

TEST(DecoderErrors, ComeBehindWhatWasRightBeforeThem) {
  const std::vector<Said> expected{{Event::text, "abc", 0, 0},
                                   {Event::error, "a continuation without a message", 1002, 0}};
  const std::string part = frame(Opcode::continuation, "c");
  const std::string bytes = frame(Opcode::text, "ab", false) + part + part;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    EXPECT_EQ(decode(bytes, kSmall, [size] { return size; }), expected) << size;
  }
}

TEST(DecoderErrors, OfAServerAreFoundByAClient) {
  constexpr DecoderOptions kClient{.server = false};
  const std::vector<Said> expected{{Event::error, "server frames must not be masked", 1002, 0}};
  EXPECT_EQ(decode(text("x"), kClient, [] { return 1; }), expected);
}

}  // namespace
}  // namespace gavel::ws
