#include "ws/frame.h"

#include <gtest/gtest.h>

#include "ws/utf8.h"

namespace gavel::ws {
namespace {

using namespace std::string_literals;

std::string header(std::size_t payload, bool rsv1 = false) {
  std::string out(frame_header_bytes(payload), '\0');
  encode_frame_header(out.data(), Opcode::text, payload, rsv1);
  return out;
}

TEST(Frame, HasItsLengthInTheShortestForm) {
  EXPECT_EQ(header(0), "\x81\0"s);
  EXPECT_EQ(header(125), "\x81\x7d"s);
  EXPECT_EQ(header(126), "\x81\x7e\0\x7e"s);
  EXPECT_EQ(header(65535), "\x81\x7e\xff\xff"s);
  EXPECT_EQ(header(65536), "\x81\x7f\0\0\0\0\0\1\0\0"s);
  EXPECT_EQ(header(1, true), "\xc1\1"s);
}

TEST(Frame, OfTheRfcsExampleIsTheRfcsExample) {  // RFC 6455 5.7
  std::uint32_t mask = 0;
  std::memcpy(&mask, "\x37\xfa\x21\x3d", sizeof mask);
  std::string out;
  append_client_frame(out, Opcode::text, "Hello", mask);
  EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s);
  out.clear();
  append_client_frame(out, Opcode::text, "Hello", mask, true, false);
  EXPECT_EQ(out.substr(0, 2), "\x41\x85"s);
}

TEST(Frame, MaskIsTheSameAtEveryPhaseAndPlace) {
  const unsigned char key[4] = {0x12, 0x00, 0xff, 0x80};
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t phase = 0; phase < 4; ++phase) {
      for (std::size_t place = 0; place < 8; ++place) {
        std::string bytes(place, '#');
        std::string expected = bytes;
        for (std::size_t i = 0; i < size; ++i) {
          bytes += static_cast<char>(i * 7);
          expected += static_cast<char>(i * 7 ^ key[(i + phase) & 3]);
        }
        apply_mask(bytes.data() + place, size, key, phase);
        ASSERT_EQ(bytes, expected) << size << ' ' << phase << ' ' << place;
      }
    }
  }
}

TEST(Frame, OfACloseCutsALongReasonBetweenTwoCharacters) {
  char out[kControlPayloadMax];
  EXPECT_EQ(encode_close(1000, {}, std::span<char>(out)), 2U);
  EXPECT_EQ(std::string(out, 2), "\x03\xe8"s);
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string reason(shift, 'a');
    while (reason.size() < 200) reason += "\U0001f3b2";
    const std::size_t size = encode_close(4000, reason, std::span<char>(out));
    EXPECT_GT(size, kControlPayloadMax - 4);
    EXPECT_LE(size, kControlPayloadMax);
    EXPECT_TRUE(is_utf8(out + 2, size - 2));
    EXPECT_EQ(std::string_view(out + 2, size - 2), std::string_view(reason).substr(0, size - 2));
  }
}

}  // namespace
}  // namespace gavel::ws
