// A flat look at a JSON object: its members' names and raw values, each name once. What a token's
// header, its claims and a key set are read with; values that nobody asks for are checked and
// passed over. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gavel::session {

class JsonObject {
 public:
  // Nothing where `text` is not one JSON object in valid UTF-8, or has a name twice (compared
  // unescaped) or more than 64 members. The views live as long as `text`.
  static std::optional<JsonObject> parse(std::string_view text);

  // The raw value; nullptr where there is none of the name.
  const std::string_view* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

 private:
  struct Field {
    std::string name;
    std::string_view value;
  };
  std::vector<Field> fields_;
};

// What a raw value is, or nothing where it is something else.
std::optional<std::string> as_string(std::string_view raw);
// Whole seconds: digits, with a fraction that is dropped; no sign, no exponent, below 10^12.
std::optional<std::int64_t> as_seconds(std::string_view raw);
bool is_object(std::string_view raw);
// The raw elements of an array.
std::optional<std::vector<std::string_view>> as_array(std::string_view raw);

}  // namespace gavel::session
