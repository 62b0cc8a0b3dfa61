#include "store/rocks/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "store/rocks/keys.h"

namespace gavel::store::rocks {
namespace {

constexpr const char* kLockFile = "/gavel.lock";
constexpr const char* kStateFile = "/gavel.state";
constexpr const char* kAcceptFile = "/gavel.accept-loss";

std::string reason() { return std::strerror(errno); }

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string machine_boot_id() {
  std::string id = read_file("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = fsync(fd) == 0;
  ::close(fd);
  return ok;
}

// The file's content is the old or the new one, whatever happens.
bool replace_file(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = write_all(fd, content) && fsync(fd) == 0;
  ::close(fd);
  return written && ::rename(draft.c_str(), path.c_str()) == 0;
}

}  // namespace

std::unique_ptr<Directory> Directory::open(const std::string& path,
                                           std::chrono::milliseconds lock_wait,
                                           const std::string& boot_id, std::string& error) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) {
    error = "can't create the store's directory " + path + ": " + failed.message();
    return nullptr;
  }
  std::unique_ptr<Directory> directory(new Directory(path));
  directory->boot_id_ = boot_id.empty() ? machine_boot_id() : boot_id;
  if (!directory->lock(lock_wait, error) || !directory->read_state(error)) return nullptr;
  return directory;
}

Directory::~Directory() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

bool Directory::lock(std::chrono::milliseconds wait, std::string& error) {
  const std::string file = path_ + kLockFile;
  lock_fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0) {
    error = "can't write in the store's directory " + path_ + ": " + reason();
    return false;
  }
  const auto until = std::chrono::steady_clock::now() + wait;
  while (flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      error = "can't lock " + file + ": " + reason();
      return false;
    }
    if (std::chrono::steady_clock::now() >= until) {
      std::string holder = read_file(file);
      while (!holder.empty() && holder.back() == '\n') holder.pop_back();
      error = path_ + " is in use by process " + (holder.empty() ? "(unknown)" : holder) +
              "; stop that one first, or choose another directory with --store rocks:DIR";
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock_fd_, 0) != 0 || pwrite(lock_fd_, pid.data(), pid.size(), 0) < 0) {
    error = "can't write " + file + ": " + reason();
    return false;
  }
  return true;
}

// The lock file is made once and never replaced: a copy of the directory has another one. The
// device's number is left out, since some file systems change it at each mount.
std::string Directory::identity() const {
  struct statx info = {};
  if (statx(lock_fd_, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &info) != 0) return "unknown";
  std::string identity = std::to_string(info.stx_ino);
  if ((info.stx_mask & STATX_BTIME) != 0) {
    identity +=
        "/" + std::to_string(info.stx_btime.tv_sec) + "." + std::to_string(info.stx_btime.tv_nsec);
  }
  return identity;
}

bool Directory::read_state(std::string& error) {
  std::ifstream in(path_ + kStateFile);
  if (!in) {
    past_.fresh = !std::filesystem::exists(database_path());
    past_.same_directory = past_.fresh;  // a database without its state was put there by somebody
    return true;
  }
  std::map<std::string, std::string> state;
  for (std::string key, value; in >> key >> value;) state[key] = value;
  unsigned long format = 0;
  try {
    format = std::stoul(state["format"]);
  } catch (const std::exception&) {
    error = path_ + kStateFile +
            " is not a gavel store's state file; move it away or choose another directory";
    return false;
  }
  if (format > kFormatVersion) {
    error = path_ + " was written by a newer gavel (format " + std::to_string(format) +
            ", this one reads up to " + std::to_string(kFormatVersion) +
            "); run that version, or choose another directory";
    return false;
  }
  past_.fresh = false;
  past_.clean = state["in-use"] == "no";
  past_.synced = state["durability"] == "synced";
  past_.same_boot = state["boot"] == boot_id_;
  past_.same_directory = state["directory"] == identity();
  return true;
}

bool Directory::mark(bool in_use, bool synced, std::string& error) {
  const std::string content = "format " + std::to_string(kFormatVersion) + "\nin-use " +
                              (in_use ? "yes" : "no") + "\ndurability " +
                              (synced ? "synced" : "written") + "\nboot " + boot_id_ +
                              "\ndirectory " + identity() + "\n";
  if (replace_file(path_ + kStateFile, content) && sync_directory(path_)) return true;
  error = "can't write " + path_ + kStateFile + ": " + reason();
  return false;
}

bool Directory::loss_accepted() const { return std::filesystem::exists(path_ + kAcceptFile); }

void Directory::forget_acceptance() const { ::unlink((path_ + kAcceptFile).c_str()); }

DiskSpace disk_space(const std::string& path) {
  struct statvfs info = {};
  if (statvfs(path.c_str(), &info) != 0) return {};
  return {std::uint64_t{info.f_bavail} * info.f_frsize,
          std::uint64_t{info.f_blocks} * info.f_frsize};
}

}  // namespace gavel::store::rocks
