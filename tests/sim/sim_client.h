// A simulated player: joins, sends, reads at its own pace, loses its connection, comes back with
// what it has. Its checks are those of a good client library: ids consecutive, no repeat, no gap
// that it was not told of.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/random.h"
#include "fake_socket.h"
#include "judge.h"

namespace gavel::sim {

class SimClient {
 public:
  SimClient(int number, std::string room, Random& random, Judge& judge);

  // A new connection; the handshake and the join go out at once.
  std::shared_ptr<Wire> connect();
  bool connected() const { return wire_ != nullptr; }
  bool joined() const { return joined_; }
  const std::shared_ptr<Wire>& wire() const { return wire_; }

  void send();
  void leave();
  // Loses the connection: FIN, or RST.
  void drop(bool reset);
  // Takes at most `bytes` of what came, and handles it. Throws std::logic_error where a promise is
  // broken.
  void read(std::size_t bytes);

  std::uint64_t last_seen() const { return last_seen_; }
  const std::string& room() const { return room_; }
  const std::string& epoch() const { return epoch_; }
  std::size_t unanswered() const { return unanswered_.size(); }
  bool may_send() const { return joined_ && !awaiting_retry_; }
  // A refused message is sent again, and those behind it.
  void retry();

 private:
  struct Sent {
    std::uint64_t ref;
    std::string text;
  };
  void send_frame(unsigned opcode, std::string_view payload);
  void send_join();
  void parse();
  void on_text(const std::string& text);
  void on_joined(const std::string& text);
  void on_message(const std::string& text);
  void settle(std::uint64_t ref);
  void gone();

  const int number_;
  const std::string room_;
  Random& random_;
  Judge& judge_;
  std::shared_ptr<Wire> wire_;
  std::string in_;
  bool upgraded_ = false;
  bool joined_ = false;
  bool awaiting_retry_ = false;
  std::uint64_t client_id_ = 0;
  std::string epoch_;
  std::string resume_;
  std::uint64_t last_seen_ = 0;
  std::uint64_t next_ref_ = 1;
  std::uint64_t count_ = 0;
  std::deque<Sent> unanswered_;
};

}  // namespace gavel::sim
