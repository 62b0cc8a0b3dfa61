#include "store/redis/functions.h"

#include <cstdio>
#include <string_view>

#include "base/crc32c.h"

namespace gavel::store::redis {

FunctionLibrary function_library() {
  const std::string_view source = kFunctionsSource;
  char version[16];
  std::snprintf(version, sizeof version, "%08x", crc32c(source));
  FunctionLibrary library;
  library.prefix = std::string("gavel_") + version + "_";
  library.text = std::string("#!lua name=gavel_") + version + "\n";
  constexpr std::string_view kPlace = "'gavel_";
  std::size_t at = 0;
  while (true) {
    const std::size_t next = source.find(kPlace, at);
    library.text.append(source.substr(at, next - at));
    if (next == std::string_view::npos) return library;
    library.text.append("'").append(library.prefix);
    at = next + kPlace.size();
  }
}

}  // namespace gavel::store::redis
