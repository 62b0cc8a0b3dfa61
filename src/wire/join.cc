#include "wire/join.h"

#include <charconv>

#include "base/escape.h"
#include "wire/lexer.h"
#include "wire/scanner.h"

namespace gavel::wire {
namespace {

enum Field : unsigned { room, since, epoch, resume, token, field_count };
constexpr std::string_view kNames[field_count] = {"room", "since", "epoch", "resume", "token"};

bool is_string(std::string_view raw) { return !raw.empty() && raw.front() == '"'; }

std::string string_of(std::string_view raw) { return unescape(raw.substr(1, raw.size() - 2)); }

// A number of digits and nothing else, at most `max`.
bool read_digits(std::string_view text, std::uint64_t max, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= max;
}

// Each takes one field's raw JSON value; false where it is not as it has to be.
bool take_since(std::string_view raw, JoinRequest& join) {
  join.has_since = true;
  join.since_latest = is_string(raw) && string_of(raw) == "latest";
  return join.since_latest || read_digits(raw, kSafeIntegerMax, join.since.value);
}

bool take_epoch(std::string_view raw, JoinRequest& join) {
  constexpr std::size_t kDigitsMax = 20;
  join.has_epoch = true;
  if (!is_string(raw) || raw.size() > kDigitsMax * 6 + 2) return false;
  const std::string text = string_of(raw);
  return text.size() <= kDigitsMax && read_digits(text, ~std::uint64_t{0}, join.epoch.value);
}

void take_resume(std::string_view raw, const JoinLimits& limits, JoinRequest& join) {
  join.has_resume = true;
  if (!is_string(raw)) return;
  std::string text = string_of(raw);
  if (text.size() <= limits.resume_bytes_max) join.resume = std::move(text);
}

Field field_of(std::string_view raw_name, bool escaped) {
  constexpr std::size_t kLongestName = 6;
  char text[kLongestName * 6];  // each character as \u....
  if (raw_name.size() > sizeof text) return field_count;
  if (escaped) raw_name = {text, unescape(raw_name, text)};
  unsigned field = room;
  while (field < field_count && kNames[field] != raw_name) ++field;
  return static_cast<Field>(field);
}

class JoinParser {
 public:
  JoinParser(std::string_view body, const JoinLimits& limits) : lexer_(body), limits_(limits) {}

  Result<JoinRequest, InputError> parse() {
    const char* p = lexer_.white_space(lexer_.begin());
    while (p != nullptr && (p == lexer_.end() || *p != '}')) p = member(p);
    if (p == nullptr) return refused_ ? refusal_ : lexer_.fault();
    if (!seen_[room])
      return InputError{
          .code = ErrorCode::bad_room, .offset = lexer_.offset(p), .field = kNames[room]};
    return std::move(join_);
  }

 private:
  // To the next member, or to the "}".
  const char* member(const char* p) {
    std::string_view name;
    bool escaped = false;
    const char* const from = lexer_.name(p, name, escaped);
    if (from == nullptr) return nullptr;
    const char* const to = lexer_.value(from, 1);
    if (to == nullptr) return nullptr;
    const Field field = field_of(name, escaped);
    if (field != field_count) {
      if (seen_[field]) return refuse(ErrorCode::duplicate_field, from, field);
      seen_[field] = true;
      if (!take(field, {from, static_cast<std::size_t>(to - from)})) {
        return refuse(kErrors[field], from, field);
      }
    }
    p = lexer_.white_space(to);
    if (p == lexer_.end()) return lexer_.fail(p);
    if (*p == '}') return p;
    if (*p != ',') return lexer_.fail(p);
    p = lexer_.white_space(p + 1);
    return p != lexer_.end() && *p == '"' ? p : lexer_.fail(p);
  }

  bool take(Field field, std::string_view raw) {
    switch (field) {
      case room:
        return take_text(raw, limits_.room_bytes_max, join_.room) && !join_.room.empty() &&
               is_plain_text(join_.room);
      case since:
        return take_since(raw, join_);
      case epoch:
        return take_epoch(raw, join_);
      case resume:
        take_resume(raw, limits_, join_);
        return true;
      case token:
        return take_text(raw, limits_.token_bytes_max, join_.token);
      case field_count:
        break;
    }
    return true;
  }

  bool take_text(std::string_view raw, std::size_t bytes_max, std::string& text) {
    if (!is_string(raw)) return false;
    text = string_of(raw);
    if (text.size() <= bytes_max) return true;
    refusal_.limit = static_cast<std::uint32_t>(bytes_max);
    return false;
  }

  const char* refuse(ErrorCode code, const char* at, Field field) {
    refused_ = true;
    refusal_.code = code;
    refusal_.offset = lexer_.offset(at);
    refusal_.field = kNames[field];
    return nullptr;
  }

  // The error of a field that is not as it has to be; resume has none.
  static constexpr ErrorCode kErrors[field_count] = {ErrorCode::bad_room, ErrorCode::bad_since,
                                                     ErrorCode::bad_epoch, ErrorCode::internal,
                                                     ErrorCode::bad_token};

  Lexer lexer_;
  const JoinLimits& limits_;
  JoinRequest join_;
  bool seen_[field_count] = {};
  bool refused_ = false;
  InputError refusal_{};
};

}  // namespace

Result<JoinRequest, InputError> parse_join(std::string_view body, const JoinLimits& limits) {
  return JoinParser{body, limits}.parse();
}

}  // namespace gavel::wire
