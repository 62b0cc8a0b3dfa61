#include "ws/deflate.h"

#include <zlib.h>

namespace gavel::ws {
namespace {

constexpr int kWindowBits = -15;  // raw deflate, 32 KiB
// What a message's end leaves out (RFC 7692 7.2.1).
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
// In data_type after inflate: it stands at the beginning of a block, and no bit is left over.
constexpr int kAtBlock = 128;
constexpr int kUnusedBits = 63;

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
  const std::size_t size = out.size() - before - z.avail_out;
  if (result != Z_OK || z.avail_in != 0 || z.avail_out == 0 || size <= kTail.size()) {
    out.resize(before);
    return false;
  }
  out.resize(before + size - kTail.size());
  return true;
}

struct Inflater::Stream {
  z_stream z{};
  bool ok = inflateInit2(&z, kWindowBits) == Z_OK;
  ~Stream() { inflateEnd(&z); }
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

bool Inflater::begin() {
  if (!stream_) stream_ = std::make_unique<Stream>();
  tail_ = kTail;
  ended_ = false;
  return stream_->ok && inflateReset(&stream_->z) == Z_OK;
}

Inflater::Outcome Inflater::inflate(std::string_view& in, std::span<char> out, std::size_t& size) {
  z_stream& z = stream_->z;
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  size = 0;
  do {
    // Behind a last block there may be more of them (RFC 7692 7.2.3.4).
    if (ended_ && !in.empty() && inflateReset(&z) != Z_OK) return Outcome::bad;
    if (ended_ && in.empty()) return Outcome::done;
    ended_ = false;
    z.next_in = bytes_of(in);
    z.avail_in = static_cast<uInt>(in.size());
    const int result = ::inflate(&z, Z_SYNC_FLUSH);
    in.remove_prefix(in.size() - z.avail_in);
    size = out.size() - z.avail_out;
    ended_ = result == Z_STREAM_END;
    // Z_BUF_ERROR says that there was nothing to do.
    if (!ended_ && result != Z_OK && result != Z_BUF_ERROR) return Outcome::bad;
  } while (!in.empty() && z.avail_out != 0);
  return z.avail_out == 0 ? Outcome::more : Outcome::done;
}

Inflater::Outcome Inflater::finish(std::span<char> out, std::size_t& size) {
  size = 0;
  if (ended_) return Outcome::done;
  // No byte at all stands for an empty message, though it ought to be one zero byte.
  if (stream_->z.total_in == 0) return Outcome::done;
  const Outcome outcome = inflate(tail_, out, size);
  if (outcome != Outcome::done) return outcome;
  const int state = stream_->z.data_type;
  return (state & kAtBlock) != 0 && (state & kUnusedBits) == 0 ? Outcome::done : Outcome::bad;
}

}  // namespace gavel::ws
