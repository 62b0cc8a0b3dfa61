// Key sets: any text is a table of keys or a sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "session/jwks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gavel::session;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const TokenAlg alg : {TokenAlg::hs256, TokenAlg::rs256, TokenAlg::es256, TokenAlg::eddsa}) {
    const auto keys = parse_jwks(alg, text);
    const bool ok = keys ? keys.value()->size() > 0 : !keys.error().empty();
    if (!ok) std::abort();
  }
  return 0;
}
