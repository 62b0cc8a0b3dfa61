#include "net/http.h"

#include <algorithm>

#include "ws/handshake.h"

namespace gavel::net {
namespace {

constexpr std::string_view kProtocol = "v1.json.gavel";
constexpr std::string_view kTokenProtocol =
    "token.";  // "token.JWT": browsers can set no Authorization header
constexpr std::string_view kText = "text/plain; charset=utf-8";

HttpReply error(int status, std::string text, std::string headers = {}) {
  return {.bytes = ws::error_response(
              {static_cast<std::uint16_t>(status), std::move(text), std::move(headers)})};
}

bool origin_is_allowed(std::string_view origin, const std::vector<std::string>& allowed) {
  // No Origin: not a browser. (A browser always sends it, and can't be made to leave it out.)
  if (origin.empty() || allowed.empty()) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [origin](const std::string& one) { return one == "*" || one == origin; });
}

HttpReply answer_upgrade(const ws::HandshakeParser& request, const GatewayOptions& options) {
  if (auto bad = ws::check_upgrade(request)) return {.bytes = ws::error_response(*bad)};
  if (!origin_is_allowed(request.header("origin"), options.allow_origins)) {
    return error(403,
                 "this server takes no connections from pages of this origin (--allow-origin)\n");
  }
  HttpReply reply;
  reply.upgrade = true;
  reply.echo = options.echo && request.path() == "/echo";
  reply.deflate =
      options.deflate && ws::accepts_deflate(request.list_header("sec-websocket-extensions"));
  const std::string offered = request.list_header("sec-websocket-protocol");
  std::string_view chosen;
  for (const std::string_view protocol : ws::offered_protocols(offered)) {
    if (protocol == kProtocol) chosen = kProtocol;
    if (protocol.starts_with(kTokenProtocol)) reply.token = protocol.substr(kTokenProtocol.size());
  }
  const std::string_view authorization = request.header("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization.starts_with(kBearer)) reply.token = authorization.substr(kBearer.size());
  reply.bytes = ws::upgrade_response(request.header("sec-websocket-key"), chosen, reply.deflate);
  return reply;
}

HttpReply answer_get(const ws::HandshakeParser& request, const GatewayOptions& options,
                     const ReadyCheck& ready) {
  const std::string_view path = request.path();
  if (path == "/health") return {.bytes = ws::plain_response(200, kText, "ok\n")};
  if (path == "/ready") {
    std::string reason;
    if (ready(reason)) return {.bytes = ws::plain_response(200, kText, "ready\n")};
    return {.bytes = ws::plain_response(503, kText, "not ready: " + reason + "\n")};
  }
  if (!options.www.empty()) {
    std::string content;
    std::string content_type;
    if (read_static_file(options.www, path, content, content_type)) {
      return {.bytes =
                  ws::plain_response(200, content_type, content, "Cache-Control: no-cache\r\n")};
    }
    return error(404, "no such file\n");
  }
  return error(426, "this is a WebSocket server: connect with ws:// (see docs/protocol.md)\n",
               "Upgrade: websocket\r\n");
}

}  // namespace

HttpReply answer_http(const ws::HandshakeParser& request, const GatewayOptions& options,
                      const ReadyCheck& ready) {
  if (request.status() == ws::HandshakeParser::Status::error) {
    return {.bytes = ws::error_response(request.error())};
  }
  if (ws::wants_upgrade(request)) return answer_upgrade(request, options);
  return answer_get(request, options, ready);
}

std::string request_timeout_response() {
  return ws::plain_response(408, kText, "the request did not come in time\n");
}

std::string busy_response() {
  return ws::plain_response(503, kText, "too many connections: try again later\n",
                            "Retry-After: 5\r\n");
}

}  // namespace gavel::net
