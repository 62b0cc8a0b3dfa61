// Who may ask: the checks that come before anything of a request is read but its head. Immutable;
// any thread.
//
// 1. Host must name this machine's loopback or the configured address: else a page of any site
// could reach a loopback
//    server by letting its own name resolve to 127.0.0.1 (DNS rebinding).
// 2. Origin, where one is sent, must be that same host, and no answer allows another one (no CORS).
// 3. What changes something needs application/json, which no form of a foreign page can send.
// 4. Where a key is configured, all but health and the console's own files need it as a bearer
// token. An address that
//    is not loopback requires a key (HttpServer::start()).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin/http_types.h"

namespace gavel::admin {

// True for 127.0.0.0/8, ::1 and localhost.
bool is_loopback(std::string_view host);

// Takes as long for any two texts of the same lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

class Guard {
 public:
  // `host`: the configured address; `key`: empty = none.
  Guard(std::string host, std::string key);

  // The refusal, or nothing. `open`: needs no key.
  std::optional<Response> check(const Request& request, bool open) const;
  // Point 3, once it is known that the path takes the method.
  static std::optional<Response> check_content_type(const Request& request);

 private:
  bool host_is_ours(std::string_view host) const;

  const std::string host_;
  const std::string key_;
};

}  // namespace gavel::admin
