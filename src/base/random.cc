#include "base/random.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace gavel {

std::uint64_t Random::below(std::uint64_t bound) {
  // Numbers under `skip` would make the low results likelier than the others.
  const std::uint64_t skip = (0 - bound) % bound;
  std::uint64_t number = next_u64();
  while (number < skip) number = next_u64();
  return number % bound;
}

void Random::fill(std::span<unsigned char> out) {
  for (std::size_t at = 0; at < out.size(); at += 8) {
    const std::uint64_t number = next_u64();
    std::memcpy(out.data() + at, &number, out.size() - at < 8 ? out.size() - at : 8);
  }
}

SystemRandom::~SystemRandom() { explicit_bzero(words_, sizeof words_); }

std::uint64_t SystemRandom::next_u64() {
  if (left_ == 0) {
    while (::getrandom(words_, sizeof words_, 0) != static_cast<ssize_t>(sizeof words_)) {
      if (errno != EINTR) std::abort();
    }
    left_ = kWords;
  }
  const std::uint64_t number = words_[--left_];
  words_[left_] = 0;  // who reads this memory later doesn't learn a key that was made of it
  return number;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {  // splitmix64: no seed gives the all-zero state
    seed += 0x9e3779b97f4a7c15u;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    word = z ^ (z >> 31);
  }
}

std::uint64_t SeededRandom::next_u64() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace gavel
