#include "ws/http_request.h"

#include <algorithm>

namespace gavel::ws {
namespace {

// RFC 9110 5.6.2.
bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view name, std::string_view lower_case) {
  return name.size() == lower_case.size() &&
         std::equal(name.begin(), name.end(), lower_case.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

HandshakeParser::Status HandshakeParser::fail(std::uint16_t status, std::string text,
                                              std::string headers) {
  error_ = {status, std::move(text), std::move(headers)};
  return status_ = Status::error;
}

HandshakeParser::Status HandshakeParser::feed(std::string_view& in) {
  while (status_ == Status::incomplete && !in.empty()) {
    const char c = in.front();
    if (bytes_.empty() && c == '\x16') {
      return fail(0, "a TLS hello on a port that speaks plain WebSocket");
    }
    if (bytes_.size() == kBytesMax) {
      if (lines_ == 0) return fail(414, "the request's target is longer than 4096 bytes\n");
      return fail(431, "the request's header is longer than 8192 bytes\n");
    }
    const char before = bytes_.empty() ? '\0' : bytes_.back();
    if (c == '\n' && before != '\r')
      return fail(400, "a line ends without CR: lines end with CR LF\n");
    if (c != '\n' && before == '\r') return fail(400, "a CR stands alone: lines end with CR LF\n");
    if (c == '\0') return fail(400, "a NUL byte in the header\n");
    bytes_.push_back(c);
    in.remove_prefix(1);
    if (c != '\n') continue;
    const std::size_t size = bytes_.size() - line_begin_ - 2;
    if (size == 0 && lines_ > 0) return parse();
    if (size == 0) return fail(400, "the request begins with an empty line\n");
    line_begin_ = bytes_.size();
    if (lines_ == 0 && size > kTargetBytesMax + 32) {
      return fail(414, "the request's target is longer than 4096 bytes\n");
    }
    if (++lines_ > kLinesMax + 1) return fail(431, "the request has more than 100 header lines\n");
  }
  if (status_ == Status::incomplete && lines_ == 0 && bytes_.size() > kTargetBytesMax + 32) {
    return fail(414, "the request's target is longer than 4096 bytes\n");
  }
  return status_;
}

HandshakeParser::Status HandshakeParser::parse() {
  std::string_view rest(bytes_);
  bool first = true;
  while (true) {
    const std::size_t end = rest.find('\r');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.empty()) break;
    if (!(first ? parse_request_line(line) : parse_header(line))) return status_;
    first = false;
  }
  if (check_request()) status_ = Status::done;
  return status_;
}

bool HandshakeParser::parse_request_line(std::string_view line) {
  const std::size_t one = line.find(' ');
  const std::size_t two = one == std::string_view::npos ? one : line.find(' ', one + 1);
  if (two == std::string_view::npos || line.find(' ', two + 1) != std::string_view::npos) {
    fail(400, "the request line is not METHOD TARGET HTTP/1.1\n");
    return false;
  }
  method_ = line.substr(0, one);
  target_ = line.substr(one + 1, two - one - 1);
  const std::string_view version = line.substr(two + 1);
  if (!is_token(method_)) {
    fail(400, "the request's method is not a token\n");
  } else if (method_ == "PRI") {
    fail(400, "this port speaks HTTP/1.1, not HTTP/2\n");
  } else if (version != "HTTP/1.1") {
    const bool http = version.starts_with("HTTP/");
    fail(http ? 505 : 400, "this port speaks HTTP/1.1\n");
  } else if (target_.size() > kTargetBytesMax) {
    fail(414, "the request's target is longer than 4096 bytes\n");
  } else if (target_.front() != '/' || std::any_of(target_.begin(), target_.end(), [](char c) {
               return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
             })) {
    fail(400, "the request's target must begin with / and hold no control characters\n");
  } else {
    return true;
  }
  return false;
}

bool HandshakeParser::parse_header(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    fail(400, "a header line is folded\n");
    return false;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    fail(400, "a header line is not NAME: VALUE\n");
    return false;
  }
  const std::string_view value = trim(line.substr(colon + 1));
  const bool bad = std::any_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
  if (bad) {
    fail(400, "a header's value holds a control character\n");
    return false;
  }
  headers_.push_back({line.substr(0, colon), value});
  return true;
}

bool HandshakeParser::check_request() {
  std::size_t count = 0;
  header("host", &count);
  if (count != 1) {
    fail(400, count == 0 ? "the Host header is missing\n" : "there is more than one Host header\n");
    return false;
  }
  if (method_ != "GET") {
    fail(405, "only GET is answered here\n", "Allow: GET\r\n");
    return false;
  }
  const std::string_view length = header("content-length", &count);
  const bool has_body = (count != 0 && length != "0") || count > 1;
  header("transfer-encoding", &count);
  if (has_body || count != 0) {
    fail(400, "the request must have no body (Content-Length, Transfer-Encoding)\n");
    return false;
  }
  return true;
}

std::string_view HandshakeParser::query() const {
  const std::size_t mark = target_.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target_.substr(mark + 1);
}

std::string_view HandshakeParser::header(std::string_view name, std::size_t* count) const {
  std::string_view found;
  std::size_t times = 0;
  for (const HttpHeader& header : headers_) {
    if (!same_name(header.name, name)) continue;
    if (times++ == 0) found = header.value;
  }
  if (count != nullptr) *count = times;
  return found;
}

std::string HandshakeParser::list_header(std::string_view name) const {
  std::string all;
  for (const HttpHeader& header : headers_) {
    if (!same_name(header.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += header.value;
  }
  return all;
}

}  // namespace gavel::ws
