// What a process was told to do: read once at the start, and again at a reload. The table of
// options (config/table.h) says where each value comes from, what it may be and what it is for;
// this struct is what the rest reads. What it holds when it is made is the default of each
// option. A value; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"

namespace gavel::app {

using Duration = std::chrono::microseconds;
using Strings = std::vector<std::string>;

struct Config {
  // [server]
  Strings listen{"127.0.0.1:8765"};
  std::string admin = "127.0.0.1:8766";  // empty: none
  std::string admin_key_file;
  std::int64_t threads = 0;  // 0 = one a core
  Duration busy_poll{0};
  Duration drain = limits::kDrain;
  Duration stats{0};  // a line of figures so often; 0 = never
  std::string www;    // a folder of files for GET; empty: none
  bool echo = false;
  bool deflate = false;

  // [log]
  std::string log_level = "info";
  std::string log_format = "text";

  // [store]
  std::string store = "rocks:./gavel-data";
  std::string durability = "written";
  std::int64_t retain_messages = 0;
  std::int64_t retain_bytes = 0;
  Duration retain_age{0};

  // [archive]
  std::string archive_uri;  // empty: none
  std::string archive_database = "gavel";
  Duration archive_timeout = std::chrono::seconds(5);

  // [connections]
  Duration join_timeout = limits::kJoinTimeout;
  Duration ping_interval = limits::kPingInterval;
  Duration ping_timeout = limits::kPingTimeout;
  std::int64_t connections_max = limits::kConnectionsMax;
  std::int64_t connections_per_address_max = limits::kConnectionsPerAddressMax;
  Strings allow_origin{"*"};

  // [messages]
  std::int64_t message_bytes_max = limits::kMessageBytesMax;
  std::int64_t fragments_max = limits::kFragmentsMax;
  std::int64_t rate_messages = limits::kRateMessages;
  std::int64_t rate_bytes = limits::kRateBytes;
  std::int64_t rate_burst = limits::kRateBurstSeconds;  // seconds' worth

  // [rooms]
  std::int64_t room_name_bytes_max = limits::kRoomNameBytesMax;
  std::int64_t rooms_max = limits::kRoomsMax;
  std::int64_t room_members_max = limits::kRoomMembersMax;
  Duration linger = limits::kLinger;
  Duration resume_ttl = limits::kResumeTtl;
  std::int64_t backlog_bytes = limits::kBacklogBytes;
  std::int64_t room_unkept_bytes_max = limits::kRoomUnkeptBytesMax;
  std::int64_t pages_in_flight = limits::kPagesInFlight;

  // [tls]
  std::string tls_cert;
  std::string tls_key;

  // [token]
  bool token_required = false;
  std::string token_alg;  // empty: tokens are off
  std::string token_key_file;
  std::string token_jwks_file;
  std::string token_aud;
  std::string token_iss;
  Duration token_leeway = limits::kTokenLeeway;

  // [redis]
  std::string redis_username;
  std::string redis_password_file;
  std::int64_t redis_wait_replicas = 0;
  Duration redis_timeout = limits::kRedisTimeout;
  Strings redis_sentinel;  // addresses; the store's URL then names the master
  std::string redis_sentinel_master;
  std::string redis_tls_ca;
};

// Where an option's value came from.
struct Origin {
  enum class Kind : std::uint8_t { built_in, file, environment, command_line };
  Kind kind = Kind::built_in;
  std::string where;  // "gavel.toml:12:3", "GAVEL_LISTEN", "--listen"; empty where built in
};

}  // namespace gavel::app
