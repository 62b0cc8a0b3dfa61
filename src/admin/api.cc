#include "admin/api.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "admin/api_json.h"
#include "admin/embedded.h"
#include "admin/metrics.h"

namespace gavel::admin {

struct Route {
  using Handler = Response (Api::*)(const Request&, const Target&);
  Method method;
  std::string_view path;  // "*" stands for one segment
  Handler handler;
  bool open = false;  // needs no key: says nothing about players
  bool waits = false;

  static std::span<const Route> all();
};

std::span<const Route> Route::all() {
  static constexpr Route kRoutes[] = {
      {Method::get, "/health", &Api::get_health, true},
      {Method::get, "/ready", &Api::get_ready, true},
      {Method::get, "/metrics", &Api::get_metrics},
      {Method::get, "/api/v1/openapi.yaml", &Api::get_openapi, true},
      {Method::get, "/api/v1/stats", &Api::get_stats},
      {Method::get, "/api/v1/rooms", &Api::get_rooms},
      {Method::get, "/api/v1/rooms/*", &Api::get_room, false, true},
      {Method::patch, "/api/v1/rooms/*", &Api::patch_room, false, true},
      {Method::get, "/api/v1/rooms/*/messages", &Api::get_messages, false, true},
      {Method::post, "/api/v1/rooms/*/messages", &Api::post_message, false, true},
      {Method::post, "/api/v1/rooms/*/close", &Api::post_close, false, true},
      {Method::post, "/api/v1/rooms/*/members/*/kick", &Api::post_kick, false, true},
      {Method::post, "/api/v1/drain", &Api::post_drain},
      {Method::get, "/", &Api::get_console, true},
      {Method::get, "/console/*", &Api::get_console, true},
  };
  return kRoutes;
}

namespace {

bool fits(std::string_view pattern, const std::vector<std::string>& segments) {
  std::size_t at = 0;
  while (pattern.size() > 1) {
    pattern.remove_prefix(1);
    const std::string_view part = pattern.substr(0, std::min(pattern.find('/'), pattern.size()));
    pattern.remove_prefix(part.size());
    if (at >= segments.size() || (part != "*" && part != segments[at])) return false;
    ++at;
  }
  return at == segments.size();
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      break;
  }
  return "?";
}

Response text(unsigned status, std::string body) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

Response bad_query(std::string_view message) { return error_response(400, "bad_query", message); }

}  // namespace

Api::Api(Source& source, Guard guard, std::function<std::int64_t()> now_ms)
    : source_(source),
      guard_(std::move(guard)),
      now_ms_(std::move(now_ms)),
      started_ms_(now_ms_()),
      board_(source, now_ms_) {}

std::optional<Response> Api::check(const Request& request, Plan& plan) const {
  auto target = parse_target(request.target);
  const Method wanted = request.method == Method::head ? Method::get : request.method;
  std::string allowed;
  bool open = false;
  for (const Route& route : Route::all()) {
    if (!target || !fits(route.path, target->segments)) continue;
    open = route.open;
    if (route.method == wanted) {
      plan.route = &route;
      plan.waits = route.waits;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += name_of(route.method);
    if (route.method == Method::get) allowed += ", HEAD";
  }
  // Who may not ask learns nothing of what is there.
  if (auto refusal = guard_.check(request, open)) return refusal;
  if (!target)
    return error_response(400, "bad_path", "the path or its query is not percent-encoded UTF-8");
  if (allowed.empty()) return error_response(404, "unknown_path", "there is nothing at this path");
  if (plan.route == nullptr) {
    Response response = error_response(405, "unknown_method", "this path takes " + allowed);
    response.headers.emplace_back("Allow", allowed);
    return response;
  }
  if (auto refusal = Guard::check_content_type(request)) return refusal;
  plan.target = std::move(*target);
  return std::nullopt;
}

Response Api::handle(const Request& request, const Plan& plan) {
  return (this->*plan.route->handler)(request, plan.target);
}

Response Api::get_health(const Request&, const Target&) { return text(200, "ok\n"); }

Response Api::get_ready(const Request&, const Target&) {
  std::string reason;
  if (source_.ready(reason)) return text(200, "ready\n");
  return text(503, "not ready: " + reason + "\n");
}

Response Api::get_metrics(const Request&, const Target&) {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body =
      metrics_page(source_.describe(), source_.store(), source_.draining(), source_.totals());
  return response;
}

Response Api::get_stats(const Request&, const Target&) {
  const StatsView view{.facts = source_.describe(),
                       .store = source_.store(),
                       .draining = source_.draining(),
                       .uptime_ms = now_ms_() - started_ms_,
                       .totals = board_.totals()};
  return {.body = stats_json(view)};
}

Response Api::get_rooms(const Request&, const Target& target) {
  constexpr std::size_t kLimitMax = 1000;
  constexpr std::size_t kOffsetMax = 10'000'000;
  RoomQuery query;
  query.filter = target.get("filter").value_or("");
  if (const auto order = target.get("sort")) {
    static constexpr std::array<std::pair<std::string_view, RoomOrder>, 4> kOrders{
        {{"traffic", RoomOrder::traffic},
         {"name", RoomOrder::name},
         {"members", RoomOrder::members},
         {"lag", RoomOrder::lag}}};
    const auto* it = std::find_if(kOrders.begin(), kOrders.end(),
                                  [&](const auto& one) { return one.first == *order; });
    if (it == kOrders.end()) return bad_query("sort: traffic, name, members or lag");
    query.order = it->second;
  }
  if (const auto limit = target.get("limit")) {
    const auto value = parse_number(*limit, kLimitMax);
    if (!value || *value == 0) return bad_query("limit: a number from 1 to 1000");
    query.limit = static_cast<std::size_t>(*value);
  }
  if (const auto offset = target.get("offset")) {
    const auto value = parse_number(*offset, kOffsetMax);
    if (!value) return bad_query("offset: a number from 0 to 10000000");
    query.offset = static_cast<std::size_t>(*value);
  }
  return {.body = rooms_json(board_.rooms(query), query)};
}

Response Api::get_openapi(const Request&, const Target&) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path == "docs/openapi.yaml") {
      return {.content_type = "application/yaml; charset=utf-8", .body = std::string(file.content)};
    }
  }
  return error_response(404, "unknown_path", "there is nothing at this path");
}

Response Api::get_console(const Request&, const Target& target) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{
      {{".html", "text/html; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".svg", "image/svg+xml"}}};
  const std::string path =
      "console/" + (target.segments.empty() ? "index.html" : target.segments.back());
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path != path) continue;
    for (const auto& [ending, type] : kTypes) {
      if (path.ends_with(ending))
        return {.content_type = std::string(type), .body = std::string(file.content)};
    }
  }
  return error_response(404, "unknown_path", "there is nothing at this path");
}

}  // namespace gavel::admin
