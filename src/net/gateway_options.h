// What a gateway is told at start; the defaults are those of base/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gavel::net {

struct GatewayOptions {
  std::int64_t handshake_timeout_ms = 5'000;  // accept to joined, one deadline that no byte renews
  std::int64_t join_timeout_ms = 5'000;       // after leave: to the next join
  std::int64_t ping_interval_ms = 5'000;      // of silence, then a ping
  std::int64_t ping_timeout_ms = 5'000;       // after it, then 4001
  std::int64_t close_timeout_ms = 2'000;      // for the close handshake, then a reset
  std::size_t message_bytes_max = 64 * 1024;
  std::size_t fragments_max = 1024;
  std::size_t echo_bytes_max = 16 * 1024 * 1024;
  std::size_t private_bytes_max =
      64 * 1024;  // answers that wait for a client; beyond it nothing is read from it
  std::size_t connections_max = 50'000;         // in the process
  std::size_t connections_per_address_max = 0;  // 0 = no limit
  std::size_t turn_messages_max = 128;  // of one socket a turn: the others come next (fairness)
  bool echo = false;
  bool deflate = false;
  std::string www;                         // a folder to serve at /; empty = none
  std::vector<std::string> allow_origins;  // empty = any
};

}  // namespace gavel::net
