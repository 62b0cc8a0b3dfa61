// A connection without a network: two pipes of bytes between a simulated client and the server's
// Connection. What has been sent arrives when the world says so; either side takes as many bytes at
// a time as the seed wants.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "base/random.h"
#include "net/socket.h"

namespace gavel::sim {

// The state that both ends share.
struct Wire {
  std::string to_server;        // sent by the client, not read by the server yet
  std::size_t arrived = 0;      // so many of them are there
  std::string to_client;        // sent by the server, not read by the client yet
  std::size_t capacity = 4096;  // how many the "kernel" holds for the client
  bool client_ended = false;    // FIN: behind what is in to_server
  bool broken = false;          // RST, or the cable was cut
  bool server_ended = false;
  bool server_gone = false;  // the server destroyed its end
  bool was_full = false;     // the server waits for EPOLLOUT
};

class FakeSocket final : public net::Socket {
 public:
  FakeSocket(std::shared_ptr<Wire> wire, Random& random)
      : wire_(std::move(wire)), random_(random) {}
  ~FakeSocket() override { wire_->server_gone = true; }

  int fd() const override { return -1; }

  net::IoResult recv(char* out, std::size_t size) override {
    if (wire_->broken) return {net::IoStatus::failed, 0, true};
    if (wire_->arrived == 0) {
      if (wire_->client_ended && wire_->to_server.empty()) return {net::IoStatus::closed, 0, true};
      return {net::IoStatus::would_block, 0, true};
    }
    std::size_t bytes = std::min(size, wire_->arrived);
    if (random_.below(3) == 0) bytes = 1 + random_.below(bytes);
    std::memcpy(out, wire_->to_server.data(), bytes);
    wire_->to_server.erase(0, bytes);
    wire_->arrived -= bytes;
    return {net::IoStatus::ok, bytes, wire_->arrived == 0};
  }

  net::IoResult send(const iovec* parts, int count) override {
    if (wire_->broken) return {net::IoStatus::failed, 0, false};
    std::size_t room = wire_->capacity - std::min(wire_->capacity, wire_->to_client.size());
    if (room != 0 && random_.below(4) == 0) room = 1 + random_.below(room);
    std::size_t wanted = 0;
    std::size_t taken = 0;
    for (int i = 0; i < count; ++i) {
      wanted += parts[i].iov_len;
      const std::size_t bytes = std::min(parts[i].iov_len, room - taken);
      wire_->to_client.append(static_cast<const char*>(parts[i].iov_base), bytes);
      taken += bytes;
    }
    wire_->was_full = taken < wanted;
    if (taken == 0) return {net::IoStatus::would_block, 0, false};
    return {net::IoStatus::ok, taken, false};
  }

  void shutdown_write() override { wire_->server_ended = true; }
  std::size_t unacknowledged() const override { return wire_->to_client.size(); }
  void reset_on_close() override {}

 private:
  std::shared_ptr<Wire> wire_;
  Random& random_;
};

}  // namespace gavel::sim
