// A listening socket: how it is made, and its place in a shard's loop.
#pragma once

#include <cstdint>
#include <string>

#include "shard/event_loop.h"

namespace gavel::net {

class Gateway;

// Binds and listens (SO_REUSEPORT, so that each shard has an acceptor of its own). `port` 0 takes a
// free one and says which. `exclusive`: nobody else may have the port yet (the first of a process's
// own). Returns the descriptor, or -1 with a message that says what was wrong and what to do.
int open_listener(const std::string& host, std::uint16_t& port, bool exclusive, std::string& error);

class Listener final : public shard::FdHandler {
 public:
  Listener(Gateway& gateway, int fd) : gateway_(gateway), fd_(fd) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() override;
  int fd() const { return fd_; }
  void on_events(std::uint32_t events) override;

 private:
  Gateway& gateway_;
  int fd_;
};

}  // namespace gavel::net
