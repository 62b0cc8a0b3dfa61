// The routes of the admin address: which path and method does what. docs/openapi.yaml describes
// them, tests/admin compares the two. Any thread; what may wait for the store says so
// (Plan::waits).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/board.h"
#include "admin/guard.h"
#include "admin/http_types.h"
#include "admin/idempotency.h"
#include "admin/source.h"
#include "admin/target.h"

namespace gavel::admin {

struct Route;

// What is to be done for a request, known from its head alone.
struct Plan {
  const Route* route = nullptr;
  Target target;
  bool waits = false;  // may wait for the store: not on the thread that answers health and metrics
};

class Api {
 public:
  // `now_ms`: a steady clock.
  Api(Source& source, Guard guard, std::function<std::int64_t()> now_ms);

  // Checks the head of a request, before its body is read. The refusal, or nothing and the plan.
  std::optional<Response> check(const Request& request, Plan& plan) const;
  // With the body.
  Response handle(const Request& request, const Plan& plan);

 private:
  friend struct Route;

  Response get_health(const Request& request, const Target& target);
  Response get_ready(const Request& request, const Target& target);
  Response get_metrics(const Request& request, const Target& target);
  Response get_stats(const Request& request, const Target& target);
  Response get_rooms(const Request& request, const Target& target);
  Response get_room(const Request& request, const Target& target);
  Response patch_room(const Request& request, const Target& target);
  Response get_messages(const Request& request, const Target& target);
  Response post_message(const Request& request, const Target& target);
  Response post_kick(const Request& request, const Target& target);
  Response post_close(const Request& request, const Target& target);
  Response post_drain(const Request& request, const Target& target);
  Response get_openapi(const Request& request, const Target& target);
  Response get_console(const Request& request, const Target& target);

  Source& source_;
  const Guard guard_;
  std::function<std::int64_t()> now_ms_;
  const std::int64_t started_ms_;
  Board board_;
  // Shared with publishes whose answer comes late, maybe after this.
  const std::shared_ptr<Idempotency> published_ = std::make_shared<Idempotency>();
};

}  // namespace gavel::admin
