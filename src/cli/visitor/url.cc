#include "cli/visitor/url.h"

#include <algorithm>

#include "base/escape.h"

namespace gavel::cli {
namespace {

constexpr std::string_view kScheme = "ws://";

std::string refuse(std::string_view text, const char* why) {
  return "\"" + escape_for_log(text) + "\" " + why + ": write ws://HOST:PORT/";
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<Url, std::string> parse_url(std::string_view text) {
  if (text.starts_with("wss://")) {
    return refuse(text,
                  "needs TLS, which this command does not speak; use the server's plain port");
  }
  if (!text.starts_with(kScheme)) return refuse(text, "does not begin with ws://");
  if (text.find_first_of(" \r\n\t") != std::string_view::npos || !is_plain_text(text)) {
    return refuse(text, "has white space or control characters in it");
  }
  std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  Url url;
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  url.authority = rest.substr(0, slash);
  std::string_view host = url.authority;
  url.port = "80";
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;
  if (bracket == std::string_view::npos) return refuse(text, "has no ] behind its IPv6 address");
  if (const std::size_t colon = host.find(':', bracket); colon != std::string_view::npos) {
    url.port = host.substr(colon + 1);
    host = host.substr(0, colon);
    if (!is_port(url.port)) return refuse(text, "has no number as its port");
  }
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return refuse(text, "names no host");
  url.host = host;
  return url;
}

}  // namespace gavel::cli
