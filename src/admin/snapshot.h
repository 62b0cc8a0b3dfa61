// What operators see, by value: taken on the shards' threads, read anywhere. The one shape for the
// statistics line, the API, the metrics and the console.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/histogram.h"

namespace gavel::admin {

struct RoomSnapshot {
  std::string name;
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;  // the oldest msg_id that is kept
  std::uint64_t last = 0;
  std::uint64_t members = 0;
  std::uint64_t messages_in = 0;  // since the room was opened here
  std::uint64_t bytes_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t unkept_bytes = 0;
  std::uint64_t backlog_bytes = 0;
  std::uint64_t slowest_lag = 0;  // messages that the slowest member has not got yet
};

// What an operator set for a room. Lives in this process only.
struct RoomSettings {
  std::uint64_t capacity = 0;  // members; 0 = the server's own limit
  bool locked = false;         // nobody new comes in
  std::string metadata;        // a JSON object; empty = none
  std::uint64_t bans = 0;      // how many are in force
};

struct MemberSnapshot {
  std::uint64_t client_id = 0;
  std::string player;  // the token's subject
  std::string address;
  std::uint64_t lag = 0;
  bool reading_store = false;  // so far behind that it reads from the store
  std::int64_t connected_ms = 0;
};

struct TotalsSnapshot {
  std::uint64_t connections = 0;
  std::uint64_t rooms = 0;
  std::uint64_t members = 0;
  std::uint64_t messages_received = 0;  // data messages of clients, whatever became of them
  std::uint64_t messages_in = 0;        // room messages that were accepted
  std::uint64_t bytes_in = 0;
  std::uint64_t messages_out = 0;  // deliveries
  std::uint64_t bytes_out = 0;
  std::uint64_t socket_bytes_in = 0;
  std::uint64_t socket_bytes_out = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t joins = 0;
  std::uint64_t resumes = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t pages_read = 0;
  std::uint64_t turns = 0;
  std::uint64_t slowest_lag = 0;
  std::uint64_t unkept_bytes = 0;
  std::uint64_t backlog_bytes = 0;
  std::uint64_t store_refusals = 0;                    // batches that the store did not keep
  std::map<std::string, std::uint64_t> errors;         // by error code
  std::map<std::uint16_t, std::uint64_t> disconnects;  // by close code
  LatencyHistogram
      sequencing;  // a message: from the turn that read it until it is kept under its id
  LatencyHistogram
      delivery;  // a message: … until it was handed to the sockets of those who keep up
  LatencyHistogram store_append;  // a batch: from its hand-over to the store until its answer
  std::vector<LatencyHistogram> turn_times;  // by shard: working, not waiting
};

}  // namespace gavel::admin
