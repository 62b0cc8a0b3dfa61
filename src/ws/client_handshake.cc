#include "ws/client_handshake.h"

#include <algorithm>
#include <utility>

#include "ws/handshake.h"

namespace gavel::ws {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "HTTP/1.1 101 Switching Protocols"; 0 where it is nothing like that.
int status_of(std::string_view line) {
  constexpr std::string_view kBegin = "HTTP/1.1 ";
  if (!line.starts_with(kBegin) || line.size() < kBegin.size() + 3) return 0;
  int status = 0;
  for (const char digit : line.substr(kBegin.size(), 3)) {
    if (digit < '0' || digit > '9') return 0;
    status = status * 10 + (digit - '0');
  }
  return line.size() == kBegin.size() + 3 || line[kBegin.size() + 3] == ' ' ? status : 0;
}

}  // namespace

std::string client_request(const ClientRequest& request) {
  std::string out =
      "GET " + request.target + " HTTP/1.1\r\nHost: " + request.host +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + request.key +
      "\r\nSec-WebSocket-Version: 13\r\n";
  if (!request.protocol.empty()) out += "Sec-WebSocket-Protocol: " + request.protocol + "\r\n";
  if (request.deflate) {
    out +=
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover\r\n";
  }
  return out + request.headers + "\r\n";
}

ResponseParser::ResponseParser(const ClientRequest& request)
    : accept_(accept_key(request.key)),
      offered_protocol_(request.protocol),
      offered_deflate_(request.deflate) {}

ResponseParser::Status ResponseParser::fail(std::string text) {
  error_ = std::move(text);
  return status_ = Status::error;
}

ResponseParser::Status ResponseParser::feed(std::string_view& in) {
  while (status_ == Status::incomplete && !in.empty()) {
    if (bytes_.size() == kBytesMax) return fail("the answer's head has no end");
    bytes_.push_back(in.front());
    in.remove_prefix(1);
    if (bytes_.ends_with("\r\n\r\n")) return check();
  }
  return status_;
}

ResponseParser::Status ResponseParser::check() {
  std::string_view rest(bytes_);
  const std::string_view first = rest.substr(0, rest.find("\r\n"));
  http_status_ = status_of(first);
  if (http_status_ != 101) return fail("the answer is no upgrade: " + std::string(first));
  rest.remove_prefix(first.size() + 2);
  while (rest.size() > 2) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(line.size() + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fail("a header line without a colon");
    if (!take_header(line.substr(0, colon), trim(line.substr(colon + 1)))) return status_;
  }
  if (!upgrades_) return fail("the answer's Upgrade header does not name websocket");
  if (!accepted_) return fail("the answer has no Sec-WebSocket-Accept header");
  return status_ = Status::done;
}

bool ResponseParser::take_header(std::string_view name, std::string_view value) {
  if (same(name, "upgrade")) {
    upgrades_ = same(value, "websocket");
  } else if (same(name, "sec-websocket-accept")) {
    accepted_ = value == accept_;
    if (!accepted_) fail("the answer's Sec-WebSocket-Accept does not fit the key");
  } else if (same(name, "sec-websocket-protocol")) {
    protocol_ = value;
    if (protocol_ != offered_protocol_) fail("the answer chose a subprotocol that was not offered");
  } else if (same(name, "sec-websocket-extensions")) {
    deflate_ = offered_deflate_ && accepts_deflate(value);
    if (!deflate_) fail("the answer chose an extension that was not offered");
  }
  return status_ != Status::error;
}

}  // namespace gavel::ws
