// One WebSocket connection to a server, for commands that do one thing at a time: it blocks, with a
// time limit. One thread. `gavel bench` has its own, for speed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "cli/visitor/url.h"
#include "ws/decoder.h"

namespace gavel::cli {

class Peer {
 public:
  enum class Got : std::uint8_t { text, nothing, closed };

  explicit Peer(Random& random);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Connects and shakes hands. Empty where that went well, else a sentence that says what did not.
  std::string open(const Url& url, std::chrono::milliseconds timeout);

  // The next message. text: it stands in text() until the next call. nothing: none came in time, or
  // `other_fd` (-1: none) can be read. closed: see close_code() and close_reason(). Pings are
  // answered in here.
  Got receive(std::chrono::milliseconds timeout, int other_fd = -1);
  std::string_view text() const { return text_; }
  // 1006 where the connection ended without a close frame.
  std::uint16_t close_code() const { return close_code_; }
  const std::string& close_reason() const { return close_reason_; }

  // False where the connection is over.
  bool send(std::string_view text);
  void ping();
  // Says good-bye and ends the connection; does not wait for the answer.
  void close();

 private:
  std::string connect(const Url& url, std::chrono::milliseconds timeout);
  std::string shake_hands(const Url& url, std::chrono::milliseconds timeout);
  Got decode();
  Got end(std::uint16_t code, std::string_view reason);
  bool send_frame(ws::Opcode opcode, std::string_view payload);
  bool write(std::string_view bytes);

  Random& random_;
  int fd_ = -1;
  ws::Decoder decoder_;
  std::vector<char> buffer_;
  std::span<char> unread_;
  std::string early_;  // frames that came with the answer to the handshake
  std::string frame_;
  std::string_view text_;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
};

}  // namespace gavel::cli
