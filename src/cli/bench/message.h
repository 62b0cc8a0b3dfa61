// The messages that a bench sends:
// {"type":"bench","tag":…,"from":…,"seq":…,"t":…,"ref":…,"pad":"…"}. Numbers that change have a
// fixed width, so that a message is a copy of a masked frame in which some digits are changed.
// Pure; one thread an object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gavel::cli {

// The shortest text that holds all fields (`ref` not counted).
inline constexpr std::size_t kBenchBytesMin = 96;

// A message of a bench, as the server stamped it.
struct BenchMessage {
  std::uint64_t id = 0;
  std::uint64_t client_id = 0;
  std::uint64_t tag = 0;
  std::uint64_t from = 0;  // 0: not of a bench
  std::uint64_t seq = 0;
  std::uint64_t sent_ns = 0;
};

// False where the text is not a room message. Fast where the server writes the stamp as gavel does
// and keeps the order of the sender's fields; other servers may order and space them as they like.
bool read_message(std::string_view text, BenchMessage& message);

class BenchFrame {
 public:
  BenchFrame(std::uint64_t tag, std::uint64_t from, std::size_t payload, bool with_ref);

  // Appends the frame to `out`. `seq` from 1 on; it is the message's ref, too.
  void append(std::string& out, std::uint64_t seq, std::uint64_t sent_ns);

  // The ref of a seq, and back; 0 for 0.
  static std::uint64_t ref_of(std::uint64_t seq) { return seq + kSeqBase; }
  static std::uint64_t seq_of(std::uint64_t ref) { return ref > kSeqBase ? ref - kSeqBase : 0; }

  static constexpr std::uint64_t kSeqBase = 1'000'000'000;               // always ten digits
  static constexpr std::uint64_t kTimeBase = 1'000'000'000'000'000'000;  // always nineteen

 private:
  void patch(char* frame, std::size_t at, std::size_t digits, std::uint64_t value) const;

  std::string frame_;
  std::size_t seq_at_ = 0;
  std::size_t time_at_ = 0;
  std::size_t ref_at_ = 0;  // 0: none
  std::size_t text_at_ = 0;
};

// One mask for all: a bench need not be unpredictable.
inline constexpr std::uint32_t kBenchMask = 0x37fa213d;

}  // namespace gavel::cli
