// The directory of a store: who holds it, what format it has, and what is known of how it was left.
// Opened and closed by the store; one thread. The files are specified in docs/storage.md.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace gavel::store::rocks {

// How the directory was left by the process that had it last.
struct Past {
  bool fresh = true;           // nobody had it
  bool clean = false;          // it was closed in order
  bool synced = false;         // what was kept had reached the disk
  bool same_boot = false;      // the machine has not been started anew since
  bool same_directory = true;  // it is that very directory: neither a copy nor a restored one
};

class Directory {
 public:
  // Creates the directory where it is absent and takes its lock, waiting up to `lock_wait`. Null
  // with a sentence that says what is wrong and what to do. `boot_id`: empty for the machine's.
  static std::unique_ptr<Directory> open(const std::string& path,
                                         std::chrono::milliseconds lock_wait,
                                         const std::string& boot_id, std::string& error);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::string& path() const { return path_; }
  const Past& past() const { return past_; }
  std::string database_path() const { return path_ + "/db"; }
  // Somebody said by a file of this name that lost messages are accepted where the log can't be
  // read to its end.
  bool loss_accepted() const;
  void forget_acceptance() const;
  // Says durably that it is in use, or was closed in order. False with a sentence.
  bool mark(bool in_use, bool synced, std::string& error);

 private:
  explicit Directory(std::string path) : path_(std::move(path)) {}
  bool lock(std::chrono::milliseconds wait, std::string& error);
  bool read_state(std::string& error);
  std::string identity() const;

  std::string path_;
  std::string boot_id_;
  int lock_fd_ = -1;
  Past past_;
};

// What is free for us on the file system of `path`, and its size; 0 and 0 where it can't be asked.
struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
DiskSpace disk_space(const std::string& path);

}  // namespace gavel::store::rocks
