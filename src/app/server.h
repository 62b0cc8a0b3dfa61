// The server as a whole: the store, the shards, their gateways. Built by main, run on main's
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/siphash.h"
#include "net/gateway.h"
#include "net/gateway_options.h"
#include "room/rooms.h"
#include "session/player.h"
#include "session/session.h"
#include "shard/shard.h"
#include "store/store.h"

namespace gavel::app {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

struct ServerOptions {
  std::vector<Endpoint> listen;
  unsigned threads = 1;
  int busy_poll_us = 0;
  net::GatewayOptions gateway;
  session::SessionOptions session;
  room::RoomOptions rooms;
};

class Server {
 public:
  // `make_socket`: TCP or TLS. All but the options outlive the server.
  Server(ServerOptions options, store::Store& store, const session::Admission& admission,
         std::function<std::unique_ptr<net::Socket>(int)> make_socket);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Binds and starts. False with a message that says what was wrong and what to do.
  bool start(std::string& error);
  // Where it listens: the ports that were taken where 0 was asked for.
  const std::vector<Endpoint>& listening() const { return options_.listen; }

  // No new connections; what was accepted is delivered, then 1012. True when everybody was gone
  // within the time.
  bool drain(std::int64_t within_ms);
  // Ends the shards; connections that are still there are cut.
  void stop();
  // Limits, times and keys of `options` for what comes from now on; not where it listens, nor how
  // many threads.
  void reconfigure(const ServerOptions& options, const session::Admission& admission);
  bool draining() const { return shared_.draining.load(); }

  // Runs `visit` on each shard's thread, one after the other, and waits: for snapshots by value.
  // Not from a shard's thread. Nothing where the server does not run.
  void on_each_shard(const std::function<void(shard::Shard&, net::Gateway&)>& visit);
  // The same on the shard where the room lives.
  void on_room_shard(std::string_view room,
                     const std::function<void(shard::Shard&, net::Gateway&)>& visit);
  std::size_t connections() const { return shared_.connections.load(); }
  std::size_t rooms() const { return totals_.rooms.load(); }
  unsigned threads() const { return options_.threads; }
  std::size_t message_bytes_max() const { return options_.gateway.message_bytes_max; }
  std::size_t hash(std::string_view name) const { return siphash13(key_, name); }

 private:
  struct Seat;
  bool bind(std::string& error);
  void visit_seat(Seat& seat, const std::function<void(shard::Shard&, net::Gateway&)>& visit);

  ServerOptions options_;
  store::Store& store_;
  const SystemClock clock_;
  SipKey key_;
  room::RoomTotals totals_;
  net::GatewayShared shared_;
  std::vector<std::unique_ptr<Seat>> seats_;
  bool running_ = false;
};

}  // namespace gavel::app
