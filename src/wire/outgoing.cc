#include "wire/outgoing.h"

#include "base/decimal.h"

namespace gavel::wire {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  char digits[kDecimalBytesMax];
  out.append(digits, write_decimal(digits, value));
}

// ,"name":value
void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(",\"").append(name).append("\":");
  append_number(out, value);
}

void append_field(std::string& out, std::string_view name, bool value) {
  out.append(",\"").append(name).append(value ? "\":true" : "\":false");
}

void append_text_field(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":\"");
  escape_json(out, text);
  out += '"';
}

// The end of an error: whose it is.
void append_about(std::string& out, Ref ref, std::uint64_t n) {
  if (ref) {
    append_field(out, "ref", ref.value);
  } else if (n != 0) {
    append_field(out, "n", n);
  }
}

void begin_error(std::string& out, ErrorCode code, std::string_view message) {
  out.append("{\"type\":\"error\",\"code\":\"").append(info(code).name).append("\",\"message\":\"");
  escape_json(out, message.empty() ? info(code).meaning : message);
}

}  // namespace

void escape_json(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::size_t from = 0;  // what is plain is appended in one piece
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    out += '\\';
    switch (c) {
      case '"':
      case '\\':
        out += text[i];
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      default:
        out += "u00";
        out += kDigits[c >> 4];
        out += kDigits[c & 0xf];
    }
  }
  out.append(text, from);
}

void write_joined(std::string& out, const Joined& joined) {
  out += "{\"type\":\"joined\"";
  append_field(out, "client_id", joined.client_id.value);
  append_text_field(out, "room", joined.room);
  out += ",\"epoch\":\"";
  append_number(out, joined.epoch.value);  // a string: it may be above what a number holds exactly
  out += '"';
  append_field(out, "msg_id", joined.msg_id.value);
  append_field(out, "first", joined.first.value);
  append_field(out, "last_ref", joined.last_ref.value);
  append_field(out, "recovered", joined.recovered);
  append_field(out, "resumed", joined.resumed);
  if (!joined.resume.empty()) append_text_field(out, "resume", joined.resume);
  out += '}';
}

void write_left(std::string& out) { out += "{\"type\":\"left\"}"; }

void write_duplicate(std::string& out, Ref ref) {
  out += "{\"type\":\"duplicate\"";
  append_field(out, "ref", ref.value);
  out += '}';
}

void write_error(std::string& out, const Error& error) {
  begin_error(out, error.code, error.message);
  out += '"';
  append_about(out, error.ref, error.n);
  if (error.retry_after_ms) append_field(out, "retry_after_ms", *error.retry_after_ms);
  out += '}';
}

void write_error(std::string& out, const InputError& error, std::uint64_t n) {
  begin_error(out, error.code, {});
  out += " (at byte ";
  append_number(out, error.offset);
  if (error.limit != 0) {
    out += ", limit ";
    append_number(out, error.limit);
    out += " bytes";
  }
  out += ")\"";
  if (!error.field.empty()) append_text_field(out, "field", error.field);
  append_about(out, error.ref, n);
  out += '}';
}

}  // namespace gavel::wire
