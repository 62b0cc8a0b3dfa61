// Both sides of the opening handshake: what is read does not depend on how the bytes were cut.
// Input: a piece size, and then what the peer sends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ws/client_handshake.h"
#include "ws/handshake.h"

namespace {

using gavel::ws::HandshakeParser;
using gavel::ws::ResponseParser;

void check(bool ok) {
  if (!ok) std::abort();
}

// Feeds in pieces; returns how many bytes were taken until there was nothing more to take.
template <typename Parser>
std::size_t feed(Parser& parser, std::string_view bytes, std::size_t piece) {
  std::size_t taken = 0;
  while (taken < bytes.size() && parser.feed_status() == Parser::Status::incomplete) {
    const std::string_view part = bytes.substr(taken, piece);
    const std::vector<char> copy(part.begin(), part.end());
    std::string_view in(copy.data(), copy.size());
    parser.feed(in);
    taken += copy.size() - in.size();
  }
  return taken;
}

struct Request : HandshakeParser {
  HandshakeParser::Status feed_status() const { return status(); }
};

struct Response : ResponseParser {
  using ResponseParser::ResponseParser;
  Status feed(std::string_view& in) { return last = ResponseParser::feed(in); }
  Status feed_status() const { return last; }
  Status last = Status::incomplete;
};

bool is_response(const std::string& response) {
  return response.starts_with("HTTP/1.1 ") && response.find("\r\n\r\n") != std::string::npos;
}

void check_request(std::string_view bytes, std::size_t piece) {
  Request whole;
  Request pieces;
  const std::size_t taken = feed(whole, bytes, bytes.size() + 1);
  check(taken == feed(pieces, bytes, piece) && taken <= HandshakeParser::kBytesMax);
  check(whole.status() == pieces.status());
  if (whole.status() == HandshakeParser::Status::error) {
    check(whole.error().text == pieces.error().text && !whole.error().text.empty());
    check(whole.error().status == 0 || is_response(error_response(whole.error())));
  }
  if (whole.status() != HandshakeParser::Status::done) return;
  check(whole.method() == "GET" && whole.target().starts_with('/'));
  check(whole.headers().size() <= HandshakeParser::kLinesMax && !whole.headers().empty());
  if (!gavel::ws::wants_upgrade(whole)) return;
  if (const auto error = gavel::ws::check_upgrade(whole)) {
    check(is_response(error_response(*error)));
    return;
  }
  const bool deflate = gavel::ws::accepts_deflate(whole.list_header("sec-websocket-extensions"));
  const std::string offered = whole.list_header("sec-websocket-protocol");
  const auto protocols = gavel::ws::offered_protocols(offered);
  const std::string_view key = whole.header("sec-websocket-key");
  std::string answer = gavel::ws::upgrade_response(key, "", deflate);
  const gavel::ws::ClientRequest request{.host = "a", .key = std::string(key), .deflate = deflate};
  ResponseParser response(request);
  std::string_view in(answer);
  check(response.feed(in) == ResponseParser::Status::done && in.empty());
}

void check_response(std::string_view bytes, std::size_t piece) {
  const gavel::ws::ClientRequest request{
      .host = "a", .key = "dGhlIHNhbXBsZSBub25jZQ==", .protocol = "p", .deflate = true};
  Response whole(request);
  Response pieces(request);
  check(feed(whole, bytes, bytes.size() + 1) == feed(pieces, bytes, piece));
  check(whole.last == pieces.last && whole.error() == pieces.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_request(bytes, data[0] + std::size_t{1});
  check_response(bytes, data[0] + std::size_t{1});
  return 0;
}
