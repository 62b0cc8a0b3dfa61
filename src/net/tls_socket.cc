#include "net/tls_socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gavel::net {
namespace {

// What is read at once: a record with what it has around it.
constexpr std::size_t kCipherBytes = 17 * 1024;
// Reads without the output being full: who sends only what carries no plain bytes doesn't hold up
// the turn.
constexpr int kReadsMax = 8;

}  // namespace

TlsSocket::TlsSocket(int fd, std::shared_ptr<const TlsContext> context,
                     const std::string& server_name)
    : fd_(fd), channel_(std::move(context), server_name) {}

TlsSocket::~TlsSocket() { ::close(fd_); }

// False where there was nothing to feed.
bool TlsSocket::feed_from_socket(bool& drained) {
  char cipher[kCipherBytes];
  ssize_t got = 0;
  do {
    got = ::recv(fd_, cipher, sizeof cipher, 0);
  } while (got < 0 && errno == EINTR);
  drained = got < static_cast<ssize_t>(sizeof cipher);
  if (got > 0) {
    channel_.feed({cipher, static_cast<std::size_t>(got)});
    return true;
  }
  if (got == 0) {
    input_ended_ = true;
  } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
    failed_ = true;
  }
  return false;
}

IoResult TlsSocket::recv(char* out, std::size_t size) {
  std::size_t filled = 0;
  bool drained = false;
  for (int reads = 0; !failed_; ++reads) {
    const TlsChannel::Read got = channel_.read(out + filled, size - filled);
    filled += got.bytes;
    if (!flush() || got.status == TlsChannel::ReadStatus::failed) {
      failed_ = true;
      break;
    }
    if (got.status == TlsChannel::ReadStatus::closed) {
      if (filled == 0) return {IoStatus::closed, 0, true};
      return {IoStatus::ok, filled, false};
    }
    if (filled == size || got.more) return {IoStatus::ok, filled, false};
    if (drained || input_ended_) break;
    if (reads == kReadsMax) {
      return {filled > 0 ? IoStatus::ok : IoStatus::would_block, filled, false};
    }
    if (!feed_from_socket(drained)) break;
  }
  if (filled > 0) return {IoStatus::ok, filled, !failed_ && !input_ended_};
  if (failed_) return {IoStatus::failed, 0, true};
  return {input_ended_ ? IoStatus::closed : IoStatus::would_block, 0, true};
}

IoResult TlsSocket::send(const iovec* parts, int count) {
  if (failed_ || !flush()) return {IoStatus::failed, 0, false};
  std::size_t sent = 0;
  std::size_t offset = 0;  // in the first of `parts`
  while (count > 0 && channel_.output().empty()) {
    const iovec first{static_cast<char*>(parts->iov_base) + offset, parts->iov_len - offset};
    // The rest of a part that was begun goes alone; then the others together.
    std::size_t taken = offset != 0 ? channel_.write(&first, 1) : channel_.write(parts, count);
    if (!flush() || channel_.state() == TlsChannel::State::failed) {
      failed_ = true;
      return {IoStatus::failed, 0, false};
    }
    sent += taken;
    bool moved = taken > 0;
    taken += offset;
    while (count > 0 && taken >= parts->iov_len) {
      moved = moved || parts->iov_len == 0;
      taken -= parts->iov_len;
      ++parts;
      --count;
    }
    offset = taken;
    if (!moved) break;
  }
  if (sent == 0 && count > 0) return {IoStatus::would_block, 0, false};
  return {IoStatus::ok, sent, false};
}

bool TlsSocket::flush() {
  while (!channel_.output().empty()) {
    const std::string_view bytes = channel_.output();
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      channel_.sent(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return true;
    failed_ = true;
    return false;
  }
  if (shutting_down_) {
    shutting_down_ = false;
    ::shutdown(fd_, SHUT_WR);
  }
  return true;
}

bool TlsSocket::on_writable() { return !failed_ && flush(); }

void TlsSocket::shutdown_write() {
  channel_.shutdown();
  shutting_down_ = true;
  flush();
}

std::size_t TlsSocket::unacknowledged() const {
  int bytes = 0;
  const bool good = ::ioctl(fd_, SIOCOUTQ, &bytes) == 0;
  return channel_.output().size() + (good ? static_cast<std::size_t>(bytes) : 0);
}

void TlsSocket::reset_on_close() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace gavel::net
