#include "cli/visitor/peer.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/base64.h"
#include "base/escape.h"
#include "wire/codes.h"
#include "ws/client_handshake.h"

namespace gavel::cli {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBufferBytes = 64 * 1024;
// A server's message may be as long as it likes, but not eat the terminal's machine.
constexpr std::size_t kMessageBytesMax = std::size_t{64} << 20;

int left_ms(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

// True when `fd` is ready for `events` by then.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    pollfd poll{.fd = fd, .events = events, .revents = 0};
    const int count = ::poll(&poll, 1, left_ms(deadline));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

}  // namespace

Peer::Peer(Random& random)
    : random_(random),
      decoder_({.server = false, .message_bytes_max = kMessageBytesMax}),
      buffer_(kBufferBytes) {}

Peer::~Peer() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Peer::open(const Url& url, milliseconds timeout) {
  std::string error = connect(url, timeout);
  if (error.empty()) error = shake_hands(url, timeout);
  return error;
}

std::string Peer::connect(const Url& url, milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
  if (error != 0) return "can't find the host " + url.host + ": " + ::gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  int failure = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    fd_ = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    failure = errno;
    if (fd_ < 0) continue;
    if (::connect(fd_, one->ai_addr, one->ai_addrlen) == 0 || errno == EINPROGRESS) {
      failure = ETIMEDOUT;
      socklen_t size = sizeof failure;
      if (wait_for(fd_, POLLOUT, Clock::now() + timeout)) {
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &failure, &size);
      }
      if (failure == 0) {
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return {};
      }
    } else {
      failure = errno;
    }
    ::close(fd_);
    fd_ = -1;
  }
  const std::string hint = failure == ECONNREFUSED ? " (is the server running?)" : "";
  return "can't connect to " + url.authority + ": " + std::strerror(failure) + hint;
}

std::string Peer::shake_hands(const Url& url, milliseconds timeout) {
  unsigned char nonce[18];  // 18 bytes need no padding; the last two are cut off below
  random_.fill(nonce);
  nonce[16] = nonce[17] = 0;
  std::string key = base64url_encode({reinterpret_cast<const char*>(nonce), sizeof nonce});
  for (char& c : key) c = c == '-' ? '+' : c == '_' ? '/' : c;
  key.replace(22, 2, "==");
  const ws::ClientRequest request{.host = url.authority, .target = url.target, .key = key};
  if (!write(ws::client_request(request))) return "the server ended the connection";
  ws::ResponseParser parser(request);
  const Clock::time_point deadline = Clock::now() + timeout;
  while (wait_for(fd_, POLLIN, deadline)) {
    const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return "the server ended the connection before it answered";
    std::string_view in(buffer_.data(), static_cast<std::size_t>(got));
    switch (parser.feed(in)) {
      case ws::ResponseParser::Status::incomplete:
        break;
      case ws::ResponseParser::Status::error:
        return "no WebSocket server at " + url.authority + ": " + escape_for_log(parser.error());
      case ws::ResponseParser::Status::done:
        early_ = in;
        unread_ = early_;
        return {};
    }
  }
  return "the server at " + url.authority + " did not answer in time";
}

Peer::Got Peer::receive(milliseconds timeout, int other_fd) {
  if (fd_ < 0) return Got::closed;
  const Clock::time_point deadline = Clock::now() + timeout;
  for (;;) {
    if (const Got got = decode(); got != Got::nothing) return got;
    pollfd polls[2] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                       {.fd = other_fd, .events = POLLIN, .revents = 0}};
    const int count = ::poll(polls, 2, left_ms(deadline));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || polls[0].revents == 0) return Got::nothing;
    const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return end(number(wire::CloseCode::lost), std::strerror(errno));
    if (got == 0) return end(number(wire::CloseCode::lost), "the server ended the connection");
    unread_ = {buffer_.data(), static_cast<std::size_t>(got)};
  }
}

// nothing: all bytes are used up.
Peer::Got Peer::decode() {
  for (;;) {
    switch (decoder_.next(unread_)) {
      case ws::Event::need_more:
        return Got::nothing;
      case ws::Event::text:
        text_ = decoder_.payload();
        return Got::text;
      case ws::Event::ping:
        send_frame(ws::Opcode::pong, decoder_.payload());
        break;
      case ws::Event::pong:
      case ws::Event::binary:
        break;
      case ws::Event::close:
        send_frame(ws::Opcode::close, {});
        return end(decoder_.close_code(), decoder_.close_reason());
      case ws::Event::error:
        return end(decoder_.error().close_code, decoder_.error().text);
    }
  }
}

Peer::Got Peer::end(std::uint16_t code, std::string_view reason) {
  close_code_ = code;
  close_reason_ = reason;
  ::close(fd_);
  fd_ = -1;
  return Got::closed;
}

bool Peer::send(std::string_view text) { return send_frame(ws::Opcode::text, text); }

void Peer::ping() { send_frame(ws::Opcode::ping, {}); }

void Peer::close() {
  if (fd_ < 0) return;
  char payload[ws::kControlPayloadMax];
  send_frame(ws::Opcode::close,
             {payload, ws::encode_close(number(wire::CloseCode::normal), {}, payload)});
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool Peer::send_frame(ws::Opcode opcode, std::string_view payload) {
  frame_.clear();
  ws::append_client_frame(frame_, opcode, payload, static_cast<std::uint32_t>(random_.next_u64()));
  return write(frame_);
}

bool Peer::write(std::string_view bytes) {
  constexpr milliseconds kPatience{30'000};
  while (fd_ >= 0 && !bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(fd_, POLLOUT, Clock::now() + kPatience)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return bytes.empty();
}

}  // namespace gavel::cli
