#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/base64.h"
#include "base/crc32c.h"
#include "base/hex.h"
#include "base/random.h"
#include "base/siphash.h"

namespace gavel {
namespace {

std::string bytes_of_all_values() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST(Crc32c, GivesTheValuesOfItsStandard) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstructionAtEveryLengthAndCut) {
  const std::string bytes = bytes_of_all_values();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    EXPECT_EQ(crc32c(part), crc32c_portable(part)) << size;
    const std::size_t cut = size / 3;
    EXPECT_EQ(crc32c(part.substr(cut), crc32c(part.substr(0, cut))), crc32c(part));
    EXPECT_EQ(crc32c_portable(part.substr(cut), crc32c_portable(part.substr(0, cut))),
              crc32c(part));
  }
}

TEST(SipHash, GivesTheValuesOfItsPaper) {
  const SipKey key{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
  const std::string input = bytes_of_all_values().substr(0, 15);
  EXPECT_EQ(siphash24(key, input), 0xa129ca6149be45e5u);
  EXPECT_EQ(siphash24(key, ""), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(siphash13(key, ""), 0xabac0158050fc4dcu);
}

TEST(SipHash, DependsOnEveryByteAndOnTheKey) {
  const SipKey key{1, 2};
  std::set<std::uint64_t> hashes;
  for (std::size_t size = 0; size < 40; ++size)
    hashes.insert(siphash13(key, std::string(size, 'a')));
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    text[at] = 'b';
    hashes.insert(siphash13(key, text));
  }
  hashes.insert(siphash13({2, 2}, std::string(39, 'a')));
  hashes.insert(siphash13({1, 3}, std::string(39, 'a')));
  EXPECT_EQ(hashes.size(), 82u);
}

TEST(Hex, ReadsBackWhatItWrote) {
  const std::string bytes = bytes_of_all_values();
  EXPECT_EQ(to_hex(bytes).substr(0, 8), "00010203");
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(from_hex("AbCd"), "\xab\xcd");
  EXPECT_EQ(from_hex(""), "");
  for (const char* wrong : {"a", "0g", "g0", " 0", "0x12", "--"}) {
    EXPECT_EQ(from_hex(wrong), std::nullopt) << wrong;
  }
}

TEST(Base64Url, ReadsBackWhatItWroteAtEveryLength) {
  const std::string bytes = bytes_of_all_values();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string part = bytes.substr(bytes.size() - size);
    EXPECT_EQ(base64url_decode(base64url_encode(part)), part) << size;
  }
  EXPECT_EQ(base64url_encode("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(base64url_encode("foob"), "Zm9vYg");
}

TEST(Base64Url, RefusesAllButTheOneSpelling) {
  // Padding, the other alphabet, white space, a length of no bytes, bits behind the last byte.
  for (const char* wrong : {"Zg==", "Zm8=", "-_+/", "Zm 8", "Zm8\n", "A", "ZmZmA", "Zh", "Zm9"}) {
    EXPECT_EQ(base64url_decode(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(base64url_decode(std::string_view("Zg\0", 3)), std::nullopt);
}

TEST(Random, GivesTheSameNumbersForTheSameSeed) {
  SeededRandom a(7);
  SeededRandom b(7);
  SeededRandom c(8);
  bool differ = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t number = a.next_u64();
    EXPECT_EQ(number, b.next_u64());
    differ = differ || number != c.next_u64();
  }
  EXPECT_TRUE(differ);
}

TEST(Random, StaysBelowTheBoundAndReachesAllBelowIt) {
  SeededRandom random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(*seen.rbegin(), 6u);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, TheSystemsNumbersDiffer) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random.next_u64());
  EXPECT_EQ(seen.size(), 100u);
  unsigned char bytes[13] = {};
  random.fill(bytes);
  EXPECT_NE(std::string(reinterpret_cast<char*>(bytes), 13), std::string(13, '\0'));
}

}  // namespace
}  // namespace gavel
