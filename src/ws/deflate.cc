#include "ws/deflate.h"

#include <zlib.h>

#include <algorithm>

namespace gavel::ws {
namespace {

constexpr int kWindowBits = -15;  // raw deflate, 32 KiB
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);  // what a message's end leaves out (RFC 7692 7.2.1)
constexpr std::size_t kChunkBytes = 16 * 1024;

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

struct Deflater::Stream {
  z_stream z{};
  bool ok = deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, kWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  ~Stream() { deflateEnd(&z); }
};

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

bool Deflater::compress(std::string_view text, std::string& out) {
  if (!stream_) stream_ = std::make_unique<Stream>();
  z_stream& z = stream_->z;
  if (!stream_->ok || deflateReset(&z) != Z_OK) return false;
  const std::size_t before = out.size();
  out.resize(before + deflateBound(&z, text.size()) + 16);
  z.next_in = bytes_of(text);
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
  z.avail_out = static_cast<uInt>(out.size() - before);
  const int result = deflate(&z, Z_SYNC_FLUSH);
  std::size_t size = out.size() - before - z.avail_out;
  if (result != Z_OK || z.avail_in != 0 || size < kTail.size()) {
    out.resize(before);
    return false;
  }
  size -= kTail.size();
  out.resize(before + size);
  if (size == 0) out.push_back('\0');  // an empty message is one empty stored block's first byte
  return true;
}

struct Inflater::Stream {
  z_stream z{};
  bool ok = inflateInit2(&z, kWindowBits) == Z_OK;
  ~Stream() { inflateEnd(&z); }
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

Inflater::Outcome Inflater::inflate(std::string_view payload, std::size_t bytes_max, std::string& out) {
  if (!stream_) stream_ = std::make_unique<Stream>();
  z_stream& z = stream_->z;
  if (!stream_->ok || inflateReset(&z) != Z_OK) return Outcome::bad;
  const std::size_t before = out.size();
  for (const std::string_view part : {payload, kTail}) {
    z.next_in = bytes_of(part);
    z.avail_in = static_cast<uInt>(part.size());
    int result = Z_OK;
    do {
      const std::size_t have = out.size();
      const std::size_t room = std::min(kChunkBytes, before + bytes_max + 1 - have);
      out.resize(have + room);
      z.next_out = reinterpret_cast<Bytef*>(out.data() + have);
      z.avail_out = static_cast<uInt>(room);
      result = ::inflate(&z, Z_SYNC_FLUSH);
      out.resize(have + room - z.avail_out);
      if (out.size() - before > bytes_max) return Outcome::too_big;
      if (result == Z_STREAM_END) {
        // A final block may end the data early; another may follow (RFC 7692 7.2.3.5).
        if (inflateReset(&z) != Z_OK) return Outcome::bad;
        result = Z_OK;
        if (z.avail_in == 0) break;
        continue;
      }
      if (result != Z_OK && result != Z_BUF_ERROR) return Outcome::bad;
    } while (z.avail_in != 0 || z.avail_out == 0);
  }
  return Outcome::ok;
}

}  // namespace gavel::ws
