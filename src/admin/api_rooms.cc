// The routes of one room.
#include <nlohmann/json.hpp>
#include <utility>

#include "admin/api.h"
#include "admin/api_json.h"

namespace gavel::admin {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kSafeIntegerMax = (std::uint64_t{1} << 53) - 1;
constexpr std::size_t kHistoryMessagesMax = 1000;
constexpr std::size_t kReasonBytesMax = 100;  // a close frame carries 123 bytes
constexpr std::size_t kMetadataBytesMax = 4096;
constexpr std::uint64_t kBanSecondsMax = 366 * 24 * 3600;
constexpr std::uint64_t kCapacityMax = 1'000'000;

const std::string& room_of(const Target& target) { return target.segments[3]; }

Response refusal(Status status, std::string_view detail = {}) {
  switch (status) {
    case Status::ok:
      break;
    case Status::unknown_room:
      return error_response(404, "unknown_room",
                            "nobody is in this room, and nothing of it is kept");
    case Status::unknown_member:
      return error_response(404, "unknown_member", "no member has this client_id now");
    case Status::bad_room_name:
      return error_response(400, "bad_room",
                            "a room's name has 1 to 128 bytes without control characters");
    case Status::bad_message:
      return error_response(400, "bad_message", detail);
    case Status::too_many_rooms:
      return error_response(503, "too_many_rooms",
                            "the server has as many rooms open as it may have");
    case Status::too_many_rules:
      return error_response(503, "too_many_rules",
                            "as many rooms have settings or bans as may have; take some off");
    case Status::store_unavailable:
      return error_response(503, "store_unavailable", "the store is away, and nothing can be kept");
    case Status::store_full:
      return error_response(507, "store_full", "the store has no space left");
    case Status::store_corrupt:
      return error_response(500, "store_corrupt",
                            "what the store holds of this room can't be read; the log says more");
    case Status::timed_out:
      return error_response(
          504, "timed_out",
          "the store has not answered in time; what was asked for may still happen");
  }
  return error_response(500, "internal", "an answer without a reason");
}

Response bad_body(std::string_view message) { return error_response(400, "bad_body", message); }

// Takes the fields of a JSON object one by one; what is wrong with it is said once, the first
// thing.
class Fields {
 public:
  explicit Fields(const std::string& body) {
    json_ = body.empty() ? Json::object() : Json::parse(body, nullptr, false);
    if (json_.is_discarded())
      error_ = "the body is not JSON";
    else if (!json_.is_object())
      error_ = "the body must be a JSON object";
  }
  bool take_text(const char* name, std::size_t bytes_max, std::string& out) {
    const Json* value = take(name);
    if (value == nullptr) return false;
    if (!value->is_string() || value->get_ref<const std::string&>().size() > bytes_max) {
      return fail(std::string(name) + " must be a string of at most " + std::to_string(bytes_max) +
                  " bytes");
    }
    out = value->get<std::string>();
    return true;
  }
  bool take_bool(const char* name, bool& out) {
    const Json* value = take(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return fail(std::string(name) + " must be true or false");
    out = value->get<bool>();
    return true;
  }
  bool take_number(const char* name, std::uint64_t max, std::uint64_t& out) {
    const Json* value = take(name);
    if (value == nullptr) return false;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > max) {
      return fail(std::string(name) + " must be a whole number from 0 to " + std::to_string(max));
    }
    out = value->get<std::uint64_t>();
    return true;
  }
  bool take_object(const char* name, std::size_t bytes_max, std::string& out) {
    const Json* value = take(name);
    if (value == nullptr) return false;
    std::string text = value->dump(-1, ' ', false, Json::error_handler_t::replace);
    if (!value->is_object() || text.size() > bytes_max) {
      return fail(std::string(name) + " must be an object of at most " + std::to_string(bytes_max) +
                  " bytes");
    }
    out = value->empty() ? std::string() : std::move(text);
    return true;
  }
  // Empty when all was well and nothing is left that nobody asked for.
  std::string error() const {
    if (error_.empty() && taken_ < json_.size())
      return "the body has a field that is not known here";
    return error_;
  }

 private:
  const Json* take(const char* name) {
    if (!error_.empty()) return nullptr;
    const auto it = json_.find(name);
    if (it == json_.end()) return nullptr;
    ++taken_;
    return &*it;
  }
  bool fail(std::string error) {
    error_ = std::move(error);
    return false;
  }

  Json json_;
  std::size_t taken_ = 0;
  std::string error_;
};

// What comes of a publish, for whoever asks again under the same key.
void note_outcome(Idempotency& keys, const std::string& key, Status status,
                  const Published& published) {
  if (key.empty()) return;
  if (status == Status::ok) {
    keys.finish(key, {.status = 201, .body = published_json(published)});
  } else {
    keys.forget(key);  // certainly not kept
  }
}

}  // namespace

Response Api::get_room(const Request&, const Target& target) {
  RoomView view;
  const Status status = source_.room(room_of(target), view);
  if (status != Status::ok) return refusal(status);
  std::int64_t window_ms = 0;
  const Rates rates = board_.room_rates(view.room, window_ms);
  return {.body = room_json(view, rates, window_ms)};
}

Response Api::patch_room(const Request& request, const Target& target) {
  Fields fields(request.body);
  RoomChange change;
  std::uint64_t capacity = 0;
  bool locked = false;
  std::string metadata;
  if (fields.take_number("capacity", kCapacityMax, capacity)) change.capacity = capacity;
  if (fields.take_bool("locked", locked)) change.locked = locked;
  if (fields.take_object("metadata", kMetadataBytesMax, metadata)) change.metadata = metadata;
  if (const std::string error = fields.error(); !error.empty()) return bad_body(error);
  RoomSettings settings;
  const Status status = source_.set_room(room_of(target), change, settings);
  if (status != Status::ok) return refusal(status);
  return {.body = settings_json(settings)};
}

Response Api::get_messages(const Request&, const Target& target) {
  HistoryQuery query;
  if (const auto after = target.get("after")) {
    const auto value = parse_number(*after, kSafeIntegerMax);
    if (!value) return error_response(400, "bad_query", "after: a msg_id, or 0");
    query.after = *value;
  }
  if (const auto limit = target.get("limit")) {
    const auto value = parse_number(*limit, kHistoryMessagesMax);
    if (!value || *value == 0)
      return error_response(400, "bad_query", "limit: a number from 1 to 1000");
    query.limit = static_cast<std::size_t>(*value);
  }
  if (const auto last = target.get("last")) {
    const auto value = parse_number(*last, kHistoryMessagesMax);
    if (!value || *value == 0 || target.get("after")) {
      return error_response(400, "bad_query",
                            "last: a number from 1 to 1000, and not together with after");
    }
    query.last = *value;
    query.limit = static_cast<std::size_t>(*value);
  }
  HistoryPage page;
  const Status status = source_.history(room_of(target), query, page);
  if (status != Status::ok) return refusal(status);
  return {.body = history_json(page)};
}

Response Api::post_message(const Request& request, const Target& target) {
  const std::string& key = request.idempotency_key;
  if (key.size() > Idempotency::kKeyBytesMax) {
    return error_response(400, "bad_key", "Idempotency-Key: at most 128 bytes");
  }
  const bool create = target.get("create") == "true";
  // The room's name stands in front, with its length: no two pairs of room and key look alike.
  const std::string full_key = std::to_string(room_of(target).size()) + ":" + room_of(target) + key;
  Response answer;
  if (!key.empty()) {
    switch (published_->start(full_key, request.body, now_ms_(), answer)) {
      case Idempotency::Start::go:
        break;
      case Idempotency::Start::repeat:
        answer.headers.emplace_back("Idempotent-Replayed", "true");
        return answer;
      case Idempotency::Start::under_way:
        return error_response(409, "under_way",
                              "a request with this Idempotency-Key is being worked on");
      case Idempotency::Start::other:
        return error_response(422, "key_reused",
                              "this Idempotency-Key was used for another message");
      case Idempotency::Start::full:
        return error_response(503, "busy", "too many keys are being worked on");
    }
  }
  Published published;
  const auto late = [keys = published_, key_or_none = key.empty() ? std::string() : full_key](
                        Status status, const Published& outcome) {
    note_outcome(*keys, key_or_none, status, outcome);
  };
  const Status status = source_.publish(room_of(target), request.body, create, published, late);
  // Where the time is over the key stays under way until the store says what became of it.
  if (status != Status::timed_out) late(status, published);
  if (status != Status::ok) return refusal(status, published.detail);
  return {.status = 201, .body = published_json(published)};
}

Response Api::post_kick(const Request& request, const Target& target) {
  Kick kick;
  const auto client = parse_number(target.segments[5], UINT64_MAX);
  if (!client) return error_response(400, "bad_client_id", "a client_id is a number");
  kick.client_id = *client;
  Fields fields(request.body);
  std::uint64_t seconds = 0;
  fields.take_text("reason", kReasonBytesMax, kick.reason);
  if (fields.take_number("ban_seconds", kBanSecondsMax, seconds)) {
    kick.ban_ms = static_cast<std::int64_t>(seconds) * 1000;
  }
  if (const std::string error = fields.error(); !error.empty()) return bad_body(error);
  Kicked kicked;
  const Status status = source_.kick(room_of(target), kick, kicked);
  if (status != Status::ok) return refusal(status);
  return {.body = kicked_json(kick, kicked)};
}

Response Api::post_close(const Request& request, const Target& target) {
  Fields fields(request.body);
  std::string reason;
  bool lock = false;
  fields.take_text("reason", kReasonBytesMax, reason);
  fields.take_bool("lock", lock);
  if (const std::string error = fields.error(); !error.empty()) return bad_body(error);
  std::uint64_t members = 0;
  const Status status = source_.close_room(room_of(target), reason, lock, members);
  if (status != Status::ok) return refusal(status);
  return {.body = closed_json(members, lock)};
}

Response Api::post_drain(const Request& request, const Target&) {
  const Fields fields(request.body);
  if (const std::string error = fields.error(); !error.empty()) return bad_body(error);
  source_.drain();
  return {.status = 202, .body = "{\"draining\":true}"};
}

}  // namespace gavel::admin
