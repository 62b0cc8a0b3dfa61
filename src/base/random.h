// Randomness comes in as a parameter: the system's for a server, a seeded one for simulations and
// tests. An object is for one thread; make one a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/siphash.h"

namespace gavel {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next_u64() = 0;

  // Even over 0 .. bound - 1; `bound` is not 0.
  std::uint64_t below(std::uint64_t bound);
  void fill(std::span<unsigned char> out);
  SipKey sip_key() { return {next_u64(), next_u64()}; }
};

// The kernel's generator: good for keys. Ends the process where the kernel has none (it always
// has).
class SystemRandom final : public Random {
 public:
  ~SystemRandom() override;
  std::uint64_t next_u64() override;

 private:
  static constexpr std::size_t kWords =
      32;  // a system call gets so many; 256 bytes are never cut short
  std::uint64_t words_[kWords];
  std::size_t left_ = 0;
};

// xoshiro256**, from a seed: the same numbers on every machine. Not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next_u64() override;

 private:
  std::uint64_t state_[4];
};

}  // namespace gavel
