// A member of one room that outlives its connections: it joins, comes back with its resume token
// and what it has seen, waits longer from try to try, and gives up where the close code says so.
// Blocks; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "cli/visitor/peer.h"
#include "cli/visitor/url.h"

namespace gavel::cli {

struct VisitorOptions {
  Url url;
  std::string room;              // plain UTF-8
  std::string since = "latest";  // or digits
  std::string epoch;             // which life of the room `since` is of; empty: not known
  std::string token;             // empty: none
};

class Visitor {
 public:
  enum class News : std::uint8_t {
    joined,   // for the first time, or again: see joined_text()
    message,  // of the room: text()
    answer,   // of the server to us (error, duplicate, …): text()
    lost,     // the connection; it will be tried again: why()
    ended,    // for good: why()
    nothing,  // in time
  };

  Visitor(const VisitorOptions& options, Random& random);

  // The next thing that happens. Before the first `joined` a connection that fails is `ended`.
  News next(std::chrono::milliseconds timeout, int other_fd = -1);

  // A view until the next call of next().
  std::string_view text() const { return text_; }
  const std::string& why() const { return why_; }
  std::uint64_t client_id() const { return client_id_; }
  const std::string& epoch() const { return epoch_; }
  // Of the last joined: what the server kept of this client, is it the same client as before, was
  // `since` honoured, and ids that are missing in between.
  std::uint64_t last_ref() const { return last_ref_; }
  bool resumed() const { return resumed_; }
  bool recovered() const { return recovered_; }
  std::uint64_t missed() const { return missed_; }

  // False where there is no connection now.
  bool send(std::string_view text);
  void close();

 private:
  News connect();
  News on_text();
  News on_joined();
  News on_closed();
  News lose(std::string why);
  News end(std::string why);
  std::string join_text() const;

  const VisitorOptions options_;
  Random& random_;
  std::unique_ptr<Peer> peer_;
  bool member_ = false;  // joined on this connection
  bool was_member_ = false;
  bool may_resume_ = true;
  unsigned tries_ = 0;
  std::chrono::steady_clock::time_point next_try_{};
  std::chrono::steady_clock::time_point heard_{};
  bool pinged_ = false;

  std::optional<std::uint64_t> last_id_;
  std::string epoch_;
  std::string resume_;
  std::uint64_t client_id_ = 0;
  std::uint64_t last_ref_ = 0;
  std::uint64_t missed_ = 0;
  bool resumed_ = false;
  bool recovered_ = false;
  std::string_view text_;
  std::string why_;
};

}  // namespace gavel::cli
