// What a Redis, or who pretends to be one, may send: the reader in pieces that the input chooses
// gives what it gives in one piece, and never more than there is. Then everything else that reads
// bytes of a Redis or of an operator.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/redis/node.h"
#include "store/redis/reply.h"
#include "store/redis/url.h"

namespace {

using gavel::store::redis::Reply;
using gavel::store::redis::ReplyReader;

void check(bool ok) {
  if (!ok) std::abort();
}

void write(const Reply& reply, std::string& out, int depth) {
  check(depth < 12);
  out += static_cast<char>('a' + static_cast<int>(reply.kind));
  out += std::to_string(reply.integer) + ":" + reply.text;
  for (std::size_t i = 0; i <= reply.items.size(); ++i) static_cast<void>(reply.number(i));
  for (const Reply& item : reply.items) write(item, out, depth + 1);
}

std::string read(std::string_view bytes, std::size_t piece, bool& fine) {
  ReplyReader reader;
  std::string out;
  fine = true;
  while (!bytes.empty() && fine) {
    const std::string_view now = bytes.substr(0, piece);
    bytes.remove_prefix(now.size());
    fine = reader.feed(now, [&](Reply& reply) {
      write(reply, out, 0);
      return true;
    });
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data + 1), size - 1};
  bool whole_fine = false;
  bool pieces_fine = false;
  const std::string whole = read(text, size, whole_fine);
  const std::string pieces = read(text, data[0] % 16 + 1u, pieces_fine);
  check(whole_fine == pieces_fine);
  check(!whole_fine || whole == pieces);
  static_cast<void>(gavel::store::redis::trouble_of(text));
  gavel::store::redis::Url url;
  std::string error;
  if (gavel::store::redis::parse_url(text, url, error)) {
    check(!url.addresses.empty());
    check(url.password.size() < 4 || url.addresses.front().is_path || !url.text().empty());
  } else {
    check(!error.empty());
  }
  return 0;
}
