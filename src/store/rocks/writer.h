// The one thread that writes: takes what the shards' turns brought, writes it at once, and answers.
// A write that failed is tried again, unchanged, until it is kept; refused is only what was never
// handed to the database (promises P5, P6).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "store/rocks/database.h"
#include "store/rocks/directory.h"
#include "store/rocks/traffic.h"
#include "store/store.h"

namespace gavel::store::rocks {

struct WriterOptions {
  bool synced = false;
  Retention retention;
  std::uint64_t free_bytes_min = 64 << 20;  // less than this free: appends are refused as full
  std::function<DiskSpace()> disk_space;
  std::function<std::int64_t()> wall_ms;
  // Ends the process: what a failed fsync left on the disk can't be known, and a second one may
  // lie.
  std::function<void(const std::string& why)> die;
};

class Writer {
 public:
  // `search` asks the reader for a place to cut a room at. Any thread makes it; start() starts the
  // thread.
  Writer(const WriterOptions& options, Database& database, std::function<void(Request)> search);
  ~Writer();

  // Before start(): what the database says.
  void set_next_client(ClientId next) { next_client_ = next; }
  void start();
  // Writes what it holds, unless the disk refuses, and ends the thread.
  void stop();

  // Any thread.
  void submit(std::unique_ptr<Commit> commit);
  Health health() const;

 private:
  using Group = std::vector<std::unique_ptr<Commit>>;

  void run();
  bool take(Group& group);
  void build(Group& group);
  void add(Append& append);
  void note_refs(OpenRoom& room, std::string_view block);
  void write_refs(OpenRoom& room, MessageId at);
  void retain(OpenRoom& room);
  void sweep_ages();
  void cut(const Cut& cut, OpenRoom* room);
  bool persist();
  bool wait_before_retry(std::int64_t& backoff_ms);
  void check_space();
  void answer(Group& group);
  void report(bool ok, std::string detail);

  const WriterOptions options_;
  Database& database_;
  std::function<void(Request)> search_;
  WriteSet set_;

  // The writer's thread only.
  std::unordered_map<RoomNumber, std::unique_ptr<OpenRoom>> rooms_;
  ClientId next_client_{1};
  bool full_ = false;
  std::int64_t next_space_check_ms_ = 0;
  std::int64_t next_sweep_ms_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Group queue_;
  bool stopping_ = false;
  Health health_;
  std::thread thread_;
};

}  // namespace gavel::store::rocks
