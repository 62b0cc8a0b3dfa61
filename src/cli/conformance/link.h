// One WebSocket connection to a client under test, the server's side, blocking: what a judge needs
// who does one thing at a time. For one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ws/decoder.h"

namespace gavel::cli {

class Link {
 public:
  // Owns the descriptor of a connected socket.
  explicit Link(int descriptor);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // The opening handshake; false where the client did not ask for a WebSocket (and was told so).
  bool open(std::chrono::milliseconds patience);
  // The next text message; pings are answered meanwhile. Nothing when the connection ended, the
  // client broke RFC 6455, or `patience` is over: ending() tells which.
  std::optional<std::string> read(std::chrono::milliseconds patience);
  const std::string& ending() const { return ending_; }

  void send(std::string_view text);
  // The same message as a slow network may bring it: in two fragments with a ping between them, a
  // few bytes at a time.
  void send_in_pieces(std::string_view text);
  // Says goodbye, as a server does.
  void close(std::uint16_t code, std::string_view reason);
  // Resets the connection, as if the network had gone.
  void cut();

 private:
  void write(std::string_view bytes);
  bool receive(std::chrono::steady_clock::time_point until);

  int descriptor_;
  std::string in_;
  std::string ending_;
  ws::Decoder decoder_;
};

// Listens on 127.0.0.1.
class LinkListener {
 public:
  // Port 0: a free one. The error says what could not be done.
  static Result<std::unique_ptr<LinkListener>, std::string> listen(std::uint16_t port);
  ~LinkListener();
  LinkListener(const LinkListener&) = delete;
  LinkListener& operator=(const LinkListener&) = delete;

  std::uint16_t port() const { return port_; }
  // The next client that opens a WebSocket; null where none came in time.
  std::unique_ptr<Link> accept(std::chrono::milliseconds patience);

 private:
  LinkListener(int descriptor, std::uint16_t port) : descriptor_(descriptor), port_(port) {}

  int descriptor_;
  std::uint16_t port_;
};

}  // namespace gavel::cli
