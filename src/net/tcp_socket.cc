#include "net/tcp_socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace gavel::net {

TcpSocket::~TcpSocket() { ::close(fd_); }

IoResult TcpSocket::recv(char* out, std::size_t size) {
  ssize_t got = 0;
  do {
    got = ::recv(fd_, out, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    return {IoStatus::ok, bytes, bytes < size};
  }
  if (got == 0) return {IoStatus::closed, 0, true};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::would_block, 0, true};
  return {IoStatus::failed, 0, true};
}

IoResult TcpSocket::send(const iovec* parts, int count) {
  ssize_t sent = 0;
  do {
    if (count == 1) {
      sent = ::send(fd_, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts);
      message.msg_iovlen = static_cast<std::size_t>(count);
      sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {IoStatus::ok, static_cast<std::size_t>(sent), false};
  // ENOBUFS passes like a full socket: a later edge, or the next turn, tries again.
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
    return {IoStatus::would_block, 0, false};
  }
  return {IoStatus::failed, 0, false};
}

void TcpSocket::shutdown_write() { ::shutdown(fd_, SHUT_WR); }

std::size_t TcpSocket::unacknowledged() const {
  int bytes = 0;
  return ::ioctl(fd_, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

void TcpSocket::reset_on_close() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace gavel::net
