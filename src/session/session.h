// One connected player: who it is, what it may, whether it is within its limits. Takes the text
// messages of a connection, and talks to the room for it. No socket, no clock, no thread: what it
// needs of the outside comes through SessionPort and SessionEnv. Owned by its connection; the
// thread of the shard that the connection is on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "room/rooms.h"
#include "session/player.h"
#include "session/token_bucket.h"
#include "wire/codes.h"
#include "wire/join.h"
#include "wire/scanner.h"

namespace gavel::session {

// The connection's side. Calls made from inside a Session function never come back into that
// session.
class SessionPort {
 public:
  virtual ~SessionPort() = default;
  // Sends a message to this client alone, before anything that the room sends it later.
  virtual void send_private(std::string_view json) = 0;
  // Sends what was given to send_private(), then closes.
  virtual void close(wire::CloseCode code, std::string_view reason) = 0;
  // The join is over: give on_text() what came behind it.
  virtual void resume_input() = 0;
  virtual room::Member& member() = 0;
  // The peer's, for bans.
  virtual const std::string& address() const = 0;
};

struct SessionOptions {
  wire::JoinLimits join;
  double messages_a_second = 0;  // a client; 0 = no limit
  double messages_burst = 0;
  double bytes_a_second = 0;
  double bytes_burst = 0;
  std::uint32_t bad_messages_max = 10;    // malformed messages, then 1008
  std::uint32_t rate_refusals_max = 100;  // in a row, then 4105
};

// Counters of one shard's sessions; read by the admin side through the shard's thread.
struct SessionCounters {
  std::uint64_t messages = 0;  // data messages that came
  std::uint64_t accepted = 0;  // room messages taken
  std::uint64_t duplicates = 0;
  std::uint64_t joins = 0;
  std::uint64_t resumes = 0;
  std::array<std::uint64_t, 64> errors{};  // by wire::ErrorCode
};

// What all sessions of a shard share. Owned by the shard's gateway.
struct SessionEnv {
  room::Rooms* rooms = nullptr;
  const SessionOptions* options = nullptr;
  const Admission* admission = nullptr;  // tokens and resume tokens
  std::function<std::size_t(std::string_view)> hash;
  unsigned shard = 0;
  unsigned shards = 1;
  SessionCounters counters;
  wire::Scanner scanner;
  std::string out;  // scratch for outgoing messages
};

class Session final : public room::Joiner {
 public:
  enum class Next : std::uint8_t {
    go_on,
    wait,   // give no more messages until SessionPort::resume_input()
    pause,  // give no more until the member is flushed: the room waits for its store
    move,   // the room lives on shard target_shard(): take the connection there, then call arrive()
  };
  enum class State : std::uint8_t { idle, joining, joined };

  Session(SessionEnv& env, SessionPort& port);

  // `token`: what the handshake brought (Authorization or subprotocol), used where the join has
  // none.
  void set_handshake_token(std::string token) { handshake_token_ = std::move(token); }
  void set_compressed(bool compressed) { compressed_ = compressed; }

  // A text message, valid UTF-8; the view is not kept.
  Next on_text(std::string_view text);
  // The connection is gone, or is being closed: leaves the room.
  void on_closed();

  unsigned target_shard() const { return target_shard_; }
  // On the new shard's thread, with its environment.
  Next arrive(SessionEnv& env);

  State state() const { return state_; }
  const Player& player() const { return player_; }
  // Wall time in ms at which the player's token ends; 0 = never.
  std::int64_t expires_ms() const { return player_.expires_ms; }
  // The room ended the membership (Delivery::ended): the state follows, the connection closes.
  void on_ended() { state_ = State::idle; }

  // Joiner
  void on_joined(const room::Joined& joined) override;
  void on_join_failed(room::JoinError error) override;
  void on_refused(Ref ref, std::uint64_t number, room::LogError error) override;
  void on_duplicate(Ref ref) override;

 private:
  Next on_join(std::string_view body);
  Next start_join();
  Next on_leave();
  Next on_message(const wire::Incoming& message, std::size_t bytes);
  bool within_rate(const wire::Incoming& message, std::size_t bytes);
  void error(wire::ErrorCode code, Ref ref, std::optional<std::uint64_t> retry_after_ms = {});
  void refuse_input(const wire::InputError& input);
  void count_error(wire::ErrorCode code);
  void after_error(wire::ErrorCode code);

  SessionEnv* env_;
  SessionPort& port_;
  State state_ = State::idle;
  bool compressed_ = false;
  unsigned target_shard_ = 0;
  std::uint64_t number_ = 0;  // of the connection's data messages, from 1
  std::uint32_t bad_messages_ = 0;
  std::uint32_t rate_refusals_ = 0;
  TokenBucket message_rate_;
  TokenBucket byte_rate_;
  Player player_;
  std::string handshake_token_;
  room::JoinSpec spec_;  // of the join under way, and of the room that it is in
};

}  // namespace gavel::session
