#include "session/resume_token.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace gavel::session {
namespace {

std::array<unsigned char, 32> make_key(unsigned char first) {
  std::array<unsigned char, 32> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(first + i);
  return key;
}

const std::array<unsigned char, 32> kKey = make_key(1);
constexpr ResumeClaims kClaims{
    .epoch = Epoch{1'764'036'000'123}, .client = ClientId{4711}, .generation = 3};

TEST(ResumeToken, SaysWhoItsPlayerIs) {
  const std::string token = make_resume_token(kKey, "puzzle-42", "ada", kClaims);
  EXPECT_EQ(token.size(), kResumeTokenChars);
  const auto checked = check_resume_token(kKey, token, "puzzle-42", "ada");
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked.value().epoch, kClaims.epoch);
  EXPECT_EQ(checked.value().client, kClaims.client);
  EXPECT_EQ(checked.value().generation, 3u);
}

TEST(ResumeToken, KeepsTheLargestNumbers) {
  const ResumeClaims largest{.epoch = Epoch{~0ull}, .client = ClientId{~0ull}, .generation = ~0u};
  const auto checked = check_resume_token(kKey, make_resume_token(kKey, "r", "", largest), "r", "");
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked.value().epoch.value, ~0ull);
  EXPECT_EQ(checked.value().client.value, ~0ull);
  EXPECT_EQ(checked.value().generation, ~0u);
}

TEST(ResumeToken, IsGoodForItsRoomPlayerAndKeyAlone) {
  const std::string token = make_resume_token(kKey, "room", "ada", kClaims);
  EXPECT_FALSE(check_resume_token(kKey, token, "other", "ada"));
  EXPECT_FALSE(check_resume_token(kKey, token, "room", "bob"));
  EXPECT_FALSE(check_resume_token(kKey, token, "room", ""));
  EXPECT_FALSE(check_resume_token(make_key(2), token, "room", "ada"));
  // Room and player don't run into each other.
  EXPECT_FALSE(check_resume_token(kKey, token, "roomad", "a"));
  EXPECT_FALSE(check_resume_token(kKey, token, "roo", "mada"));
}

TEST(ResumeToken, FailsWithAnyBitFlipped) {
  const std::string token = make_resume_token(kKey, "room", "ada", kClaims);
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = token;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(check_resume_token(kKey, changed, "room", "ada")) << at << ' ' << bit;
    }
  }
}

TEST(ResumeToken, FailsAtAnyOtherLength) {
  const std::string token = make_resume_token(kKey, "room", "ada", kClaims);
  for (std::size_t size = 0; size < token.size(); ++size) {
    const auto checked = check_resume_token(kKey, token.substr(0, size), "room", "ada");
    EXPECT_EQ(checked.error(), ResumeError::malformed) << size;
  }
  EXPECT_FALSE(check_resume_token(kKey, token + "A", "room", "ada"));
  EXPECT_FALSE(check_resume_token(kKey, token + "=", "room", "ada"));
  EXPECT_FALSE(check_resume_token(kKey, std::string(1 << 20, 'A'), "room", "ada"));
}

}  // namespace
}  // namespace gavel::session
