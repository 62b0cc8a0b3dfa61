// A request of an operator and its answer, free of any HTTP library: what the routes work on.
// Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gavel::admin {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

struct Request {
  Method method = Method::get;
  std::string target{};  // path and query, as they came
  std::string host{};
  std::string origin{};
  std::string fetch_site{};  // Sec-Fetch-Site
  std::string authorization{};
  std::string content_type{};
  std::string idempotency_key{};
  std::string body{};
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};  // beside those that every answer has
};

// {"error":{"code":…,"message":…}}
Response error_response(unsigned status, std::string_view code, std::string_view message);

}  // namespace gavel::admin
