#include "session/jwt_json.h"

#include "base/escape.h"
#include "wire/lexer.h"

namespace gavel::session {
namespace {

constexpr std::size_t kMembersMax = 64;

}  // namespace

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  wire::Lexer lexer(text);
  const char* at = lexer.white_space(lexer.begin());
  if (at == lexer.end() || *at != '{') return std::nullopt;
  JsonObject object;
  at = lexer.white_space(at + 1);
  if (at != lexer.end() && *at == '}') {
    ++at;
  } else {
    while (true) {
      std::string_view raw_name;
      bool escaped = false;
      at = lexer.name(at, raw_name, escaped);
      if (at == nullptr) return std::nullopt;
      const char* const begin = at;
      at = lexer.value(at, 1);
      if (at == nullptr) return std::nullopt;
      std::string name = wire::unescape(raw_name);
      if (object.has(name) || object.fields_.size() == kMembersMax) return std::nullopt;
      object.fields_.push_back(
          {std::move(name), std::string_view(begin, static_cast<std::size_t>(at - begin))});
      at = lexer.white_space(at);
      if (at == lexer.end() || (*at != ',' && *at != '}')) return std::nullopt;
      if (*at++ == '}') break;
      at = lexer.white_space(at);
    }
  }
  if (lexer.white_space(at) != lexer.end()) return std::nullopt;
  return object;
}

const std::string_view* JsonObject::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

std::optional<std::string> as_string(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"') return std::nullopt;
  return wire::unescape(raw.substr(1, raw.size() - 2));
}

std::optional<std::int64_t> as_seconds(std::string_view raw) {
  std::int64_t value = 0;
  std::size_t at = 0;
  for (; at < raw.size() && raw[at] >= '0' && raw[at] <= '9'; ++at) {
    if (at == 12) return std::nullopt;
    value = value * 10 + (raw[at] - '0');
  }
  if (at == 0) return std::nullopt;
  if (at == raw.size()) return value;
  if (raw[at] != '.') return std::nullopt;
  for (++at; at < raw.size(); ++at) {
    if (raw[at] < '0' || raw[at] > '9') return std::nullopt;
  }
  return value;
}

bool is_object(std::string_view raw) { return !raw.empty() && raw.front() == '{'; }

std::optional<std::vector<std::string_view>> as_array(std::string_view raw) {
  if (raw.empty() || raw.front() != '[') return std::nullopt;
  std::vector<std::string_view> elements;
  wire::Lexer lexer(raw);
  const char* at = lexer.white_space(lexer.begin() + 1);
  while (at != lexer.end() && *at != ']') {
    const char* const begin = at;
    at = lexer.value(at, 2);
    if (at == nullptr) return std::nullopt;
    elements.emplace_back(begin, static_cast<std::size_t>(at - begin));
    at = lexer.white_space(at);
    if (at != lexer.end() && *at == ',') at = lexer.white_space(at + 1);
  }
  return elements;
}

}  // namespace gavel::session
