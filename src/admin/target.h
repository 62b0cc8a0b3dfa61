// The path and the query of a request, taken apart and percent-decoded. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gavel::admin {

struct Target {
  std::vector<std::string> segments;  // "/api/v1/rooms/a%2Fb" → api, v1, rooms, a/b; "/" → none
  std::map<std::string, std::string, std::less<>> query;

  // Nothing where it is absent.
  std::optional<std::string_view> get(std::string_view name) const;
};

// Nothing where the target is not one: no leading slash, a broken escape, bytes that are no UTF-8.
std::optional<Target> parse_target(std::string_view target);

// A decimal number without sign; nothing where it is none or above `max`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);

}  // namespace gavel::admin
