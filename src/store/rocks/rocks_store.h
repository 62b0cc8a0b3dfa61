// The embedded store: every room's log in one RocksDB under a directory, shared by all shards of
// the process. Kept means: in the kernel ("written", survives a crash of the process) or on the
// disk ("synced", survives one of the machine). The formats, and what happens when a directory is
// lost, copied or damaged: docs/storage.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "store/store.h"

namespace gavel::store {

struct RocksOptions {
  std::string directory;
  bool synced = false;  // fsync before a message counts as kept, one for all that waits
  Retention retention;
  // Appends are refused as "full" when the disk has less (or an eighth of its size, where that is
  // less): RocksDB needs room to write its memory out, and what was never begun can be refused for
  // certain.
  std::uint64_t free_bytes_min = 64 << 20;
  // How long to wait for another process to give the directory up (a restart that hands over).
  std::chrono::milliseconds lock_wait{0};
  std::size_t write_buffer_bytes =
      16 << 20;                        // three of them: what a crash makes us read again is small
  std::size_t cache_bytes = 32 << 20;  // of what was read: pages of members that lag overlap

  // For tests.
  std::function<std::int64_t()> wall_ms;        // empty: the system's clock
  std::string boot_id;                          // empty: the machine's
  std::function<std::uint64_t()> free_bytes;    // empty: the disk's, of a terabyte
  std::function<void(const std::string&)> die;  // empty: logs and ends the process
};

// Null with a sentence that says what is wrong and what to do. Blocks while it recovers (start-up
// only).
std::unique_ptr<Store> open_rocks(const RocksOptions& options, std::string& error);

}  // namespace gavel::store
