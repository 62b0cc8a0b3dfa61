// What a well-behaved client may send, and that it is understood however its bytes are cut.
#include "ws/decoder.h"

#include <gtest/gtest.h>

#include <utility>

#include "ws/decoding_test.h"

namespace gavel::ws {

extern std::size_t allocations;  // of the whole program; counted in allocations_test.cc

namespace {

constexpr DecoderOptions kAll{.message_bytes_max = 1 << 20, .allow_binary = true};
const std::string kGreek = "\u03ba\u1f79\u03c3\u03bc\u03b5 \U0001f3b2";

Said said(Event event, std::string payload, std::uint16_t code = 0) {
  return {event, std::move(payload), code, 0};
}

struct Case {
  const char* name;
  std::string bytes;
  std::vector<Said> expected;
};

std::vector<Case> good_cases() {
  const std::string p125(125, '\xfe');
  return {
      {"an empty text", text(""), {said(Event::text, "")}},
      {"a text", text("Hello"), {said(Event::text, "Hello")}},
      {"text beyond ASCII", text(kGreek), {said(Event::text, kGreek)}},
      {"binary", frame(Opcode::binary, p125), {said(Event::binary, p125)}},
      {"texts one after the other",
       text("a") + text("") + text("bcd"),
       {said(Event::text, "a"), said(Event::text, ""), said(Event::text, "bcd")}},
      {"a ping without payload", frame(Opcode::ping, ""), {said(Event::ping, "")}},
      {"a ping of 125 bytes", frame(Opcode::ping, p125), {said(Event::ping, p125)}},
      {"a pong that nobody asked for, and a ping",
       frame(Opcode::pong, "x") + frame(Opcode::ping, "y"),
       {said(Event::pong, "x"), said(Event::ping, "y")}},
      {"two fragments",
       frame(Opcode::text, "frag", false) + frame(Opcode::continuation, "ment"),
       {said(Event::text, "fragment")}},
      {"pings between the fragments",
       frame(Opcode::text, "a", false) + frame(Opcode::ping, "1") +
           frame(Opcode::continuation, "b", false) + frame(Opcode::ping, "2") +
           frame(Opcode::continuation, "c"),
       {said(Event::ping, "1"), said(Event::ping, "2"), said(Event::text, "abc")}},
      {"fragments that are empty",
       frame(Opcode::text, "", false) + frame(Opcode::continuation, "", false) +
           frame(Opcode::continuation, "") + text("next"),
       {said(Event::text, ""), said(Event::text, "next")}},
      {"a character cut by fragments",
       frame(Opcode::text, kGreek.substr(0, 1), false) +
           frame(Opcode::continuation, kGreek.substr(1, 3), false) +
           frame(Opcode::continuation, kGreek.substr(4)),
       {said(Event::text, kGreek)}},
      {"binary fragments that are no UTF-8",
       frame(Opcode::binary, "\xff", false) + frame(Opcode::continuation, "\xc0"),
       {said(Event::binary, "\xff\xc0")}},
      {"a close without a code", frame(Opcode::close, ""), {said(Event::close, "", 1005)}},
      {"a close with a reason", close_frame(1000, kGreek), {said(Event::close, kGreek, 1000)}},
      {"a close in the middle of a message",
       frame(Opcode::text, "a", false) + close_frame(1001),
       {said(Event::close, "", 1001)}},
      {"anything behind a close",
       close_frame(1000) + text("late") + frame(Opcode::ping, "late") + "\xff\xff\xff\xff",
       {said(Event::close, "", 1000)}},
  };
}

TEST(Decoder, SaysTheSameHoweverTheBytesAreCut) {
  for (const Case& one : good_cases()) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(decode_whole(one.bytes, kAll), one.expected);
    for (std::size_t size = 1; size <= 7; ++size) {
      EXPECT_EQ(decode(one.bytes, kAll, [size] { return size; }), one.expected) << size;
    }
    for (std::size_t first = 1; first < one.bytes.size(); ++first) {
      std::size_t cut = first;
      const auto pieces = [&] { return std::exchange(cut, one.bytes.size()); };
      EXPECT_EQ(decode(one.bytes, kAll, pieces), one.expected) << "cut behind byte " << first;
    }
  }
}

TEST(Decoder, SaysWhatItHasAsSoonAsTheLastByteIsThere) {
  for (const Case& one : good_cases()) {
    SCOPED_TRACE(one.name);
    const std::vector<Said> whole = decode_whole(one.bytes, kAll);
    const std::vector<Said> bytewise = decode(one.bytes, kAll, [] { return 1; });
    ASSERT_EQ(whole.size(), bytewise.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(whole[i].behind, bytewise[i].behind);
    }
  }
}

TEST(Decoder, ReadsEveryLengthAroundTheSteps) {
  for (const std::size_t size : {0, 1, 7, 8, 9, 124, 125, 126, 127, 128, 65535, 65536, 65537}) {
    SCOPED_TRACE(size);
    std::string payload(size, 'x');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + i % 26);
    const std::vector<Said> expected{said(Event::text, payload), said(Event::text, "next")};
    const std::string bytes = text(payload) + text("next");
    EXPECT_EQ(decode_whole(bytes, kAll), expected);
    EXPECT_EQ(decode(bytes, kAll, [] { return 997; }), expected);
    EXPECT_EQ(decode(bytes, kAll, [] { return 1; }), expected);
  }
}

TEST(Decoder, TakesBigMessagesInPiecesOfAnySize) {
  constexpr DecoderOptions kBig{
      .message_bytes_max = 16 << 20, .fragments_max = 1 << 20, .allow_binary = true};
  std::string payload(4 << 20, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>('!' + i % 90);
  for (const std::size_t fragment : {256, 4096, 65536, 4 << 20}) {
    SCOPED_TRACE(fragment);
    std::string bytes;
    for (std::size_t at = 0; at < payload.size(); at += fragment) {
      bytes +=
          frame(at == 0 ? Opcode::text : Opcode::continuation,
                std::string_view(payload).substr(at, fragment), at + fragment >= payload.size());
    }
    const std::vector<Said> got = decode(bytes, kBig, [] { return 1300; });
    ASSERT_EQ(got.size(), 1U);
    EXPECT_TRUE(got[0].payload == payload);
  }
}

TEST(Decoder, GivesAViewIntoTheBytesAndAllocatesNothingWhereAFrameIsWhole) {
  const std::string bytes = text(std::string(300, 'a')) + text(kGreek) + frame(Opcode::ping, "p");
  Decoder decoder({});
  for (int turn = 0; turn < 3; ++turn) {
    std::vector<char> copy(bytes.begin(), bytes.end());
    std::span<char> in(copy);
    const std::size_t before = allocations;
    ASSERT_EQ(decoder.next(in), Event::text);
    EXPECT_EQ(decoder.payload().data(), copy.data() + 8);
    ASSERT_EQ(decoder.next(in), Event::text);
    ASSERT_EQ(decoder.next(in), Event::ping);
    ASSERT_EQ(decoder.next(in), Event::need_more);
    EXPECT_EQ(allocations, before);
  }
}

TEST(Decoder, AllocatesNothingMoreForPiecesOnceItHasItsBuffer) {
  const std::string bytes = text(std::string(5000, 'a'));
  Decoder decoder({});
  std::size_t before = 0;
  for (int turn = 0; turn < 5; ++turn) {
    if (turn == 2) before = allocations;
    std::string copy = bytes;
    allocations -= turn >= 2 ? 1 : 0;  // the copy's own
    for (std::size_t at = 0; at < copy.size(); at += 1001) {
      std::span<char> in(copy.data() + at, std::min<std::size_t>(1001, copy.size() - at));
      while (decoder.next(in) != Event::need_more) EXPECT_EQ(decoder.payload().size(), 5000U);
    }
  }
  EXPECT_EQ(allocations, before);
}

TEST(Decoder, AsAClientTakesFramesWithoutAMask) {
  constexpr DecoderOptions kClient{.server = false, .allow_binary = true};
  for (const std::size_t size : {0, 5, 125, 126, 65536}) {
    const std::string payload(size, 'p');
    std::string bytes(frame_header_bytes(size), '\0');
    encode_frame_header(bytes.data(), Opcode::binary, size);
    bytes += payload;
    const std::vector<Said> expected{said(Event::binary, payload)};
    EXPECT_EQ(decode_whole(bytes, kClient), expected) << size;
    EXPECT_EQ(decode(bytes, kClient, [] { return 1; }), expected) << size;
  }
}

}  // namespace
}  // namespace gavel::ws
