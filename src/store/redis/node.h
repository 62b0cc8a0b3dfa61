// One Redis master as we reach it: a connection for commands, one for subscriptions, and where
// replicas are waited for one for what they must have. They come up and go down together, so that
// all of them speak to the same Redis in the same run. Reconnects by itself, and says when it is
// there and when it is gone. The store's I/O thread only.
//
// Ready means: it is a master, our functions are loaded, and nothing that an earlier connection
// sent can still happen (that connection was ended by CLIENT KILL): what was not answered is then
// either done or will never be.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/connection.h"
#include "store/redis/functions.h"
#include "store/redis/url.h"

namespace gavel::store::redis {

struct NodeOptions {
  std::string username;
  std::string password;
  unsigned database = 0;
  bool cluster = false;
  unsigned wait_replicas = 0;
  std::int64_t timeout_ms = 2000;
};

class Node;

// Finds the address of a node before each connect; null: it is fixed. Calls back once, with an
// error where it failed.
using Locate =
    std::function<void(std::function<void(const std::string& error, const Address& address)>)>;

class NodeHooks {
 public:
  virtual ~NodeHooks() = default;
  virtual void on_ready(Node& node) = 0;
  virtual void on_lost(Node& node) = 0;
  virtual void on_subscribed(Node& node, std::string_view channel) = 0;
  // The server ended the subscription by itself (the slot moved).
  virtual void on_unsubscribed(Node& node, std::string_view channel) = 0;
  virtual void on_message(std::string_view channel, std::string_view payload) = 0;
};

class Node {
 public:
  // Waits between tries to connect: short, since a game waits; the grace after a new run is longer
  // than the longest.
  static constexpr std::int64_t kBackoffMsMin = 20;
  static constexpr std::int64_t kBackoffMsMax = 500;

  Node(boost::asio::io_context& io, TlsClient* tls, const NodeOptions& options,
       const FunctionLibrary& library, NodeHooks& hooks, Address address, Locate locate);
  ~Node();

  const Address& address() const { return address_; }
  bool ready() const { return state_ == State::ready; }
  const std::string& run_id() const { return run_id_; }
  // It forgets nothing that it accepted: it writes always, or what it took over was confirmed by
  // replicas.
  bool trusted() const { return promoted_ ? options_.wait_replicas != 0 : fsyncs_always_; }
  // Why it is not ready: the last error. `fatal()`: no retry will help without an operator.
  const std::string& reason() const { return reason_; }
  bool fatal() const { return fatal_; }
  std::int64_t away_since_ms() const { return away_since_ms_; }
  // Fewer replicas than asked for have what was sent.
  bool waits_for_replicas() const { return replica_wait_failed_; }

  void call(const Command& command, Connection::Answer answer) {
    commands_->call(command, std::move(answer));
  }
  // The same, answered when enough replicas have what it wrote (at once where none are asked for).
  void call_gated(const Command& command, Connection::Answer answer);
  void subscribe(std::string_view channel);
  void unsubscribe(std::string_view channel);
  std::string function(std::string_view name) const { return library_.prefix + std::string(name); }

  // `now_ms`: steady. `jitter`: any random number.
  void tick(std::int64_t now_ms, std::uint64_t jitter);
  // This node is no master any more, or answers nonsense: connect anew.
  void restart(const std::string& reason);
  void close();

 private:
  enum class State : std::uint8_t { away, locating, connecting, ready };
  struct Gated {
    Connection::Answer answer;
    Reply reply;
  };
  struct Greeting;  // what is known of the connections of one attempt

  void start();
  void connect(const Address& address);
  std::shared_ptr<Connection> open(const std::shared_ptr<Greeting>& greeting, bool subscriber);
  void greet(Connection& connection, const std::shared_ptr<Greeting>& greeting, bool subscriber);
  void learn(const std::string& info, const std::shared_ptr<Greeting>& greeting);
  void kill_earlier(const std::shared_ptr<Greeting>& greeting);
  void connected_one(const std::shared_ptr<Greeting>& greeting);
  void failed(const std::string& reason, bool fatal);
  void push(Reply& reply);
  void start_gate();
  void wait_for_replicas();

  boost::asio::io_context& io_;
  TlsClient* tls_;
  const NodeOptions& options_;
  const FunctionLibrary& library_;
  NodeHooks& hooks_;
  Address address_;
  Locate locate_;

  State state_ = State::away;
  std::shared_ptr<Connection> commands_;
  std::shared_ptr<Connection> gate_;  // where replicas are waited for, else null
  std::shared_ptr<Connection> subscriptions_;
  std::shared_ptr<Greeting> greeting_;
  std::string run_id_;
  // The connections of the last attempt, by CLIENT ID, and the run that they belong to.
  std::vector<std::uint64_t> client_ids_;
  std::string client_ids_run_;
  std::string reason_;
  bool fatal_ = false;
  bool warned_ = false;
  bool fsyncs_always_ = false;
  bool promoted_ = false;  // it was a replica, and took over
  std::int64_t now_ms_ = 0;
  std::int64_t away_since_ms_ = 0;
  std::int64_t backoff_ms_ = kBackoffMsMin;
  std::int64_t retry_ms_ = 0;

  std::vector<std::pair<Command, Connection::Answer>> gate_queue_;
  std::vector<Gated> gate_now_;
  bool gate_busy_ = false;
  bool replica_wait_failed_ = false;
};

// What an error that Redis answered asks us to do (B75).
enum class Trouble : std::uint8_t {
  none,
  full,         // OOM: nothing was written
  later,        // busy, loading, no replicas, can't write its files: nothing was written, try again
  moved,        // MOVED: another master has the slot
  not_master,   // READONLY: connect anew
  no_function,  // our functions are gone: load them again
  access,       // an operator must give rights
  wrong_type,   // the key holds something that is not ours
  unclear,      // anything else: may have happened
};
Trouble trouble_of(std::string_view error);

}  // namespace gavel::store::redis
