#include "net/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/gateway.h"
#include "net/http.h"
#include "room/room.h"
#include "ws/deflate.h"
#include "ws/frame.h"

namespace gavel::net {

Connection::Connection(Gateway& gateway, std::unique_ptr<Socket> socket, std::string address)
    : gateway_(&gateway),
      socket_(std::move(socket)),
      address_(std::move(address)),
      opened_ms_(gateway.now_ms()),
      join_by_ms_(opened_ms_ + gateway.options().handshake_timeout_ms),
      heard_ms_(opened_ms_),
      handshake_(std::make_unique<ws::HandshakeParser>()),
      member_(*this) {}

Connection::~Connection() {
  if (session_) session_->on_closed();
}

// --- in -----------------------------------------------------------------------------------------

void Connection::on_events(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (!socket_->on_writable()) failed_ = true;
    if (blocked_ || failed_) gateway_->list_dirty(*this);
    blocked_ = false;
  }
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    input_ending_ = true;
    // Nobody will read the socket while the input is held: a peer that is gone must be seen all the
    // same.
    if (held() && (events & (EPOLLHUP | EPOLLERR)) != 0) {
      failed_ = true;
      gateway_->list_dirty(*this);
    }
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) gateway_->list_ready(*this);
}

void Connection::read() {
  if (held() || state_ == State::dead) return;
  if (!pending_in_.empty()) {
    std::string bytes = std::exchange(pending_in_, {});
    consume({bytes.data(), bytes.size()});
    if (held() || !pending_in_.empty() || state_ == State::dead) return;
  }
  const std::span<char> buffer = gateway_->receive_buffer();
  const IoResult got = socket_->recv(buffer.data(), buffer.size());
  switch (got.status) {
    case IoStatus::would_block:
      // TLS bounds what it does a turn: nothing for us yet, but more to read.
      if (!got.drained) gateway_->list_ready(*this);
      return;
    case IoStatus::closed:
      on_input_ended();
      return;
    case IoStatus::failed:
      kill();
      return;
    case IoStatus::ok:
      break;
  }
  gateway_->counters().bytes_in += got.bytes;
  heard_ms_ = gateway_->now_ms();
  ping_out_ = false;
  // Before the bytes are handled: they may take this connection to another shard.
  // (An end that was announced together with the last bytes gives no edge of its own.)
  if (!got.drained || input_ending_) gateway_->list_ready(*this);
  consume(buffer.first(got.bytes));
}

void Connection::consume(std::span<char> in) {
  if (state_ == State::lingering || state_ == State::dead || is_http_) return;
  if (state_ == State::handshake) consume_handshake(in);
  if (decoder_ && !in.empty()) consume_frames(in);
}

void Connection::keep_rest(std::span<char> in) {
  if (!in.empty()) pending_in_.assign(in.data(), in.size());
}

void Connection::consume_handshake(std::span<char>& in) {
  std::string_view rest(in.data(), in.size());
  const auto status = handshake_->feed(rest);
  in = in.last(rest.size());
  if (status == ws::HandshakeParser::Status::incomplete) return;
  HttpReply reply = gateway_->answer(*handshake_, address_);
  if (!reply.upgrade) {
    is_http_ = true;
    reply_http(std::move(reply.bytes), false);
    return;
  }
  is_echo_ = reply.echo;
  compressed_ = reply.deflate;
  ws::DecoderOptions options;
  options.message_bytes_max =
      is_echo_ ? gateway_->options().echo_bytes_max : gateway_->options().message_bytes_max;
  options.fragments_max = is_echo_ ? 1'000'000 : gateway_->options().fragments_max;
  options.allow_binary = is_echo_;
  options.deflate = compressed_;
  decoder_ = std::make_unique<ws::Decoder>(options);
  if (!is_echo_) start_session();
  if (session_) session_->set_handshake_token(std::move(reply.token));
  handshake_.reset();
  state_ = State::open;
  gateway_->set_deadline(*this, first_check_ms());
  reply_http(std::move(reply.bytes), true);
}

void Connection::start_session() {
  session_ = std::make_unique<session::Session>(gateway_->session_env(), *this);
  session_->set_compressed(compressed_);
}

void Connection::reply_http(std::string response, bool upgraded) {
  private_ += response;
  gateway_->list_dirty(*this);
  if (upgraded) return;
  state_ = State::closing;
  close_by_ms_ = gateway_->now_ms() + gateway_->options().handshake_timeout_ms;
  gateway_->set_deadline(*this, close_by_ms_);
}

void Connection::consume_frames(std::span<char>& in) {
  std::size_t budget = gateway_->options().turn_messages_max;
  while (state_ == State::open || state_ == State::closing) {
    if (budget == 0 && state_ == State::open) {
      keep_rest(in);
      if (!in.empty()) gateway_->list_ready(*this);
      return;
    }
    const ws::Event event = decoder_->next(in);
    switch (event) {
      case ws::Event::need_more:
        return;
      case ws::Event::error:
        on_protocol_error();
        return;
      case ws::Event::close:
        on_peer_close();
        return;
      case ws::Event::pong:
        break;
      case ws::Event::ping:
        on_ping(decoder_->payload());
        break;
      case ws::Event::binary:
      case ws::Event::text:
        if (state_ != State::open) break;
        --budget;
        if (is_echo_) {
          echo(event, decoder_->payload());
        } else if (!on_text(decoder_->payload(), in)) {
          return;
        }
        break;
    }
    if (held()) {
      keep_rest(in);
      return;
    }
  }
}

// False when the rest of `in` has been taken care of.
bool Connection::on_text(std::string_view text, std::span<char>& in) {
  switch (session_->on_text(text)) {
    case session::Session::Next::go_on:
      return true;
    case session::Session::Next::wait:
      holds_ |= hold_join;
      return true;
    case session::Session::Next::pause:
      holds_ |= hold_store;
      return true;
    case session::Session::Next::move:
      keep_rest(in);
      gateway_->move(*this, session_->target_shard());
      return false;
  }
  return true;
}

void Connection::arrive(Gateway& gateway) {
  gateway_ = &gateway;
  if (session_->arrive(gateway.session_env()) == session::Session::Next::wait) holds_ |= hold_join;
  gateway_->list_ready(*this);
  gateway_->list_dirty(*this);
}

void Connection::on_ping(std::string_view payload) {
  if (state_ != State::open) return;
  // A peer that does not read gets one pong when it does, the newest (RFC 6455 5.5.3).
  if (blocked_ || private_.size() - private_at_ > gateway_->options().private_bytes_max / 2) {
    pong_.assign(payload);
    has_pong_ = true;
    return;
  }
  queue_frame(ws::Opcode::pong, payload);
}

void Connection::on_peer_close() {
  peer_closed_ = true;
  if (state_ == State::closing) {
    gateway_->list_dirty(*this);
    return;
  }
  const std::uint16_t code = decoder_->close_code();
  // The peer's code comes back to it; 1005 is "none was sent".
  if (session_) session_->on_closed();
  gateway_->count_close(code, false);
  char frame[ws::kControlPayloadMax];
  const std::size_t size = code == 1005 ? 0 : ws::encode_close(code, {}, std::span<char>(frame));
  queue_frame(ws::Opcode::close, {frame, size});
  state_ = State::closing;
  close_by_ms_ = gateway_->now_ms() + gateway_->options().close_timeout_ms;
  gateway_->set_deadline(*this, close_by_ms_);
}

void Connection::on_protocol_error() {
  const ws::DecodeError error = decoder_->error();
  // Whoever breaks the protocol can't be expected to answer our close frame (RFC 6455 7.1.7).
  peer_closed_ = true;
  close(static_cast<wire::CloseCode>(error.close_code), error.text);
}

// The peer sends nothing more. Where it has asked for something that ends the connection anyway (a
// plain HTTP request, a close), it gets its answer; else what it is sent is of no use to it:
// browsers and engines close both ways.
void Connection::on_input_ended() {
  if (state_ == State::closing && has_output() && !failed_) {
    input_over_ = true;
    gateway_->list_dirty(*this);
    return;
  }
  kill();
}

void Connection::echo(ws::Event event, std::string_view payload) {
  const ws::Opcode opcode = event == ws::Event::text ? ws::Opcode::text : ws::Opcode::binary;
  if (compressed_) {
    std::string deflated;
    if (gateway_->deflater().compress(payload, deflated)) {
      queue_frame(opcode, deflated, true);
      return;
    }
  }
  queue_frame(opcode, payload);
}

void Connection::resume_input() { release(hold_join); }

void Connection::release(Hold hold) {
  if ((holds_ & hold) == 0) return;
  holds_ = static_cast<std::uint8_t>(holds_ & ~hold);
  heard_ms_ = gateway_->now_ms();
  if (!held()) gateway_->list_ready(*this);
}

// --- time ---------------------------------------------------------------------------------------

// Does a peer that was backed up when we last looked take what is sent to it? Acknowledged counts,
// not what our kernel took. That the peer's kernel takes a ping into an empty buffer says nothing
// about the player behind it.
bool Connection::makes_progress() {
  const std::uint64_t outstanding = std::min<std::uint64_t>(sent_total_, socket_->unacknowledged());
  const std::uint64_t acknowledged = sent_total_ - outstanding;
  const bool progress = backed_up_ && acknowledged > acknowledged_;
  acknowledged_ = acknowledged;
  backed_up_ = outstanding != 0;
  return progress;
}

// When liveness is to be looked at next, as long as nothing comes.
std::int64_t Connection::first_check_ms() const {
  return std::min(join_by_ms_, gateway_->now_ms() + gateway_->options().ping_interval_ms);
}

void Connection::on_deadline() {
  switch (state_) {
    case State::handshake:
      if (handshake_->started()) {
        is_http_ = true;
        reply_http(request_timeout_response(), false);
        return;
      }
      kill();
      return;
    case State::closing:
      if (!has_output() && !blocked_) {
        start_lingering();
        return;
      }
      [[fallthrough]];
    case State::lingering:
      // A close that can't drain is a reset: the kernel must not keep our bytes for a peer that
      // takes none.
      if (socket_->unacknowledged() != 0) socket_->reset_on_close();
      kill();
      return;
    case State::open:
      check_liveness();
      return;
    case State::dead:
      return;
  }
}

void Connection::check_liveness() {
  const std::int64_t now_ms = gateway_->now_ms();
  const GatewayOptions& options = gateway_->options();
  const bool joined = session_ == nullptr || session_->state() == session::Session::State::joined;
  if (was_joined_ && !joined) join_by_ms_ = now_ms + options.join_timeout_ms;
  was_joined_ = joined;
  if (!joined && now_ms >= join_by_ms_) {
    close(wire::CloseCode::policy, "did not join a room in time");
    return;
  }
  if (session_ && session_->expires_ms() != 0 && gateway_->wall_ms() >= session_->expires_ms()) {
    close(wire::CloseCode::unauthorized, "the token has expired");
    return;
  }
  // An edge may have been lost to a kernel that was short of memory (ENOBUFS): try again.
  if (blocked_) {
    blocked_ = false;
    gateway_->list_dirty(*this);
  }
  // Alive is who sends, and who still takes what is sent to it: a pong may stand behind a megabyte
  // of game. While we hold its input ourselves, its silence says nothing.
  if (makes_progress() || (held() && (holds_ & hold_output) == 0)) {
    heard_ms_ = now_ms;
    ping_out_ = false;
  }
  const std::int64_t quiet_ms = now_ms - heard_ms_;
  if (ping_out_ && quiet_ms >= options.ping_interval_ms + options.ping_timeout_ms) {
    const bool stuck = (holds_ & hold_output) != 0;
    close(stuck ? wire::CloseCode::policy : wire::CloseCode::no_sign_of_life,
          stuck ? "did not read its answers" : "no sign of life");
    return;
  }
  std::int64_t next_ms = heard_ms_ + options.ping_interval_ms;
  if (quiet_ms >= options.ping_interval_ms) {
    if (!std::exchange(ping_out_, true) && !blocked_) queue_frame(ws::Opcode::ping, {});
    next_ms = heard_ms_ + options.ping_interval_ms + options.ping_timeout_ms;
  }
  if (!joined) next_ms = std::min(next_ms, join_by_ms_);
  gateway_->set_deadline(*this, std::max(next_ms, now_ms + 100));
}

}  // namespace gavel::net
