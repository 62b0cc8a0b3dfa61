// Durations and sizes as people write them in a configuration: "5s", "64KiB". Any thread;
// allocates.
//
//   duration = number ( "us" | "ms" | "s" | "m" | "h" | "d" ) | "0"
//   size     = number [ "B" | "KB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB" ]
//
// K is 1000 and Ki is 1024, as the units' standards have it. Numbers are whole and have no sign. An
// error is a sentence that says what is allowed and, where one can tell, what was meant: "\"10 MB\"
// is not a size: write 10MB …".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gavel {

Result<std::chrono::microseconds, std::string> parse_duration(std::string_view text);
Result<std::uint64_t, std::string> parse_size(std::string_view text);

// The shortest text that parses to the same: 120s is "2m", 65536 is "64KiB".
std::string format_duration(std::chrono::microseconds duration);
std::string format_size(std::uint64_t bytes);

}  // namespace gavel
