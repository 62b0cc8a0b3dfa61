#include "base/units.h"

#include <gtest/gtest.h>

#include <string>

namespace gavel {
namespace {

using std::chrono::microseconds;

std::string duration_error(std::string_view text) {
  auto parsed = parse_duration(text);
  return parsed ? "accepted as " + format_duration(parsed.value()) : parsed.error();
}
std::string size_error(std::string_view text) {
  auto parsed = parse_size(text);
  return parsed ? "accepted as " + format_size(parsed.value()) : parsed.error();
}

TEST(Units, ReadDurations) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0", 0},     {"0s", 0},           {"5s", 5'000'000},     {"250ms", 250'000},
      {"80us", 80}, {"2m", 120'000'000}, {"1h", 3'600'000'000}, {"1d", 86'400'000'000},
  };
  for (const auto& [text, us] : cases) {
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(parse_duration(text).value(), microseconds(us)) << text;
  }
}

TEST(Units, ReadSizes) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},
      {"4096", 4096},
      {"4096B", 4096},
      {"64KiB", 65536},
      {"1KB", 1000},
      {"10MiB", 10'485'760},
      {"10MB", 10'000'000},
      {"2GiB", 2'147'483'648},
      {"1TB", 1'000'000'000'000},
  };
  for (const auto& [text, bytes] : cases) {
    ASSERT_TRUE(parse_size(text)) << text;
    EXPECT_EQ(parse_size(text).value(), bytes) << text;
  }
}

TEST(Units, WriteTheShortestTextThatReadsTheSame) {
  EXPECT_EQ(format_duration(microseconds(0)), "0");
  EXPECT_EQ(format_duration(std::chrono::seconds(120)), "2m");
  EXPECT_EQ(format_duration(std::chrono::seconds(90)), "90s");
  EXPECT_EQ(format_duration(microseconds(1500)), "1500us");
  EXPECT_EQ(format_duration(std::chrono::hours(48)), "2d");
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(65536), "64KiB");
  EXPECT_EQ(format_size(1'000'000), "1MB");
  EXPECT_EQ(format_size(1234), "1234");
  EXPECT_EQ(format_size(std::uint64_t{1} << 40), "1TiB");
}

constexpr char kDurationHelp[] =
    "a duration is a whole number and us, ms, s, m, h or d: 250ms, 5s, 2m";
constexpr char kSizeHelp[] =
    "a size is a whole number and B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB "
    "(powers of 1024): 4096, 64KiB";

TEST(Units, SayWhatToWriteInsteadOfAWrongDuration) {
  const auto with = [](const char* text, const char* meant) {
    return '"' + std::string(text) + "\" is not a duration: " + meant + "; " + kDurationHelp;
  };
  EXPECT_EQ(duration_error("5"), with("5", "write 5s or 5ms"));
  EXPECT_EQ(duration_error("5 s"), with("5 s", "write 5s"));
  EXPECT_EQ(duration_error(" 5s"), with(" 5s", "write 5s"));
  EXPECT_EQ(duration_error("5S"), with("5S", "write 5s"));
  EXPECT_EQ(duration_error("5sec"), with("5sec", "write 5s"));
  EXPECT_EQ(duration_error("2 minutes"), with("2 minutes", "write 2m"));
  EXPECT_EQ(duration_error("1.5s"), with("1.5s", "write 1500ms"));
  for (const char* text : {"", "s", "-5s", "+5s", "five", "5s5", "1h30m", "0x5s"}) {
    EXPECT_EQ(duration_error(text),
              '"' + std::string(text) + "\" is not a duration: " + kDurationHelp);
  }
}

TEST(Units, SayWhatToWriteInsteadOfAWrongSize) {
  const auto with = [](const char* text, const char* meant) {
    return '"' + std::string(text) + "\" is not a size: " + meant + "; " + kSizeHelp;
  };
  EXPECT_EQ(size_error("10 MB"), with("10 MB", "write 10MB or 10MiB"));
  EXPECT_EQ(size_error("10mb"), with("10mb", "write 10MB or 10MiB"));
  EXPECT_EQ(size_error("64kib"), with("64kib", "write 64KiB"));
  EXPECT_EQ(size_error("10M"), with("10M", "write 10MiB or 10MB"));
  EXPECT_EQ(size_error("10k"), with("10k", "write 10KiB or 10KB"));
  EXPECT_EQ(size_error("4096 bytes"), with("4096 bytes", "write 4096B"));
  EXPECT_EQ(size_error("4096 "), with("4096 ", "write 4096"));
  EXPECT_EQ(size_error("1.5MiB"), with("1.5MiB", "write 1536KiB"));
  for (const char* text : {"", "MB", "-1", "1e6", "10XB"}) {
    EXPECT_EQ(size_error(text), '"' + std::string(text) + "\" is not a size: " + kSizeHelp);
  }
}

TEST(Units, RefuseWhatDoesNotFitAndEscapeWhatTheyQuote) {
  EXPECT_EQ(size_error("9223372036854775807"), "accepted as 9223372036854775807");
  EXPECT_EQ(size_error("9223372036854775808"), "\"9223372036854775808\" is too large a size");
  EXPECT_EQ(size_error("99999999999TiB"), "\"99999999999TiB\" is too large a size");
  EXPECT_EQ(duration_error("99999999999999999d"), "\"99999999999999999d\" is too large a duration");
  EXPECT_EQ(duration_error("5\x1b[2J").substr(0, 12), "\"5\\u{1b}[2J\"");
  EXPECT_LT(duration_error(std::string(100'000, '5')).size(), 200u);
}

}  // namespace
}  // namespace gavel
