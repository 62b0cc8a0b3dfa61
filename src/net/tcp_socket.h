// A TCP connection as a Socket. Owns the descriptor.
#pragma once

#include "net/socket.h"

namespace gavel::net {

class TcpSocket final : public Socket {
 public:
  explicit TcpSocket(int fd) : fd_(fd) {}
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;
  ~TcpSocket() override;

  int fd() const override { return fd_; }
  IoResult recv(char* out, std::size_t size) override;
  IoResult send(const iovec* parts, int count) override;
  void shutdown_write() override;
  std::size_t unacknowledged() const override;
  void reset_on_close() override;

 private:
  int fd_;
};

}  // namespace gavel::net
