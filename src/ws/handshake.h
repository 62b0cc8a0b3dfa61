// The opening handshake of RFC 6455 section 4, the server's side: is it an upgrade, is it a good
// one, and what is answered. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ws/http_request.h"

namespace gavel::ws {

// Does the request want to be a WebSocket at all? (Else it is a plain GET.)
bool wants_upgrade(const HandshakeParser& request);

// What is wrong with the upgrade; nothing where it is good.
std::optional<HttpError> check_upgrade(const HandshakeParser& request);

// The subprotocols that were offered, in order.
std::vector<std::string_view> offered_protocols(std::string_view list);

// True where `extensions` (Sec-WebSocket-Extensions) has an offer of permessage-deflate that we can
// take: no parameter that is unknown, repeated or out of range. An odd offer is passed over, never
// an error (RFC 7692 5.1).
bool accepts_deflate(std::string_view extensions);

// The 101. `protocol` is empty where none was chosen.
std::string upgrade_response(std::string_view key, std::string_view protocol, bool deflate);

// Any other response: one body, then the connection ends.
std::string plain_response(int status, std::string_view content_type, std::string_view body,
                           std::string_view headers = {});
std::string error_response(const HttpError& error);

// Sec-WebSocket-Accept of a key.
std::string accept_key(std::string_view key);

}  // namespace gavel::ws
