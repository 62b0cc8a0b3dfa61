// One simulated player of a bench: a connection, what it sent and what it has seen. Driven by its
// worker; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/latency.h"
#include "cli/bench/message.h"
#include "cli/bench/options.h"
#include "cli/bench/room_log.h"
#include "cli/bench/violations.h"

namespace gavel::cli {

// Counts and results that all players of a worker share.
struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t left = 0;     // clients that left and joined again
  std::uint64_t resumed = 0;  // connections that broke and came back
  std::uint64_t untold = 0;   // messages that were not kept for whom came back (behind retention)
  std::uint64_t apart = 0;    // slow or stuck members that the server closed
  // Latencies of what was sent from here to there.
  std::uint64_t measure_from_ns = ~std::uint64_t{0};
  std::uint64_t measure_to_ns = ~std::uint64_t{0};
  Latency latency;
  Violations violations;
};

class Player {
 public:
  enum class Role : std::uint8_t { sender, listener, slow, stuck };
  enum class State : std::uint8_t { idle, upgrading, joining, joined, leaving, failed };

  // `number` is the bench's own, from 1; the others must outlive the player.
  Player(const BenchOptions& options, Tally& tally, RoomLog& room, std::string room_name,
         std::uint64_t number, Role role);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // Opens the connection; false with the reason in failure().
  bool connect();
  int fd() const { return fd_; }
  State state() const { return state_; }
  Role role() const { return role_; }
  bool is_apart() const { return role_ == Role::slow || role_ == Role::stuck; }
  const std::string& failure() const { return failure_; }

  // `bytes` came, behind what keep() kept. Answers pings, joins, counts, checks. Returns how many
  // were whole frames.
  std::size_t receive(std::string_view bytes, std::uint64_t now_ns);
  void keep(std::string_view rest) { kept_.assign(rest); }
  const std::string& kept() const { return kept_; }
  // The peer ended the connection.
  void ended(std::string_view why);
  // Sends what waits; the rest is for the next edge.
  void flush();
  bool has_output() const { return out_at_ < out_.size(); }

  // How many messages it may send now in a closed loop.
  std::size_t may_send() const;
  // Without flush(). In an open loop `intended_ns` lies before now.
  void send(std::uint64_t intended_ns);
  std::uint64_t unanswered() const { return next_seq_ - next_echo_; }
  // All of its own came back, and it has seen what the others saw.
  bool has_all() const;
  void count_lost();

  // Loses the connection without a word; connect() comes back with what it has.
  void cut();
  // Leaves as soon as all of its own came back, and joins again on the same connection.
  void leave();

 private:
  std::size_t take_known(std::string_view in, std::uint64_t now_ns);
  std::size_t take_frame(std::string_view in, std::uint64_t now_ns);
  void on_upgraded(std::string_view& in);
  void on_text(std::string_view text, std::string_view frame, std::uint64_t now_ns);
  void on_message(const BenchMessage& message, std::string_view text, std::string_view frame,
                  std::uint64_t now_ns);
  void on_own(std::uint64_t seq, std::uint64_t client_id, std::uint64_t sent_ns,
              std::uint64_t now_ns);
  void on_early(std::uint64_t seq);
  void on_late(std::uint64_t seq);
  void on_server_message(std::string_view text);
  void on_joined(std::string_view text);
  void on_resumed(std::string_view text, const std::string& epoch);
  void on_close(std::string_view payload);
  void leave_when_answered();
  void join(bool resumes);
  void fail(std::string why);
  void frame(unsigned opcode, std::string_view payload);
  void violation(Fault fault, std::string_view seen, std::uint64_t count = 1);

  const BenchOptions& options_;
  Tally& tally_;
  RoomLog& room_;
  const std::string room_name_;
  const std::uint64_t number_;
  const Role role_;
  BenchFrame message_;
  int fd_ = -1;
  State state_ = State::idle;
  std::string failure_;
  std::string kept_;  // a frame that has not come whole
  std::string out_;
  std::size_t out_at_ = 0;

  std::uint64_t client_id_ = 0;
  std::string epoch_;
  std::string resume_;
  std::uint64_t next_id_ = 0;  // what must come next; 0: whatever comes
  bool was_member_ = false;
  bool leaves_ = false;
  std::uint64_t next_seq_ = 1;
  std::uint64_t next_echo_ = 1;
  std::deque<std::uint64_t> sent_ns_;   // of the unanswered ones
  std::vector<std::uint64_t> missing_;  // a later one of ours came before these
};

}  // namespace gavel::cli
