// The frame decoder, with cuts that the fuzzer chooses: what it says must not depend on them, and
// must hold what the header promises. Input: a byte of options, a count of piece sizes, the sizes,
// and then what the peer sends.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <vector>

#include "ws/decoding_test.h"

namespace {

using gavel::ws::DecoderOptions;
using gavel::ws::Event;
using gavel::ws::Said;

void check(bool ok, std::string_view what) {
  if (ok) return;
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void check_one(const Said& said, const DecoderOptions& options) {
  const bool is_text = said.event == Event::text || said.event == Event::close;
  check(!is_text || gavel::ws::is_utf8(said.payload.data(), said.payload.size()), "no UTF-8");
  switch (said.event) {
    case Event::need_more:
      check(false, "nothing was said");
      break;
    case Event::binary:
      check(options.allow_binary, "binary is not allowed");
      [[fallthrough]];
    case Event::text:
      check(said.payload.size() <= options.message_bytes_max, "too big");
      break;
    case Event::ping:
    case Event::pong:
      check(said.payload.size() <= 125, "a big control frame");
      break;
    case Event::close:
      check(said.payload.size() <= 123 && said.code >= 1000, "close");
      break;
    case Event::error:
      check(said.code >= 1002 && said.code <= 1009 && !said.payload.empty(), "error");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned flags = data[0];
  const std::size_t count = std::min<std::size_t>(data[1] % 16, size - 2);
  const std::vector<std::uint8_t> sizes(data + 2, data + 2 + count);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2 + count, size - 2 - count);
  const DecoderOptions options{.server = (flags & 1) == 0,
                               .message_bytes_max = (flags & 2) != 0 ? 200U : 65536U,
                               .fragments_max = 8,
                               .allow_binary = (flags & 4) != 0,
                               .deflate = (flags & 8) != 0};
  const std::vector<Said> whole = gavel::ws::decode_whole(bytes, options);
  std::size_t at = 0;
  const std::vector<Said> pieces =
      gavel::ws::decode(bytes, options, [&] { return count == 0 ? 1U : sizes[at++ % count] + 1U; });
  for (std::size_t i = 0; i < whole.size(); ++i) {
    check_one(whole[i], options);
    const bool is_last = whole[i].event == Event::error || whole[i].event == Event::close;
    check(!is_last || i + 1 == whole.size(), "something was said behind the end");
  }
  if (whole == pieces) return 0;
  std::ostringstream both;
  for (const Said& said : whole) both << said << '\n';
  both << "--- in pieces:\n";
  for (const Said& said : pieces) both << said << '\n';
  check(false, both.str());
  return 0;
}
