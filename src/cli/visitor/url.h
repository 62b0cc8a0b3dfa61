// A server's address as people write it: ws://HOST[:PORT][/PATH]. A value; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gavel::cli {

struct Url {
  std::string host;  // an IPv6 address without its brackets
  std::string port;
  std::string authority;  // for the Host header
  std::string target;     // path and query
};

// The error is a sentence that says what is allowed.
Result<Url, std::string> parse_url(std::string_view text);

}  // namespace gavel::cli
