// What the game port answers to an HTTP request: the upgrade to WebSocket, or one plain response
// and the end. Pure but for the file that a static answer reads. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "net/gateway_options.h"

namespace gavel::ws {
class HandshakeParser;
}

namespace gavel::net {

struct HttpReply {
  bool upgrade = false;  // `bytes` is a 101, frames follow
  bool echo = false;     // the connection is /echo
  bool deflate = false;  // permessage-deflate was negotiated
  std::string bytes{};   // the whole response
  std::string token{};   // from Authorization: Bearer; empty = none
};

// Is the process ready for players? `reason` says why not.
using ReadyCheck = std::function<bool(std::string& reason)>;

HttpReply answer_http(const ws::HandshakeParser& request, const GatewayOptions& options,
                      const ReadyCheck& ready);

std::string request_timeout_response();
std::string busy_response();

// The file below `folder` that `path` (a request's path, percent-encoded) names, or nothing: no
// path leaves the folder, by "..", by links or otherwise. A folder is answered by its index.html.
bool read_static_file(std::string_view folder, std::string_view path, std::string& content,
                      std::string& content_type);

}  // namespace gavel::net
