// What `gavel bench` was told to do. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/visitor/url.h"

namespace gavel::cli {

struct BenchOptions {
  Url url;
  std::string room_prefix;
  std::string token;
  std::size_t rooms = 1;
  std::size_t clients = 10;   // a room
  std::size_t senders = 0;    // a room; 0 = all
  std::size_t payload = 100;  // bytes of a message's text
  std::size_t window = 16;    // own messages that a sender leaves unanswered
  double rate = 0;            // messages a second and room; 0 = closed loop
  double duration_s = 10;
  double warmup_s = 1;
  std::uint64_t messages = 0;  // a sender, then it ends; 0 = by time
  double drain_s = 20;         // how long what was sent may take to arrive
  std::size_t threads = 1;
  std::size_t slow = 0;  // further members of the first room that read slow_rate bytes a second
  std::size_t slow_rate = 10'000;
  std::size_t stuck = 0;  // further members of the first room that never read
  double churn = 0;       // a second: clients that leave and join again, or break and resume
  bool idle = false;      // join and hold, send nothing
  bool progress = false;
  int server_pid = 0;
  std::string json;
};

}  // namespace gavel::cli
