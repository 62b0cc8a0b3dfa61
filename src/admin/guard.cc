#include "admin/guard.h"

#include <algorithm>
#include <utility>

namespace gavel::admin {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// "Host: [::1]:8766" → "::1"; empty where it can't be one.
std::string host_part(std::string_view value) {
  if (value.starts_with('[')) {
    const std::size_t end = value.find(']');
    return end == std::string_view::npos ? std::string() : lower(value.substr(1, end - 1));
  }
  const std::size_t colon = value.find(':');
  if (colon != std::string_view::npos &&
      value.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) {
    return {};
  }
  std::string host = lower(value.substr(0, colon));
  if (host.ends_with('.')) host.pop_back();
  return host;
}

bool is_json(std::string_view content_type) {
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  return type == "application/json";
}

bool changes_something(Method method) { return method != Method::get && method != Method::head; }

}  // namespace

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  // Volatile, so that the loop is not ended early by a clever compiler.
  volatile unsigned char different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    different = static_cast<unsigned char>(different | (a[i] ^ other));
  }
  return different == 0;
}

Guard::Guard(std::string host, std::string key) : host_(lower(host)), key_(std::move(key)) {}

bool Guard::host_is_ours(std::string_view value) const {
  const std::string host = host_part(value);
  if (host.empty()) return false;
  if (is_loopback(host) || host == host_) return true;
  // Bound to all addresses: which names lead here can't be known, and the key (required there)
  // guards it: a page that rebinds a name of its own does not have it.
  return (host_ == "0.0.0.0" || host_ == "::") && !key_.empty();
}

std::optional<Response> Guard::check(const Request& request, bool open) const {
  if (!host_is_ours(request.host)) {
    return error_response(403, "foreign_host",
                          "the Host header does not name this server's admin address");
  }
  if (!request.origin.empty() && request.origin != "http://" + request.host &&
      request.origin != "https://" + request.host) {
    return error_response(403, "foreign_origin",
                          "pages of other origins may not use the admin address");
  }
  if (request.fetch_site == "cross-site" && !open) {
    return error_response(403, "foreign_origin",
                          "pages of other sites may not use the admin address");
  }
  if (!key_.empty() && !open) {
    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view value = request.authorization;
    const bool has_bearer = value.starts_with(kBearer);
    if (!equal_in_constant_time(has_bearer ? value.substr(kBearer.size()) : "", key_)) {
      Response response =
          error_response(401, "unauthorized", "send the admin key: Authorization: Bearer KEY");
      response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"gavel admin\"");
      return response;
    }
  }
  return std::nullopt;
}

std::optional<Response> Guard::check_content_type(const Request& request) {
  if (!changes_something(request.method) || is_json(request.content_type)) return std::nullopt;
  return error_response(415, "not_json", "send Content-Type: application/json");
}

}  // namespace gavel::admin
