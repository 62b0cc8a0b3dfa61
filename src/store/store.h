// A store: what a process opens once (`--store memory | rocks:DIR | redis://…`), and what gives
// each shard its log. Opened and closed by main; the logs that it made are destroyed before it.
// health() from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "room/message_log.h"

namespace gavel::store {

// Posts work to a shard's thread, from any thread. The shard runs it in its event loop and ends a
// turn behind it.
using Post = std::function<void(std::function<void()>)>;

struct Health {
  bool ok = true;
  std::string detail;  // one line for operators, e.g. "disk full: /var/lib/gavel (since 12 s)"
};

// The key that signs resume tokens; it lies in the store so that tokens outlast the process
// (DECISIONS: resume token).
using SigningKey = std::array<unsigned char, 32>;

class Store {
 public:
  virtual ~Store() = default;
  // The log of one shard. `shard` < the count of shards; `post` reaches its thread until the log is
  // destroyed.
  virtual std::unique_ptr<room::MessageLog> make_log(unsigned shard, Post post) = 0;
  virtual SigningKey signing_key() const = 0;
  virtual Health health() const = 0;
  // E.g. "memory", "rocks:./gavel-data (written)"; without secrets.
  virtual std::string describe() const = 0;
};

// How much of a room is kept; 0 = no bound. The oldest blocks beyond any of them go.
struct Retention {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::int64_t age_ms = 0;
};

}  // namespace gavel::store
