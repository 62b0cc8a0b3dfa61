// Configuration files, and values as the environment and the command line give them: any text is
// taken, or refused with lines that are fit to be shown. What is taken can be printed and read
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "app/config/load.h"
#include "app/config/value.h"
#include "base/escape.h"
#include "base/units.h"

namespace {

using namespace gavel::app;

void check(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  Loaded loaded;
  load_toml(text, "f", loaded);
  if (loaded.ok()) check_together(loaded);
  for (const std::string& error : loaded.errors) check(gavel::is_plain_text(error));

  // The first byte chooses an option.
  const Option& option = options()[size == 0 ? 0 : data[0] % options().size()];
  const std::string_view value = text.substr(size == 0 ? 0 : 1);
  Config config;
  clear(option, config);
  if (const auto outcome = set(option, config, value); !outcome) {
    check(gavel::is_plain_text(outcome.error()));
  } else if (option.kind != Kind::list && !option.has_secret) {
    Config again;
    check(set(option, again, format(option, config)).has_value() && same(option, config, again));
  }
  return 0;
}
