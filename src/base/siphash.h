// SipHash: a keyed hash for every table that holds text from clients. Who doesn't know the key
// can't choose names that fall into one bucket, or rooms that fall onto one shard. SipHash-1-3 is
// enough for tables (nobody sees its output); 2-4 is here for its published test vectors. Any
// thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gavel {

static_assert(std::endian::native == std::endian::little);

// Random, one a process.
struct SipKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

namespace sip {

struct State {
  std::uint64_t v0, v1, v2, v3;
  void rounds(int count) {
    for (; count != 0; --count) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  }
};

template <int kWordRounds, int kLastRounds>
std::uint64_t hash(const SipKey& key, std::string_view bytes) {
  State s{key.first ^ 0x736f6d6570736575u, key.second ^ 0x646f72616e646f6du,
          key.first ^ 0x6c7967656e657261u, key.second ^ 0x7465646279746573u};
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t word = 0;
  const auto take = [&s](std::uint64_t m) {
    s.v3 ^= m;
    s.rounds(kWordRounds);
    s.v0 ^= m;
  };
  for (; left >= 8; left -= 8, at += 8) {
    std::memcpy(&word, at, 8);
    take(word);
  }
  word = 0;
  if (left != 0) std::memcpy(&word, at, left);
  take(word | static_cast<std::uint64_t>(bytes.size()) << 56);
  s.v2 ^= 0xff;
  s.rounds(kLastRounds);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace sip

inline std::uint64_t siphash13(const SipKey& key, std::string_view bytes) {
  return sip::hash<1, 3>(key, bytes);
}
inline std::uint64_t siphash24(const SipKey& key, std::string_view bytes) {
  return sip::hash<2, 4>(key, bytes);
}

// For std::unordered_map<std::string, T, SipHasher, std::equal_to<>>: finds by string_view too.
struct SipHasher {
  using is_transparent = void;
  SipKey key;
  std::size_t operator()(std::string_view text) const { return siphash13(key, text); }
};

}  // namespace gavel
