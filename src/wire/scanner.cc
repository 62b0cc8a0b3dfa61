#include "wire/scanner.h"

#include "wire/lexer.h"

namespace gavel::wire {
namespace {

// The top-level names that mean something to the server. From client_id on they are the server's:
// removed.
enum class Name : std::uint8_t { other, type, ref, client_id, msg_id, ts };

bool is_removed(Name name) { return name >= Name::client_id; }

Name name_of(std::string_view name) {
  switch (name.size()) {
    case 2:
      return name == "ts" ? Name::ts : Name::other;
    case 3:
      return name == "ref" ? Name::ref : Name::other;
    case 4:
      return name == "type" ? Name::type : Name::other;
    case 6:
      return name == "msg_id" ? Name::msg_id : Name::other;
    case 9:
      return name == "client_id" ? Name::client_id : Name::other;
    default:
      return Name::other;
  }
}

Name name_of_escaped(std::string_view raw) {
  constexpr std::size_t kLongestName = 9;
  char text[kLongestName * 6];  // each character as \u....
  if (raw.size() > sizeof text) return Name::other;
  return name_of({text, unescape(raw, text)});
}

Kind kind_of(std::string_view type) {
  if (type == "join") return Kind::join;
  if (type == "leave") return Kind::leave;
  return Kind::message;
}

// The value of a ref, 0 where it is none. `number` is a JSON value.
std::uint64_t ref_of(std::string_view number) {
  if (number.size() > 16) return 0;  // 2^53 - 1 has 16 digits
  std::uint64_t ref = 0;
  for (const char c : number) {
    if (c < '0' || c > '9') return 0;
    ref = ref * 10 + static_cast<unsigned>(c - '0');
  }
  return ref <= kSafeIntegerMax ? ref : 0;
}

}  // namespace

bool is_reserved_type(std::string_view type) {
  switch (type.size()) {
    case 4:
      return type == "left";
    case 5:
      return type == "error";
    case 6:
      if (type == "joined") return true;
      break;
    case 7:
      if (type == "welcome") return true;
      break;
    case 9:
      if (type == "duplicate") return true;
      break;
    case 11:
      if (type == "member_left") return true;
      break;
    case 13:
      if (type == "member_joined") return true;
      break;
    default:
      break;
  }
  return type.starts_with("gavel.");
}

// One message. Of its bytes, [kept_from, now) is the run that will pass; the runs before it are in
// body_ already. As long as nothing was removed there is one run, and nothing is copied.
struct Scanner::Pass {
  Scanner& scanner;
  Lexer lexer;
  Incoming incoming{};
  bool has_type = false;
  bool has_ref = false;
  bool refused = false;
  InputError refusal{};  // the first fault that is not one of the JSON
  const char* kept_from = nullptr;
  const char* last_comma = nullptr;  // behind the last member that is kept
  std::size_t last_comma_in_body = 0;

  // Goes on: only a message that is JSON to its end gets this answer.
  void refuse(ErrorCode code, const char* at, std::string_view field) {
    if (refused) return;
    refused = true;
    refusal = {.code = code, .offset = lexer.offset(at), .field = field};
  }

  // From the "{" to behind its "}".
  const char* members(const char* p) {
    p = lexer.white_space(p + 1);
    kept_from = p;
    if (p != lexer.end() && *p == '}') return p + 1;
    while (true) {
      const char* const member = p;
      std::string_view raw_name;
      bool escaped = false;
      p = lexer.name(p, raw_name, escaped);
      if (p == nullptr) return nullptr;
      const Name name = escaped ? name_of_escaped(raw_name) : name_of(raw_name);
      p = value_of(name, p);
      if (p == nullptr) return nullptr;
      p = lexer.white_space(p);
      if (p == lexer.end()) return lexer.fail(p);
      if (*p == '}') {
        if (is_removed(name)) cut_last(member, p);
        return p + 1;
      }
      if (*p != ',') return lexer.fail(p);
      if (!is_removed(name)) last_comma = p;
      p = lexer.white_space(p + 1);
      if (is_removed(name)) cut(member, p);
    }
  }

  const char* value_of(Name name, const char* p) {
    switch (name) {
      case Name::type:
        return type(p);
      case Name::ref:
        return ref(p);
      default:
        return lexer.value(p, 1);
    }
  }

  const char* type(const char* p) {
    if (has_type) refuse(ErrorCode::duplicate_field, p, "type");
    has_type = true;
    if (p == lexer.end() || *p != '"') {
      refuse(ErrorCode::bad_type, p, "type");
      return lexer.value(p, 1);
    }
    bool escaped = false;
    const char* const close = lexer.string(p + 1, escaped);
    if (close == nullptr) return nullptr;
    std::string_view text{p + 1, static_cast<std::size_t>(close - p - 1)};
    if (escaped) text = unescaped_type(text);
    if (text.size() > kTypeBytesMax) {
      refuse(ErrorCode::bad_type, p, "type");
    } else if (is_reserved_type(text)) {
      refuse(ErrorCode::reserved_type, p, "type");
    }
    incoming.type = text;
    incoming.kind = kind_of(text);
    return close + 1;
  }

  // Longer than kTypeBytesMax (and then of no use) where it does not fit.
  std::string_view unescaped_type(std::string_view raw) {
    char text[kTypeBytesMax * 6];
    if (raw.size() > sizeof text) return raw;
    const std::string_view type{text, unescape(raw, text)};
    if (type.size() > kTypeBytesMax) return raw;
    type.copy(scanner.type_, type.size());
    return {scanner.type_, type.size()};
  }

  const char* ref(const char* p) {
    if (has_ref) refuse(ErrorCode::duplicate_field, p, "ref");
    has_ref = true;
    const char* const end = lexer.value(p, 1);
    if (end == nullptr) return nullptr;
    incoming.ref = Ref{ref_of({p, static_cast<std::size_t>(end - p)})};
    if (!incoming.has_ref()) refuse(ErrorCode::bad_ref, p, "ref");
    return end;
  }

  // Removes [from, to): a member, its comma and the white space up to the next member.
  void cut(const char* from, const char* to) {
    if (from != kept_from) {
      last_comma_in_body = scanner.body_.size() + static_cast<std::size_t>(last_comma - kept_from);
      scanner.body_.append(kept_from, from);
    }
    kept_from = to;
  }

  // Removes the last member and, as no member follows, the comma of the last one that is kept.
  void cut_last(const char* from, const char* brace) {
    cut(from, brace);
    scanner.body_.resize(last_comma_in_body);
  }

  std::string_view body(const char* end) {
    if (scanner.body_.empty()) return {kept_from, static_cast<std::size_t>(end - kept_from)};
    scanner.body_.append(kept_from, end);
    return scanner.body_;
  }
};

Result<Incoming, InputError> Scanner::scan(std::string_view text) {
  body_.clear();
  Pass pass{*this, Lexer{text}};
  Lexer& lexer = pass.lexer;
  const char* const start = lexer.white_space(lexer.begin());
  const bool is_object = start != lexer.end() && *start == '{';
  const char* const end = is_object ? pass.members(start) : lexer.value(start, 0);
  if (end == nullptr) return lexer.fault();
  const char* const rest = lexer.white_space(end);
  if (rest != lexer.end()) {
    lexer.fail(rest);
    return lexer.fault();
  }
  if (!is_object)
    return InputError{.code = ErrorCode::not_an_object, .offset = lexer.offset(start)};
  if (!pass.has_type) pass.refuse(ErrorCode::bad_type, start, "type");
  if (pass.refused) {
    if (pass.refusal.field != "ref") pass.refusal.ref = pass.incoming.ref;
    return pass.refusal;
  }
  pass.incoming.body = pass.body(end);
  return pass.incoming;
}

}  // namespace gavel::wire
