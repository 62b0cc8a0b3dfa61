#include "wire/server_message.h"

#include <charconv>

#include "base/stamp.h"
#include "wire/lexer.h"

namespace gavel::wire {
namespace {

// Takes `literal` and the number behind it off the front of `text`.
template <class Number>
bool take_number(std::string_view& text, std::string_view literal, Number& number) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// Calls visit(name, value) for each top-level member, until it returns false. False where the text
// is not JSON.
template <class Visit>
bool each_member(std::string_view object, Visit visit) {
  Lexer lexer{object};
  const char* p = lexer.white_space(lexer.begin());
  if (p != lexer.end() && *p == '{') p = lexer.white_space(p + 1);
  if (p != lexer.end() && *p == '}') return true;
  while (true) {
    std::string_view name;
    bool escaped = false;
    const char* const from = lexer.name(p, name, escaped);
    if (from == nullptr) return false;
    p = lexer.value(from, 1);
    if (p == nullptr) return false;
    const std::string_view value{from, static_cast<std::size_t>(p - from)};
    if (escaped ? !visit(std::string_view{unescape(name)}, value) : !visit(name, value))
      return true;
    p = lexer.white_space(p);
    if (p == lexer.end()) return false;
    if (*p == '}') return true;
    if (*p != ',') return false;
    p = lexer.white_space(p + 1);
  }
}

bool is_string(std::string_view raw) { return raw.size() >= 2 && raw.front() == '"'; }

}  // namespace

std::optional<Stamped> read_stamp(std::string_view text) {
  Stamped stamped;
  if (!take_number(text, kStampMsgId, stamped.msg_id.value) ||
      !take_number(text, kStampClientId, stamped.client_id.value) ||
      !take_number(text, kStampTs, stamped.ts_ms) || !text.starts_with(',')) {
    return std::nullopt;
  }
  stamped.body = text.substr(1);
  return stamped;
}

std::optional<std::string_view> find_field(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  each_member(object, [&](std::string_view member, std::string_view value) {
    if (member == name) found = value;
    return !found.has_value();
  });
  return found;
}

std::optional<std::uint64_t> as_uint(std::string_view raw) {
  std::uint64_t number = 0;
  if (!take_number(raw, {}, number) || !raw.empty()) return std::nullopt;
  return number;
}

std::optional<std::string> as_string(std::string_view raw) {
  if (!is_string(raw)) return std::nullopt;
  return unescape(raw.substr(1, raw.size() - 2));
}

std::optional<bool> as_bool(std::string_view raw) {
  if (raw == "true") return true;
  if (raw == "false") return false;
  return std::nullopt;
}

std::optional<ServerMessage> read_server_message(std::string_view text) {
  ServerMessage message;
  message.body = text;
  if (const std::optional<Stamped> stamped = read_stamp(text)) {
    message.stamped = true;
    message.msg_id = stamped->msg_id;
    message.client_id = stamped->client_id;
    message.ts_ms = stamped->ts_ms;
    message.body = stamped->body;
  } else if (!text.starts_with('{')) {
    return std::nullopt;
  }
  const bool is_json =
      each_member(message.body, [&](std::string_view name, std::string_view value) {
        if (name == "type") {
          if (is_string(value)) message.type = value.substr(1, value.size() - 2);
        } else if (name == "ref") {
          message.ref.value = as_uint(value).value_or(0);
        } else if (!message.stamped && name == "msg_id") {
          message.msg_id.value = as_uint(value).value_or(0);
        } else if (!message.stamped && name == "client_id") {
          message.client_id.value = as_uint(value).value_or(0);
        }
        return true;
      });
  if (!is_json) return std::nullopt;
  return message;
}

}  // namespace gavel::wire
