// Compressed messages: what comes out does not depend on how they were cut, and never exceeds the
// limit; what we compress ourselves comes back. Input: the piece size, the limit, and the payload.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ws/deflate.h"

namespace {

using gavel::ws::Inflater;

void check(bool ok) {
  if (!ok) std::abort();
}

struct Result {
  std::string out;
  bool is_good = true;
  bool operator==(const Result&) const = default;
};

// Inflates until the end, an error, or `limit` bytes; false where nothing more may follow.
bool drain(Inflater& inflater, std::string_view* in, std::size_t limit, Result& result) {
  while (true) {
    std::vector<char> out(std::min<std::size_t>(61, limit - result.out.size() + 1));
    std::size_t size = 0;
    const Inflater::Outcome outcome =
        in == nullptr ? inflater.finish(out, size) : inflater.inflate(*in, out, size);
    check(size <= out.size());
    result.out.append(out.data(), size);
    if (result.out.size() > limit) return false;  // before all else, as the decoder does
    result.is_good = outcome != Inflater::Outcome::bad;
    if (!result.is_good) return false;
    if (outcome == Inflater::Outcome::done) {
      check(in == nullptr || in->empty());
      return true;
    }
  }
}

Result inflate(Inflater& inflater, std::string_view payload, std::size_t piece, std::size_t limit) {
  Result result;
  check(inflater.begin());
  while (!payload.empty()) {
    const std::vector<char> copy(payload.begin(),
                                 payload.begin() + std::min(piece, payload.size()));
    payload.remove_prefix(copy.size());
    std::string_view in(copy.data(), copy.size());
    if (!drain(inflater, &in, limit, result)) return result;
  }
  drain(inflater, nullptr, limit, result);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const std::size_t limit = data[1] * std::size_t{40};
  const std::string_view payload(reinterpret_cast<const char*>(data) + 2, size - 2);
  static Inflater inflater;
  static gavel::ws::Deflater deflater;
  const Result whole = inflate(inflater, payload, payload.size() + 1, limit);
  check(whole.out.size() <= limit + 1);
  check(whole == inflate(inflater, payload, piece, limit));
  std::string compressed;
  check(deflater.compress(payload, compressed));
  check(inflate(inflater, compressed, piece, payload.size()) == Result{std::string(payload)});
  return 0;
}
