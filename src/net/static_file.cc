#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http.h"

namespace gavel::net {
namespace {

constexpr off_t kFileBytesMax = 16 * 1024 * 1024;

struct ContentType {
  std::string_view ending;
  std::string_view type;
};

constexpr std::array<ContentType, 14> kContentTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".map", "application/json"},
}};

std::string_view content_type_of(std::string_view path) {
  for (const ContentType& row : kContentTypes) {
    if (path.ends_with(row.ending)) return row.type;
  }
  return "application/octet-stream";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The path with its %XX decoded; false where that is malformed or holds what no file of ours has in
// its name.
bool decode_path(std::string_view path, std::string& out) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      if (i + 2 >= path.size()) return false;
      const int high = hex_digit(path[i + 1]);
      const int low = hex_digit(path[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f) return false;
    out += c;
  }
  return true;
}

// Opens `path` so that the kernel itself lets nothing leave `folder`: no "..", no link that leads
// out.
int open_beneath(const std::string& folder, const std::string& path) {
  const int base = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return -1;
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const auto fd = static_cast<int>(
      ::syscall(SYS_openat2, base, path.empty() ? "." : path.c_str(), &how, sizeof how));
  ::close(base);
  return fd;
}

}  // namespace

bool read_static_file(std::string_view folder, std::string_view path, std::string& content,
                      std::string& content_type) {
  std::string decoded;
  if (path.empty() || path.front() != '/' || !decode_path(path, decoded)) return false;
  decoded.erase(0, 1);
  if (decoded.starts_with('/') || decoded.find("..") != std::string::npos) return false;
  if (decoded.empty() || decoded.back() == '/') decoded += "index.html";
  const int fd = open_beneath(std::string(folder), decoded);
  if (fd < 0) return false;
  struct stat status {};
  bool ok = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= kFileBytesMax;
  if (ok) {
    content.resize(static_cast<std::size_t>(status.st_size));
    std::size_t got = 0;
    while (got < content.size()) {
      const ssize_t part = ::read(fd, content.data() + got, content.size() - got);
      if (part <= 0) break;
      got += static_cast<std::size_t>(part);
    }
    ok = got == content.size();
  }
  ::close(fd);
  content_type = content_type_of(decoded);
  return ok;
}

}  // namespace gavel::net
