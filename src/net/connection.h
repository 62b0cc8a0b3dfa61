// One socket and the player behind it: bytes to frames to messages on the way in; the room's bytes
// and private frames on the way out. Lives on one shard at a time and is owned by its Gateway;
// moves to its room's shard at join, whole.
//
// 1. Private frames (joined, errors, pongs, close) go out between two frames of the room, never
// inside one.
// 2. Nothing that is called from a room's side destroys a connection or makes its socket read: that
// is noted, and done
//    at the turn's end. So a room may walk its members while it flushes them.
// 3. What came while the input is held (a join under way, a room that waits for its store, an
// answer buffer that is
//    full) waits in pending_in_ or in the kernel; TCP pushes back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/gateway_options.h"
#include "net/socket.h"
#include "room/delivery.h"
#include "room/member.h"
#include "session/session.h"
#include "shard/event_loop.h"
#include "wire/codes.h"
#include "ws/decoder.h"
#include "ws/handshake.h"

namespace gavel::net {

class Gateway;

class Connection final : public shard::FdHandler,
                         public room::Delivery,
                         public session::SessionPort {
 public:
  // `address`: the peer's, for logs and limits.
  Connection(Gateway& gateway, std::unique_ptr<Socket> socket, std::string address);
  ~Connection() override;

  enum class State : std::uint8_t {
    handshake,  // the HTTP request comes
    open,
    closing,    // our close frame is on its way, or waits for the peer's
    lingering,  // nothing more to send; what still comes is thrown away until the peer ends, too
    dead,       // to be destroyed at the turn's end
  };
  State state() const { return state_; }
  int fd() const { return socket_->fd(); }
  std::int64_t opened_ms() const { return opened_ms_; }
  // The token's subject; empty without one, and before the join.
  std::string_view player() const {
    return session_ ? std::string_view(session_->player().sub) : std::string_view();
  }
  session::Session* session() { return session_.get(); }
  const room::Member& peer_member() const { return member_; }

  // Reads what is there, up to a turn's budget, and handles it.
  void read();
  // The time that was asked for with Gateway::set_deadline() has come.
  void on_deadline();
  // Delivers what the room has shown so far, then closes.
  void say_goodbye(wire::CloseCode code, std::string_view reason);
  // The socket failed while a room was flushing: noted then, ends now.
  void bury_if_failed();
  // On the new shard: goes on with the join.
  void arrive(Gateway& gateway);
  // Its state in a line, for logs and for a simulation that failed.
  std::string describe() const;
  // Gone at once, without a close frame.
  void kill();

  // FdHandler
  void on_events(std::uint32_t events) override;
  // Delivery
  void flush() override;
  void ended(room::Ending ending, std::string_view reason) override;
  void finish_frame(std::string_view rest) override;
  // SessionPort
  void send_private(std::string_view json) override;
  void close(wire::CloseCode code, std::string_view reason) override;
  void resume_input() override;
  room::Member& member() override { return member_; }
  const std::string& address() const override { return address_; }

 private:
  friend class Gateway;

  enum Hold : std::uint8_t { hold_join = 1, hold_store = 2, hold_output = 4, hold_goodbye = 8 };

  bool held() const { return holds_ != 0; }
  void release(Hold hold);
  void consume(std::span<char> in);
  void consume_handshake(std::span<char>& in);
  void consume_frames(std::span<char>& in);
  bool on_text(std::string_view text, std::span<char>& in);
  void on_ping(std::string_view payload);
  void on_peer_close();
  void on_protocol_error();
  void on_input_ended();
  void echo(ws::Event event, std::string_view payload);
  void reply_http(std::string response, bool upgraded);
  void start_session();
  void queue_frame(ws::Opcode opcode, std::string_view payload, bool compressed = false);
  void keep_rest(std::span<char> in);

  void pump();
  bool send_some(bool& blocked);
  void note_sent(std::size_t bytes, std::size_t room_bytes);
  void after_flush();
  void start_lingering();
  bool has_output() const { return private_at_ < private_.size(); }
  bool makes_progress();
  std::int64_t first_check_ms() const;
  void check_liveness();

  Gateway* gateway_;
  std::unique_ptr<Socket> socket_;
  std::string address_;
  State state_ = State::handshake;
  std::uint8_t holds_ = 0;
  bool blocked_ = false;  // the socket takes no more; wait for its edge
  bool failed_ = false;
  bool listed_ready_ = false;
  bool listed_dirty_ = false;
  bool is_http_ = false;  // a plain HTTP answer, no WebSocket
  bool is_echo_ = false;
  bool compressed_ = false;
  bool ping_out_ = false;  // a ping waits for a sign of life
  bool peer_closed_ = false;
  bool has_pong_ = false;      // pong_ waits for the socket
  bool input_ending_ = false;  // the peer ends, perhaps behind bytes that are still to be read
  bool input_over_ = false;    // … and it was read to its end
  bool backed_up_ = false;     // bytes were unacknowledged when liveness was last looked at
  bool was_joined_ = false;    // when liveness was last looked at
  wire::CloseCode goodbye_ = wire::CloseCode::none;
  std::string goodbye_reason_;

  std::size_t index_ = 0;  // its place in the gateway
  std::int64_t opened_ms_ = 0;
  std::int64_t join_by_ms_ = 0;  // joined by then, or closed
  std::int64_t heard_ms_ = 0;    // the last sign of life
  std::int64_t close_by_ms_ = 0;
  std::uint64_t sent_total_ = 0;
  std::uint64_t acknowledged_ = 0;  // of sent_total_, when it was last looked at

  std::unique_ptr<ws::HandshakeParser> handshake_;  // until it is done
  std::unique_ptr<ws::Decoder> decoder_;
  room::Member member_;
  std::unique_ptr<session::Session> session_;
  std::string pending_in_;
  std::string private_;
  std::size_t private_at_ = 0;
  std::string pong_;
};

}  // namespace gavel::net
