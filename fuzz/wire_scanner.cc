// The scanner against a JSON library: refused for the same reason, or what comes out, stamped and
// parsed, is what went in plus the stamp. Texts that are no UTF-8 are left out: ws/ refuses them
// before.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "wire/scanner_oracle_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using nlohmann::json;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  static gavel::wire::Scanner scanner;  // one for all inputs, as a shard has it
  try {
    static_cast<void>(json(text).dump());
  } catch (const json::type_error&) {
    static_cast<void>(
        scanner.scan(text).has_value());  // not UTF-8: any answer will do, but no read past the end
    return 0;
  }
  const std::string wrong = gavel::wire::disagreement(scanner, text);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
