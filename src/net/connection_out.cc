// The way out of a connection: the room's span and what is private, one send at a time, and how a
// connection ends.
#include <algorithm>
#include <array>
#include <utility>

#include "net/connection.h"
#include "net/gateway.h"
#include "net/http.h"
#include "room/room.h"
#include "ws/deflate.h"
#include "ws/frame.h"

namespace gavel::net {
namespace {

constexpr int kPartsMax = 16;

struct EndingCode {
  wire::CloseCode code;
  std::string_view text;
};

EndingCode code_of(room::Ending ending) {
  switch (ending) {
    case room::Ending::replaced:
      return {wire::CloseCode::replaced, "joined again on a newer connection"};
    case room::Ending::behind_retention:
      return {wire::CloseCode::too_slow, "read too slowly: what comes next is no longer kept"};
    case room::Ending::store_unavailable:
      return {wire::CloseCode::store_unavailable, "the store is away"};
    case room::Ending::store_corrupt:
      return {wire::CloseCode::internal_error, "the room's log can't be read"};
    case room::Ending::epoch_changed:
      return {wire::CloseCode::epoch_changed, "epoch changed"};
    case room::Ending::kicked:
      return {wire::CloseCode::kicked, "kicked"};
    case room::Ending::banned:
      return {wire::CloseCode::banned, "banned"};
    case room::Ending::room_closed:
      return {wire::CloseCode::kicked, "the room was closed"};
  }
  return {wire::CloseCode::internal_error, {}};
}

}  // namespace

void Connection::queue_frame(ws::Opcode opcode, std::string_view payload, bool compressed) {
  if (state_ == State::dead || state_ == State::lingering) return;
  const std::size_t header = ws::frame_header_bytes(payload.size());
  const std::size_t at = private_.size();
  private_.resize(at + header);
  ws::encode_frame_header(private_.data() + at, opcode, payload.size(), compressed);
  private_.append(payload);
  const std::size_t bound =
      is_echo_ ? gateway_->options().echo_bytes_max : gateway_->options().private_bytes_max;
  if (private_.size() - private_at_ > bound) holds_ |= hold_output;
  gateway_->list_dirty(*this);
}

void Connection::send_private(std::string_view json) {
  if (state_ == State::open) queue_frame(ws::Opcode::text, json);
}

void Connection::finish_frame(std::string_view rest) { private_.insert(private_at_, rest); }

void Connection::ended(room::Ending ending, std::string_view reason) {
  session_->on_ended();
  const EndingCode code = code_of(ending);
  close(code.code, reason.empty() ? code.text : reason);
}

void Connection::close(wire::CloseCode code, std::string_view reason) {
  if (state_ != State::open) return;
  if (session_) session_->on_closed();
  gateway_->count_close(wire::number(code), true);
  char frame[ws::kControlPayloadMax];
  const std::size_t size = ws::encode_close(wire::number(code), reason, std::span<char>(frame));
  queue_frame(ws::Opcode::close, {frame, size});
  state_ = State::closing;
  holds_ = 0;
  pending_in_.clear();
  goodbye_ = wire::CloseCode::none;
  close_by_ms_ = gateway_->now_ms() + gateway_->options().close_timeout_ms;
  gateway_->set_deadline(*this, close_by_ms_);
  gateway_->list_ready(*this);
}

void Connection::say_goodbye(wire::CloseCode code, std::string_view reason) {
  if (state_ == State::handshake) {
    kill();
    return;
  }
  if (state_ != State::open) return;
  goodbye_ = code;
  goodbye_reason_.assign(reason);
  holds_ |= hold_goodbye;
  gateway_->list_dirty(*this);
}

void Connection::flush() {
  if ((holds_ & hold_store) != 0) release(hold_store);
  if (blocked_ || failed_ || state_ == State::dead) return;
  pump();
}

void Connection::pump() {
  bool blocked = false;
  while (send_some(blocked)) {
  }
  if (failed_) {
    gateway_->list_dirty(*this);
    return;
  }
  if (blocked) {
    blocked_ = true;
    return;
  }
  after_flush();
}

// One send: the room's span, or what is private, behind the frame that was begun. True while there
// may be more.
bool Connection::send_some(bool& blocked) {
  std::array<iovec, kPartsMax> parts;
  int count = 0;
  std::size_t room_bytes = 0;
  if (has_pong_ && !has_output()) {
    has_pong_ = false;
    queue_frame(ws::Opcode::pong, pong_);
  }
  if (has_output()) {
    room_bytes = private_at_ == 0 ? member_.frame_rest() : 0;
    if (room_bytes != 0) {
      count = member_.spans(parts.data(), 1);
      parts[0].iov_len = room_bytes;
    }
    parts[static_cast<std::size_t>(count++)] = {private_.data() + private_at_,
                                                private_.size() - private_at_};
  } else {
    count = member_.spans(parts.data(), kPartsMax);
    for (int i = 0; i < count; ++i) room_bytes += parts[static_cast<std::size_t>(i)].iov_len;
  }
  if (count == 0) return false;
  std::size_t wanted = 0;
  for (int i = 0; i < count; ++i) wanted += parts[static_cast<std::size_t>(i)].iov_len;
  const IoResult sent = socket_->send(parts.data(), count);
  if (sent.status == IoStatus::failed) {
    failed_ = true;
    return false;
  }
  if (sent.status == IoStatus::ok) note_sent(sent.bytes, std::min(room_bytes, sent.bytes));
  blocked = sent.status == IoStatus::would_block || sent.bytes < wanted;
  return !blocked;
}

void Connection::note_sent(std::size_t bytes, std::size_t room_bytes) {
  sent_total_ += bytes;
  gateway_->counters().bytes_out += bytes;
  if (room_bytes != 0) member_.sent(room_bytes);
  private_at_ += bytes - room_bytes;
  if (private_at_ != private_.size() || private_at_ == 0) return;
  private_at_ = 0;
  constexpr std::size_t kKeepBytes = 1024;
  if (private_.capacity() > kKeepBytes) {
    private_ = std::string();
  } else {
    private_.clear();
  }
  if ((holds_ & hold_output) != 0) release(hold_output);
}

// Everything that was at hand has been sent.
void Connection::after_flush() {
  if (goodbye_ != wire::CloseCode::none && state_ == State::open && !member_.paging()) {
    close(std::exchange(goodbye_, wire::CloseCode::none), goodbye_reason_);
    return;  // the close frame goes out with the connection's own place in this turn's list
  }
  if (state_ != State::closing) return;
  if (input_over_) {
    failed_ = true;
    gateway_->list_dirty(*this);
  } else if (peer_closed_ || is_http_) {
    start_lingering();
  }
}

// RFC 6455 7.1.1: the server ends TCP first. What the peer has sent meanwhile is read, or the
// kernel answers with a reset that overtakes our last bytes.
void Connection::start_lingering() {
  state_ = State::lingering;
  holds_ = 0;
  socket_->shutdown_write();
  close_by_ms_ = gateway_->now_ms() + gateway_->options().close_timeout_ms;
  gateway_->set_deadline(*this, close_by_ms_);
  gateway_->list_ready(*this);
}

void Connection::kill() {
  if (state_ == State::dead) return;
  if (session_) session_->on_closed();
  if (state_ == State::open) gateway_->count_close(1006, false);
  state_ = State::dead;
  gateway_->bury(*this);
}

void Connection::bury_if_failed() {
  if (failed_) kill();
}

std::string Connection::describe() const {
  return "state " + std::to_string(static_cast<int>(state_)) + ", holds " + std::to_string(holds_) +
         (blocked_ ? ", blocked" : "") + (failed_ ? ", failed" : "") +
         (listed_ready_ ? ", ready" : "") + (member_.paging() ? ", paging" : "") + ", private " +
         std::to_string(private_.size() - private_at_) + ", held back " +
         std::to_string(pending_in_.size()) + ", next " + std::to_string(member_.next().value);
}

}  // namespace gavel::net
