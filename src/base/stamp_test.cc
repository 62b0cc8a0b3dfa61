#include "base/stamp.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace gavel {
namespace {

template <class Number>
void expect_as_the_library_writes_it(Number number) {
  char text[kDecimalBytesMax];
  std::string written;
  std::size_t digits = 0;
  if constexpr (std::is_signed_v<Number>) {
    written.assign(text, write_signed_decimal(text, number));
    digits = signed_decimal_digits(number);
  } else {
    written.assign(text, write_decimal(text, number));
    digits = decimal_digits(number);
  }
  EXPECT_EQ(written, std::to_string(number));
  EXPECT_EQ(digits, written.size());
}

TEST(Decimal, WritesEveryLengthAndTheNumbersBesideIt) {
  std::uint64_t power = 1;
  for (int i = 0; i < 20; ++i, power *= 10) {
    for (const std::uint64_t number : {power - 1, power, power + 1, power * 9 / 2}) {
      expect_as_the_library_writes_it(number);
      expect_as_the_library_writes_it(static_cast<std::int64_t>(number));
      expect_as_the_library_writes_it(-static_cast<std::int64_t>(number >> 1));
    }
  }
  for (int bit = 0; bit < 64; ++bit) {
    expect_as_the_library_writes_it(std::uint64_t{1} << bit);
    expect_as_the_library_writes_it((std::uint64_t{1} << bit) - 1);
  }
  for (std::uint64_t number = 0; number < 20000; ++number) expect_as_the_library_writes_it(number);
  expect_as_the_library_writes_it(std::numeric_limits<std::uint64_t>::max());
  expect_as_the_library_writes_it(std::numeric_limits<std::int64_t>::max());
  expect_as_the_library_writes_it(std::numeric_limits<std::int64_t>::min());
}

std::string stamp(std::uint64_t id, std::uint64_t client, std::int64_t ts_ms) {
  char text[kStampBytesMax];
  std::string written(text, write_stamp(text, MessageId{id}, ClientId{client}, ts_ms));
  EXPECT_EQ(stamp_bytes(MessageId{id}, ClientId{client}, ts_ms), written.size());
  return written;
}

TEST(Stamp, IsWhatTheProtocolSays) {
  EXPECT_EQ(stamp(121, 7, 1764036000123), R"({"msg_id":121,"client_id":7,"ts":1764036000123,)");
  EXPECT_EQ(stamp(1, 0, 0), R"({"msg_id":1,"client_id":0,"ts":0,)");
  EXPECT_EQ(stamp(9007199254740991, 10, -5),
            R"({"msg_id":9007199254740991,"client_id":10,"ts":-5,)");
}

TEST(Stamp, FitsItsLargestSize) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(stamp(most, most, std::numeric_limits<std::int64_t>::min()).size(), kStampBytesMax);
}

}  // namespace
}  // namespace gavel
