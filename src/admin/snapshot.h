// What operators see, by value: taken on the shards' threads, read anywhere. The one shape for the statistics line,
// the API, the metrics and the console.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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
  std::uint64_t messages_in = 0;  // room messages that were accepted
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
  std::map<std::string, std::uint64_t> errors;         // by error code
  std::map<std::uint16_t, std::uint64_t> disconnects;  // by close code
};

}  // namespace gavel::admin
