#include "ws/deflate.h"

#include <gtest/gtest.h>

#include "ws/decoding_test.h"

namespace gavel::ws {
namespace {

using namespace std::string_literals;

constexpr DecoderOptions kDeflate{
    .message_bytes_max = 64 * 1024, .allow_binary = true, .deflate = true};

std::string compressed(std::string_view text) {
  Deflater deflater;
  std::string out;
  EXPECT_TRUE(deflater.compress(text, out));
  return out;
}

std::string deflated(std::string_view payload, bool final = true) {
  return frame(Opcode::text, payload, final, true);
}

// Bytes that no compressor makes smaller.
std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

std::vector<Said> one_text(std::string text) { return {{Event::text, std::move(text), 0, 0}}; }

std::vector<Said> one_error(std::uint16_t code, std::string text) {
  return {{Event::error, std::move(text), code, 0}};
}

const std::vector<Said> kBad = one_error(1007, "a message can't be inflated");

TEST(Deflate, OfAnEmptyTextIsOneZeroByte) {  // RFC 7692 7.2.3.6
  EXPECT_EQ(compressed(""), "\0"s);
}

TEST(Deflate, CompressesEachMessageForItself) {
  Deflater deflater;
  std::string out = "before";
  ASSERT_TRUE(deflater.compress("Hello Hello Hello", out));
  const std::string first = out.substr(6);
  out.clear();
  ASSERT_TRUE(deflater.compress("Hello Hello Hello", out));
  EXPECT_EQ(out, first);
}

TEST(Deflate, ComesBackFromTheDecoderAsItWas) {
  for (const std::string& message :
       {""s, "a"s, "Hello"s, std::string(65536, 'a'), std::string(4096, 'b'), "\u1f79\u03c3"s}) {
    SCOPED_TRACE(message.size());
    const std::string bytes = deflated(compressed(message)) + text("plain");
    std::vector<Said> expected = one_text(message);
    expected.push_back({Event::text, "plain", 0, 0});
    EXPECT_EQ(decode_whole(bytes, kDeflate), expected);
    for (const std::size_t size : {1, 2, 3, 100}) {
      EXPECT_EQ(decode(bytes, kDeflate, [size] { return size; }), expected) << size;
    }
  }
}

TEST(Deflate, OfTheRfcsExamplesIsUnderstood) {  // RFC 7692 7.2.3
  const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  EXPECT_EQ(decode_whole(deflated(hello), kDeflate), one_text("Hello"));
  EXPECT_EQ(decode_whole(
                deflated("\xf2\x48\xcd"s, false) + frame(Opcode::continuation, "\xc9\xc9\x07\x00"s),
                kDeflate),
            one_text("Hello"));
  // A block that is not compressed, a block that says it is the last, and two blocks.
  EXPECT_EQ(decode_whole(deflated("\0\5\0\xfa\xffHello\0"s), kDeflate), one_text("Hello"));
  EXPECT_EQ(decode_whole(deflated("\xf3\x48\xcd\xc9\xc9\x07\0\0"s), kDeflate), one_text("Hello"));
  EXPECT_EQ(decode_whole(deflated("\xf2\x48\5\0\0\0\xff\xff\xca\xc9\xc9\7\0"s), kDeflate),
            one_text("Hello"));
}

TEST(Deflate, MayPauseForAPingBetweenItsFragments) {
  const std::string whole = compressed("Hello Hello Hello");
  const std::string bytes = deflated(whole.substr(0, 3), false) + frame(Opcode::ping, "p") +
                            frame(Opcode::continuation, whole.substr(3));
  const std::vector<Said> expected{{Event::ping, "p", 0, 0},
                                   {Event::text, "Hello Hello Hello", 0, 0}};
  EXPECT_EQ(decode_whole(bytes, kDeflate), expected);
  EXPECT_EQ(decode(bytes, kDeflate, [] { return 1; }), expected);
}

TEST(Deflate, OfExactlyTheLimitPassesEvenWhereItGrew) {
  for (const std::string& payload : {noise(65536), std::string(65536, 'a')}) {
    const std::string bytes = frame(Opcode::binary, compressed(payload), true, true);
    const std::vector<Said> got = decode(bytes, kDeflate, [] { return 1460; });
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].event, Event::binary);
    EXPECT_TRUE(got[0].payload == payload);
  }
}

TEST(Deflate, BombEndsAtTheLimit) {
  const std::vector<Said> expected =
      one_error(1009, "a message is too big: the limit is 65536 bytes");
  EXPECT_EQ(decode_whole(deflated(compressed(std::string(65537, 'a'))), kDeflate), expected);
  const std::string bomb = deflated(compressed(std::string(10 << 20, 'a')));
  EXPECT_EQ(decode_whole(bomb, kDeflate), expected);
  // A hundredth of it is enough to know.
  EXPECT_LT(decode(bomb, kDeflate, [] { return 1; }).at(0).behind, bomb.size() / 100);
}

TEST(Deflate, BlocksWithoutContentAreBoundedToo) {
  std::string bytes = deflated(std::string(8000, '\0'), false);
  for (int i = 0; i < 12; ++i) {
    std::string block;
    for (int j = 0; j < 1600; ++j) block += "\0\0\0\xff\xff"s;
    bytes += frame(Opcode::continuation, block, false);
  }
  EXPECT_EQ(decode_whole(bytes, kDeflate).at(0).event, Event::error);
}

TEST(Deflate, IsRefusedWhereItIsBroken) {
  const std::string whole = compressed("Hello Hello Hello, and a little more of it");
  EXPECT_EQ(decode_whole(deflated("\xff\xff\xff"), kDeflate), kBad);
  EXPECT_EQ(decode_whole(deflated("\0\5\0\xfa\xfeHello\0"s), kDeflate), kBad);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(decode_whole(deflated(whole.substr(0, size)), kDeflate), kBad) << "cut to " << size;
  }
}

TEST(Deflate, OfWhatIsNoTextEndsAtItsFirstWrongByte) {
  const std::string message = "abc\xff" + noise(2000);
  const std::string bytes = deflated(compressed(message));
  const std::vector<Said> expected = one_error(1007, "a text message is not valid UTF-8");
  EXPECT_EQ(decode_whole(bytes, kDeflate), expected);
  EXPECT_LT(decode(bytes, kDeflate, [] { return 1; }).at(0).behind, 50U);
  EXPECT_EQ(decode_whole(deflated(compressed("ends early \xe2\x82")), kDeflate), expected);
}

TEST(Deflate, BitBelongsToTheFirstFrameOfAMessageAlone) {
  const std::vector<Said> expected = one_error(1002, "reserved bits are set");
  EXPECT_EQ(
      decode_whole(deflated("a", false) + frame(Opcode::continuation, "b", true, true), kDeflate),
      expected);
  EXPECT_EQ(decode_whole(frame(Opcode::ping, "", true, true), kDeflate), expected);
  EXPECT_EQ(decode_whole(deflated(compressed("a")), {}), expected);  // not negotiated
}

TEST(Deflate, KeepsNothingOfTheMessageBefore) {
  // "Hello" twice by a compressor that keeps its window: the second one is a reference only.
  const std::string first = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  const std::string second = "\xf2\x00\x11\x00\x00"s;
  const std::vector<Said> got = decode_whole(deflated(first) + deflated(second), kDeflate);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[1], kBad[0]);
}

}  // namespace
}  // namespace gavel::ws
