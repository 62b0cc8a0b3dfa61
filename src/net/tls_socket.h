// A TLS connection as a Socket: TlsChannel over a descriptor, which it owns.
//
// 1. recv() handshakes and decrypts until its output is full or the descriptor is empty. drained =
// false also where
//    plain bytes wait inside: no edge will tell of them. Where it is false with would_block, the
//    work of this turn was bounded and there is more to read.
// 2. send() counts bytes as sent that are encrypted and wait for the descriptor: on_writable()
// sends them on, and
//    unacknowledged() has them.
#pragma once

#include <memory>

#include "net/socket.h"
#include "net/tls_channel.h"

namespace gavel::net {

class TlsSocket final : public Socket {
 public:
  TlsSocket(int fd, std::shared_ptr<const TlsContext> context, const std::string& server_name = {});
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;
  ~TlsSocket() override;

  int fd() const override { return fd_; }
  IoResult recv(char* out, std::size_t size) override;
  IoResult send(const iovec* parts, int count) override;
  bool on_writable() override;
  void shutdown_write() override;
  std::size_t unacknowledged() const override;
  void reset_on_close() override;

  const TlsChannel& channel() const { return channel_; }

 private:
  // Sends what the channel holds; false where the connection is gone.
  bool flush();
  bool feed_from_socket(bool& drained);

  int fd_;
  TlsChannel channel_;
  bool input_ended_ = false;    // the peer's FIN came
  bool shutting_down_ = false;  // our FIN goes behind the last byte of the channel
  bool failed_ = false;
};

}  // namespace gavel::net
