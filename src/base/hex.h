// Bytes as lower-case hexadecimal digits, and back. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gavel {

std::string to_hex(std::string_view bytes);
// Nothing where a digit is none, or their count is odd. Upper case is taken as well.
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace gavel
