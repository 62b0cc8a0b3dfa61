#include "session/session.h"

#include <utility>

#include "room/room.h"
#include "wire/outgoing.h"

namespace gavel::session {

using wire::ErrorCode;

Session::Session(SessionEnv& env, SessionPort& port)
    : env_(&env),
      port_(port),
      message_rate_(env.options->messages_a_second, env.options->messages_burst),
      byte_rate_(env.options->bytes_a_second, env.options->bytes_burst) {}

Session::Next Session::on_text(std::string_view text) {
  ++number_;
  ++env_->counters.messages;
  const auto scanned = env_->scanner.scan(text);
  if (!scanned) {
    refuse_input(scanned.error());
    return Next::go_on;
  }
  const wire::Incoming& message = scanned.value();
  switch (message.kind) {
    case wire::Kind::message:
      return on_message(message, text.size());
    case wire::Kind::join:
      return on_join(message.body);
    case wire::Kind::leave:
      return on_leave();
  }
  return Next::go_on;
}

void Session::on_closed() {
  if (state_ != State::idle) env_->rooms->leave(port_.member());
  state_ = State::idle;
}

// --- room messages ------------------------------------------------------------------------------

Session::Next Session::on_message(const wire::Incoming& message, std::size_t bytes) {
  if (state_ != State::joined) {
    error(ErrorCode::not_joined, message.ref);
    return Next::go_on;
  }
  if (!player_.may_send) {
    error(ErrorCode::read_only, message.ref);
    return Next::go_on;
  }
  if (!within_rate(message, bytes)) return Next::go_on;
  room::Member& member = port_.member();
  switch (member.room()->accept(member, message.ref, message.body, number_)) {
    case room::Accepted::yes:
      ++env_->counters.accepted;
      return Next::go_on;
    case room::Accepted::yes_and_pause:
      ++env_->counters.accepted;
      return Next::pause;
    case room::Accepted::under_way:
      return Next::go_on;
    case room::Accepted::duplicate:
      on_duplicate(message.ref);
      return Next::go_on;
    case room::Accepted::out_of_order:
      error(ErrorCode::out_of_order, message.ref);
      return Next::go_on;
    case room::Accepted::store_unavailable:
      error(ErrorCode::store_unavailable, message.ref);
      return Next::go_on;
  }
  return Next::go_on;
}

bool Session::within_rate(const wire::Incoming& message, std::size_t bytes) {
  const std::int64_t now_ms = env_->rooms->now_ms();
  std::uint64_t retry_after_ms = 0;
  if (!message_rate_.take(1, now_ms)) {
    retry_after_ms = message_rate_.retry_after_ms();
  } else if (!byte_rate_.take(static_cast<double>(bytes), now_ms)) {
    retry_after_ms = byte_rate_.retry_after_ms();
  } else {
    rate_refusals_ = 0;
    return true;
  }
  room::Member& member = port_.member();
  member.room()->refuse_ref(member, message.ref);
  error(ErrorCode::rate_limited, message.ref, retry_after_ms);
  if (++rate_refusals_ >= env_->options->rate_refusals_max) {
    port_.close(wire::CloseCode::rate_limited, "sent faster than allowed, and went on");
  }
  return false;
}

void Session::on_duplicate(Ref ref) {
  ++env_->counters.duplicates;
  env_->out.clear();
  wire::write_duplicate(env_->out, ref);
  port_.send_private(env_->out);
}

void Session::on_refused(Ref ref, std::uint64_t number, room::LogError log_error) {
  const ErrorCode code =
      log_error == room::LogError::full ? ErrorCode::store_full : ErrorCode::store_unavailable;
  count_error(code);
  env_->out.clear();
  wire::write_error(env_->out, {.code = code, .ref = ref, .n = ref ? 0 : number});
  port_.send_private(env_->out);
}

// --- join and leave -----------------------------------------------------------------------------

Session::Next Session::on_join(std::string_view body) {
  if (state_ != State::idle) {
    error(ErrorCode::already_joined, Ref{});
    return Next::go_on;
  }
  auto parsed = wire::parse_join(body, env_->options->join);
  if (!parsed) {
    refuse_input(parsed.error());
    return Next::go_on;
  }
  wire::JoinRequest& request = parsed.value();
  const std::string& token = request.token.empty() ? handshake_token_ : request.token;
  std::string reason;
  auto player = env_->admission->admit(token, request.room, env_->rooms->wall_ms(), reason);
  if (!player) {
    count_error(ErrorCode::unauthorized);
    env_->out.clear();
    wire::write_error(env_->out,
                      {.code = ErrorCode::unauthorized, .message = reason, .n = number_});
    port_.send_private(env_->out);
    port_.close(wire::CloseCode::unauthorized, reason);
    return Next::go_on;
  }
  player_ = std::move(*player);
  spec_ = {};
  spec_.since = request.since.value;
  spec_.latest = request.since_latest;
  if (request.has_epoch) spec_.epoch = request.epoch;
  if (!request.resume.empty()) {
    if (const auto resumed =
            env_->admission->check_resume_token(request.resume, request.room, player_.sub)) {
      spec_.resume = resumed->client;
      spec_.resume_epoch = resumed->epoch;
    }
  }
  spec_.compressed = compressed_;
  spec_.player = player_.sub;
  spec_.address = port_.address();
  spec_.room = std::move(request.room);
  return start_join();
}

Session::Next Session::start_join() {
  target_shard_ = static_cast<unsigned>((static_cast<std::uint64_t>(env_->hash(spec_.room)) >> 32) %
                                        env_->shards);
  state_ = State::joining;
  if (target_shard_ != env_->shard) return Next::move;
  env_->rooms->join(port_.member(), *this, spec_);
  return state_ == State::joining ? Next::wait : Next::go_on;
}

Session::Next Session::arrive(SessionEnv& env) {
  env_ = &env;
  return start_join();
}

void Session::on_joined(const room::Joined& joined) {
  const bool waited = state_ == State::joining;
  state_ = State::joined;
  ++env_->counters.joins;
  if (joined.resumed) ++env_->counters.resumes;
  const std::string resume =
      env_->admission->make_resume_token(spec_.room, joined.epoch, joined.client, player_.sub);
  env_->out.clear();
  wire::write_joined(env_->out, {.client_id = joined.client,
                                 .room = spec_.room,
                                 .epoch = joined.epoch,
                                 .msg_id = joined.last,
                                 .first = joined.first,
                                 .last_ref = joined.last_ref,
                                 .recovered = joined.recovered,
                                 .resumed = joined.resumed,
                                 .resume = resume});
  port_.send_private(env_->out);
  if (waited) port_.resume_input();
}

void Session::on_join_failed(room::JoinError join_error) {
  state_ = State::idle;
  switch (join_error) {
    case room::JoinError::too_many_rooms:
      error(ErrorCode::too_many_rooms, Ref{});
      break;
    case room::JoinError::room_full:
      error(ErrorCode::room_full, Ref{});
      break;
    case room::JoinError::room_locked:
      error(ErrorCode::room_locked, Ref{});
      break;
    case room::JoinError::banned:
      error(ErrorCode::banned, Ref{});
      break;
    case room::JoinError::store_unavailable:
      error(ErrorCode::store_unavailable, Ref{});
      break;
    case room::JoinError::store_corrupt:
      error(ErrorCode::store_corrupt, Ref{});
      break;
  }
  port_.resume_input();
}

Session::Next Session::on_leave() {
  if (state_ != State::joined) {
    error(ErrorCode::not_joined, Ref{});
    return Next::go_on;
  }
  env_->rooms->leave(port_.member());
  state_ = State::idle;
  env_->out.clear();
  wire::write_left(env_->out);
  port_.send_private(env_->out);
  return Next::go_on;
}

// --- errors -------------------------------------------------------------------------------------

void Session::error(ErrorCode code, Ref ref, std::optional<std::uint64_t> retry_after_ms) {
  count_error(code);
  env_->out.clear();
  wire::write_error(
      env_->out,
      {.code = code, .ref = ref, .n = ref ? 0 : number_, .retry_after_ms = retry_after_ms});
  port_.send_private(env_->out);
  after_error(code);
}

void Session::refuse_input(const wire::InputError& input) {
  count_error(input.code);
  env_->out.clear();
  wire::write_error(env_->out, input, number_);
  port_.send_private(env_->out);
  after_error(input.code);
  const bool malformed = input.code == ErrorCode::bad_json || input.code == ErrorCode::too_deep ||
                         input.code == ErrorCode::not_an_object;
  if (malformed && ++bad_messages_ >= env_->options->bad_messages_max) {
    port_.close(wire::CloseCode::policy, "too many messages that are not JSON");
  }
}

void Session::after_error(ErrorCode code) {
  const wire::ErrorInfo& row = wire::info(code);
  if (row.close != wire::CloseCode::none) port_.close(row.close, row.name);
}

void Session::count_error(ErrorCode code) {
  ++env_->counters.errors[static_cast<std::size_t>(code)];
}

}  // namespace gavel::session
