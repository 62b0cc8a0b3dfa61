#include "base/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/escape.h"

namespace gavel {
namespace {

std::string fault(const std::string& path, std::string_view what) {
  return escape_for_log(path) + ": " + std::string(what);
}

std::string read_all(int fd, std::size_t bytes_max, std::string& content) {
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::string("can't be read: ") + std::strerror(errno);
    if (got == 0) return {};
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > bytes_max) {
      return "larger than " + std::to_string(bytes_max) + " bytes: is it the right file?";
    }
  }
}

}  // namespace

std::optional<std::string> read_small_file(const std::string& path, std::string& error,
                                           std::size_t bytes_max) {
  // Not blocking: a path that names a pipe must not hang the start.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    error = fault(path, std::string("can't be read: ") + std::strerror(errno));
    return std::nullopt;
  }
  std::string content;
  const std::string wrong = read_all(fd, bytes_max, content);
  ::close(fd);
  if (wrong.empty()) return content;
  error = fault(path, wrong);
  return std::nullopt;
}

std::optional<std::string> read_secret_line(const std::string& path, std::string& error) {
  auto content = read_small_file(path, error, 4096);
  if (!content) return std::nullopt;
  content->resize(std::min(content->find_first_of("\r\n"), content->size()));
  if (!content->empty()) return content;
  error = fault(path, "the first line is empty: it must hold the key");
  return std::nullopt;
}

}  // namespace gavel
