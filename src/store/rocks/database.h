// RocksDB as the rest of this folder sees it: blocks in one column family, everything else in
// another, one writer, any number of readers. Reads may come from any thread, also while the
// database is opened anew; writes and recover() from one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "store/rocks/keys.h"

namespace gavel::store::rocks {

enum class Outcome : std::uint8_t {
  ok,
  absent,
  full,     // the disk has no room
  failed,   // the disk refuses, or RocksDB does since it did
  corrupt,  // a checksum is wrong
};

struct DatabaseOptions {
  std::string path;
  std::size_t write_buffer_bytes = 16 << 20;
  int write_buffers = 3;
  std::uint64_t wal_bytes_max = 64 << 20;  // what has to be replayed after a crash
  std::size_t cache_bytes = 32 << 20;
  bool read_only = false;  // beside a process that has it open, or where nothing may be changed
  bool up_to_the_damage =
      false;  // drops what stands behind the first unreadable record of the write-ahead log
};

class Database;

// What is written at once, all of it or nothing.
class WriteSet {
 public:
  explicit WriteSet(Database& database);
  ~WriteSet();
  void put_block(const Place& place, MessageId first, std::string_view block,
                 std::uint64_t bytes_before);
  void put_meta(std::string_view key, std::string_view value);
  // Drops the blocks of a room from `from` up to, not including, `to`.
  void drop_blocks(const BlockKey& from, const BlockKey& to);
  void clear();
  bool empty() const;

 private:
  friend class Database;
  struct Impl;
  Database& database_;
  std::unique_ptr<Impl> impl_;
};

class Database {
 public:
  // Null with a sentence; `outcome` tells a damaged one from one that can't be opened.
  static std::unique_ptr<Database> open(const DatabaseOptions& options, Outcome& outcome,
                                        std::string& error);
  ~Database();

  // In the kernel when it returns ok. Otherwise unknown: the same set may be written again, it
  // changes nothing twice.
  Outcome write(WriteSet& set, std::string& detail);
  // What was written is on the disk when it returns ok. Otherwise nobody can tell what is.
  Outcome sync(std::string& detail);
  // After a failed write: makes RocksDB try again, by opening it anew if need be. False where it
  // still can't.
  bool recover(std::string& detail);

  Outcome get_meta(std::string_view key, std::string& value) const;
  // All meta keys that begin with `prefix`, in order, while `visit` returns true.
  Outcome scan_meta(
      std::string_view prefix,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  // The last meta key that begins with `prefix`.
  Outcome last_meta(std::string_view prefix, std::string& key) const;
  // The blocks of a place in order, from the one that holds `from` (or the next one) on, while
  // `visit` returns true.
  Outcome scan_blocks(
      const Place& place, MessageId from,
      const std::function<bool(MessageId first, std::string_view value)>& visit) const;
  // The block that holds `id`, or the nearest one before it.
  Outcome block_at(const Place& place, MessageId id, MessageId& first, std::string& value) const;
  // The lives of a room that have blocks, oldest first.
  Outcome epochs(RoomNumber room, std::vector<Epoch>& epochs) const;

 private:
  friend class WriteSet;
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gavel::store::rocks
