// What a connection needs of its transport: plain TCP, TLS, or the simulation's. Non-blocking; the
// descriptor is in an edge-triggered epoll set. The thread of the shard that the connection is on.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace gavel::net {

enum class IoStatus : std::uint8_t {
  ok,           // `bytes` went through, at least one
  would_block,  // wait for the next event
  closed,       // recv: the peer will send nothing more
  failed,       // the connection is gone
};

struct IoResult {
  IoStatus status = IoStatus::ok;
  std::size_t bytes = 0;
  bool drained = false;  // recv: nothing more is there now; the next edge tells of more
};

class Socket {
 public:
  virtual ~Socket() = default;
  virtual int fd() const = 0;
  virtual IoResult recv(char* out, std::size_t size) = 0;
  // Takes a prefix of what stands in `parts`; ok with fewer bytes than given means that the socket
  // is full.
  virtual IoResult send(const iovec* parts, int count) = 0;
  // The descriptor is writable again: sends what the transport itself holds back. False where the
  // connection is gone.
  virtual bool on_writable() { return true; }
  // No more will be sent (FIN, close_notify).
  virtual void shutdown_write() = 0;
  // Bytes that were sent and that the peer has not acknowledged; promise P7 judges a slow reader by
  // it.
  virtual std::size_t unacknowledged() const = 0;
  // Makes the destructor reset the connection (RST) rather than close it in good order.
  virtual void reset_on_close() = 0;
};

}  // namespace gavel::net
