// The store of tests and throw-away games: a room's log in this process's memory, the oldest
// messages going when it grows over its retention. Kept means: in this process. See
// room/message_log.h for the contract.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "store/store.h"

namespace gavel::store {

struct MemoryOptions {
  Retention retention{0, 4 * 1024 * 1024,
                      0};  // a room; messages and bytes count whole chunks, so somewhat more stays
  std::int64_t (*wall_ms)() =
      nullptr;             // the clock that epochs and ages come from; null: the system's
  std::uint64_t seed = 0;  // of epochs' low bits; 0: from the system
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const MemoryOptions& options);
  std::unique_ptr<room::MessageLog> make_log(unsigned shard, Post post) override;
  SigningKey signing_key() const override { return key_; }
  Health health() const override { return {}; }
  std::string describe() const override { return "memory"; }

 private:
  friend class MemoryLog;
  ClientId lease(std::uint64_t count) { return ClientId{next_client_.fetch_add(count)}; }

  const MemoryOptions options_;
  SigningKey key_{};
  std::atomic<std::uint64_t> next_client_{1};
};

}  // namespace gavel::store
