// The shared store: rooms' logs in Redis, so that any number of servers serve the same rooms. Redis
// gives the ids, and what it announces is the one order that every server shows. Kept means:
// accepted by Redis (its appendfsync says how safe that is), and with wait_replicas also in the
// memory of so many replicas. For operators: docs/redis.md.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace gavel::store {

struct RedisOptions {
  // redis://[user:password@]HOST[:PORT][/DB], rediss://… with TLS,
  // redis-cluster://HOST[:PORT][,HOST[:PORT]…], rediss-cluster://…, unix:PATH. Where sentinels are
  // given, the URL's host is not used.
  std::string url;
  std::string username;  // where not empty: instead of the URL's
  std::string password;
  std::vector<std::string> sentinels;       // HOST:PORT of each
  std::string sentinel_master;              // the master's name at the sentinels
  std::string tls_ca_file;                  // PEM; empty: the system's authorities
  unsigned wait_replicas = 0;               // a message is shown when so many replicas have it
  std::chrono::milliseconds timeout{2000};  // without an answer for so long a connection is dead
  Retention retention;
  // After Redis began a new run (restart, failover) a room is not appended to for so long, so that
  // the servers that showed more than it remembers can put that back. More than reconnecting takes
  // (at most 0.6 s).
  std::chrono::milliseconds repair_grace{1000};
  std::chrono::milliseconds start_timeout{10000};  // how long the start waits for Redis
};

// Null with a sentence that says what is wrong and what to do; never a password. Blocks until Redis
// answers (start-up).
std::unique_ptr<Store> open_redis_store(const RedisOptions& options, std::string& error);

}  // namespace gavel::store
