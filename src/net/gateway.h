// The sockets of one shard: accepts connections, gives them their turns, and takes in those that
// move here because their room lives here. Owned by the server (app/); everything but the
// constructor and listen() runs on the shard's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/connection.h"
#include "net/gateway_options.h"
#include "net/http.h"
#include "session/session.h"
#include "shard/shard.h"
#include "ws/deflate.h"

namespace gavel::net {

class Gateway;
class Listener;

// How many connections each address has. Any thread: taken at accept and at the end of a
// connection, never between.
class AddressCounts {
 public:
  // False where the address has `max` already (0 = no limit); else it has one more.
  bool take(const std::string& address, std::size_t max);
  void give_back(const std::string& address);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

// What the gateways of a process share. Lives as long as they do.
struct GatewayShared {
  GatewayOptions options;
  session::SessionOptions session;
  const session::Admission* admission = nullptr;
  std::function<std::size_t(std::string_view)> hash;
  ReadyCheck ready;
  // Makes the transport of an accepted descriptor: TCP, or TLS.
  std::function<std::unique_ptr<Socket>(int fd)> make_socket;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> draining{false};
  AddressCounts addresses;
  std::vector<Gateway*> gateways;  // by shard; complete before the first shard starts
};

struct GatewayCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // over a limit, or no descriptor was left
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::unordered_map<std::uint16_t, std::uint64_t> closes;  // by code
};

class Gateway final : public shard::TurnHooks {
 public:
  // `watcher`: the shard's loop; all outlive the gateway.
  Gateway(shard::Shard& shard, shard::Watcher& watcher, GatewayShared& shared);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway() override;

  // A bound and listening, non-blocking descriptor; owned from here on. Before the shard starts.
  void listen(int fd);

  // --- for the server, on the shard's thread ---
  // A new connection over `socket`; null where a limit refuses it.
  Connection* take(std::unique_ptr<Socket> socket, std::string address);
  // For what comes from now on; connections that are there keep their message limits.
  void reconfigure(const GatewayOptions& options, const session::SessionOptions& session,
                   const session::Admission& admission);
  // No new connections; everybody gets what the room has shown, then 1012.
  void drain(std::string_view reason);
  std::size_t connections() const { return connections_.size() - free_.size(); }
  const GatewayCounters& counters_now() const { return counters_; }
  const session::SessionEnv& session_env_now() const { return env_; }
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& connection : connections_) {
      if (connection) visit(*connection);
    }
  }

  // --- for Connection ---
  std::int64_t now_ms() const { return shard_.now_ms(); }
  std::int64_t wall_ms() const { return shard_.wall_ms(); }
  const GatewayOptions& options() const { return options_; }
  GatewayCounters& counters() { return counters_; }
  session::SessionEnv& session_env() { return env_; }
  ws::Deflater& deflater() { return deflater_; }
  std::span<char> receive_buffer() { return receive_buffer_; }
  HttpReply answer(const ws::HandshakeParser& request, std::string_view address);
  void list_ready(Connection& connection);
  void list_dirty(Connection& connection);
  void set_deadline(Connection& connection, std::int64_t at_ms);
  void count_close(std::uint16_t code, bool by_us);
  void bury(Connection& connection);
  // Hands the connection to another shard, at the end of what is being done with it now.
  void move(Connection& connection, unsigned shard);

  // TurnHooks
  bool before_rooms() override;
  bool after_rooms() override;
  void on_tick() override;
  void on_start() override;
  void on_stop() override;

 private:
  friend class Listener;

  class DeflateAdapter final : public room::Compressor {
   public:
    explicit DeflateAdapter(ws::Deflater& deflater) : deflater_(deflater) {}
    bool compress(std::string_view text, std::string& out) override;

   private:
    ws::Deflater& deflater_;
  };

  void accept_from(Listener& listener);
  void accepted(int fd, std::string address);
  void adopt(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> remove(Connection& connection);
  void finish_moves();

  shard::Shard& shard_;
  shard::Watcher& watcher_;
  GatewayShared& shared_;
  GatewayOptions options_;
  session::SessionOptions session_options_;
  session::SessionEnv env_;
  GatewayCounters counters_;
  ws::Deflater deflater_;
  DeflateAdapter compressor_;
  std::vector<char> receive_buffer_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  int reserve_fd_ = -1;  // given up for a moment to refuse politely when descriptors run out
  std::int64_t accept_again_ms_ = 0;

  std::vector<std::unique_ptr<Connection>> connections_;  // by index, null where free
  std::vector<std::int64_t> deadlines_;                   // by the same index
  std::vector<std::size_t> free_;
  std::vector<Connection*> ready_;
  std::vector<Connection*> ready_now_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> dead_;
  struct Move {
    Connection* connection;
    unsigned shard;
  };
  std::vector<Move> moves_;
};

}  // namespace gavel::net
