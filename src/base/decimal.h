// Numbers as decimal text, fast and without a terminator: the stamp of a message is three of them.
// Any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gavel {

inline constexpr std::size_t kDecimalBytesMax =
    20;  // of an uint64_t, and of an int64_t with its sign

namespace decimal {

inline constexpr std::uint64_t kPowersOf10[] = {1u,
                                                10u,
                                                100u,
                                                1000u,
                                                10000u,
                                                100000u,
                                                1000000u,
                                                10000000u,
                                                100000000u,
                                                1000000000u,
                                                10000000000u,
                                                100000000000u,
                                                1000000000000u,
                                                10000000000000u,
                                                100000000000000u,
                                                1000000000000000u,
                                                10000000000000000u,
                                                100000000000000000u,
                                                1000000000000000000u,
                                                10000000000000000000u};

inline constexpr char kPairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

// Exactly 4 digits, and exactly 8.
inline void write_4(char* out, std::uint32_t value) {
  std::memcpy(out, kPairs + 2 * (value / 100), 2);
  std::memcpy(out + 2, kPairs + 2 * (value % 100), 2);
}
inline void write_8(char* out, std::uint32_t value) {
  write_4(out, value / 10000);
  write_4(out + 4, value % 10000);
}

}  // namespace decimal

// How many digits write_decimal() writes: 1 to 20.
inline std::size_t decimal_digits(std::uint64_t value) {
  const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
  const std::size_t guess = bits * 1233 >> 12;  // log10(2) ~ 1233 / 4096: right, or one too small
  return guess + ((value | 1) >= decimal::kPowersOf10[guess] ? 1 : 0);
}

// Writes the digits and returns the place behind them. At most kDecimalBytesMax bytes.
inline char* write_decimal(char* out, std::uint64_t value) {
  const std::size_t digits = decimal_digits(value);
  char* const end = out + digits;
  char* at = end;
  while (value >= 100000000) {
    at -= 8;
    decimal::write_8(at, static_cast<std::uint32_t>(value % 100000000));
    value /= 100000000;
  }
  auto rest = static_cast<std::uint32_t>(value);
  while (at - out >= 2) {
    at -= 2;
    std::memcpy(at, decimal::kPairs + 2 * (rest % 100), 2);
    rest /= 100;
  }
  if (at != out) *out = static_cast<char>('0' + rest);
  return end;
}

inline std::size_t signed_decimal_digits(std::int64_t value) {
  return value < 0 ? 1 + decimal_digits(0 - static_cast<std::uint64_t>(value))
                   : decimal_digits(static_cast<std::uint64_t>(value));
}

inline char* write_signed_decimal(char* out, std::int64_t value) {
  if (value >= 0) return write_decimal(out, static_cast<std::uint64_t>(value));
  *out = '-';
  return write_decimal(out + 1, 0 - static_cast<std::uint64_t>(value));
}

}  // namespace gavel
