#include "cli/conformance/link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <thread>

#include "ws/frame.h"
#include "ws/handshake.h"

namespace gavel::cli {
namespace {

using Clock = std::chrono::steady_clock;

// True when the socket has something to read before `until`.
bool await_input(int descriptor, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd entry{descriptor, POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::string frame_of(ws::Opcode opcode, std::string_view payload, bool is_final = true) {
  std::string frame(ws::frame_header_bytes(payload.size()), '\0');
  ws::encode_frame_header(frame.data(), opcode, payload.size());
  if (!is_final) frame[0] = static_cast<char>(frame[0] & 0x7f);
  return frame.append(payload);
}

}  // namespace

Link::Link(int descriptor) : descriptor_(descriptor), decoder_(ws::DecoderOptions{}) {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Link::~Link() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Link::receive(Clock::time_point until) {
  if (descriptor_ < 0) return false;
  if (!await_input(descriptor_, until)) {
    ending_ = "nothing more came from the client";
    return false;
  }
  std::array<char, 16 * 1024> bytes;
  const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
  if (got <= 0) {
    ending_ = "the client went away";
    return false;
  }
  in_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

bool Link::open(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  ws::HandshakeParser request;
  auto status = ws::HandshakeParser::Status::incomplete;
  while (status == ws::HandshakeParser::Status::incomplete) {
    if (in_.empty() && !receive(until)) return false;
    std::string_view rest = in_;
    status = request.feed(rest);
    in_.erase(0, in_.size() - rest.size());
  }
  auto error = status == ws::HandshakeParser::Status::error
                   ? std::optional<ws::HttpError>(request.error())
                   : ws::check_upgrade(request);
  if (error) {
    ending_ = "its handshake was refused: " + error->text;
    write(ws::error_response(*error));
    return false;
  }
  write(ws::upgrade_response(request.header("sec-websocket-key"), {}, false));
  return true;
}

std::optional<std::string> Link::read(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  for (;;) {
    std::span<char> in(in_);
    const ws::Event event = decoder_.next(in);
    std::string payload(decoder_.payload());
    in_.erase(0, in_.size() - in.size());
    switch (event) {
      case ws::Event::text:
        return payload;
      case ws::Event::ping:
        write(frame_of(ws::Opcode::pong, payload));
        break;
      case ws::Event::close:
        ending_ = "the client closed the connection";
        return std::nullopt;
      case ws::Event::error:
        ending_ = "the client broke RFC 6455: " + std::string(decoder_.error().text);
        return std::nullopt;
      case ws::Event::need_more:
        if (!receive(until)) return std::nullopt;
        break;
      default:
        break;
    }
  }
}

// A client that went away meanwhile is noticed by the next read.
void Link::write(std::string_view bytes) {
  while (!bytes.empty() && descriptor_ >= 0) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Link::send(std::string_view text) { write(frame_of(ws::Opcode::text, text)); }

void Link::send_in_pieces(std::string_view text) {
  const std::size_t half = text.size() / 2;
  const std::string bytes = frame_of(ws::Opcode::text, text.substr(0, half), false) +
                            frame_of(ws::Opcode::ping, "still here") +
                            frame_of(ws::Opcode::continuation, text.substr(half));
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    write(std::string_view(bytes).substr(at, 7));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void Link::close(std::uint16_t code, std::string_view reason) {
  std::array<char, ws::kControlPayloadMax> payload;
  const std::size_t size = ws::encode_close(code, reason, payload);
  write(frame_of(ws::Opcode::close, {payload.data(), size}));
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_WR);
  // What the client sends until it has read that is of no use; unread, it would become a reset.
  const auto until = Clock::now() + std::chrono::seconds(2);
  while (receive(until)) in_.clear();
}

void Link::cut() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(descriptor_);
  descriptor_ = -1;
}

Result<std::unique_ptr<LinkListener>, std::string> LinkListener::listen(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (descriptor < 0 || ::bind(descriptor, plain, size) != 0 || ::listen(descriptor, 16) != 0 ||
      ::getsockname(descriptor, plain, &size) != 0) {
    std::string error = std::strerror(errno);
    if (descriptor >= 0) ::close(descriptor);
    return "can't listen on 127.0.0.1:" + std::to_string(port) + ": " + error;
  }
  return std::unique_ptr<LinkListener>(new LinkListener(descriptor, ntohs(address.sin_port)));
}

LinkListener::~LinkListener() { ::close(descriptor_); }

std::unique_ptr<Link> LinkListener::accept(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (await_input(descriptor_, until)) {
    const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    auto link = std::make_unique<Link>(descriptor);
    if (link->open(patience)) return link;
  }
  return nullptr;
}

}  // namespace gavel::cli
