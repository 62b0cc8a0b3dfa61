#include "app/server.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/random.h"
#include "net/listener.h"

namespace gavel::app {

struct Server::Seat {
  std::unique_ptr<shard::Shard> shard;
  std::unique_ptr<net::Gateway> gateway;
};

Server::Server(ServerOptions options, store::Store& store, const session::Admission& admission,
               std::function<std::unique_ptr<net::Socket>(int)> make_socket)
    : options_(std::move(options)), store_(store), key_(SystemRandom().sip_key()) {
  shared_.options = options_.gateway;
  shared_.session = options_.session;
  shared_.admission = &admission;
  shared_.hash = [this](std::string_view name) { return hash(name); };
  shared_.make_socket = std::move(make_socket);
  shared_.ready = [this](std::string& reason) {
    const store::Health health = store_.health();
    reason = shared_.draining.load() ? "draining" : health.detail;
    return health.ok && !shared_.draining.load();
  };
}

Server::~Server() { stop(); }

bool Server::start(std::string& error) {
  for (unsigned i = 0; i < options_.threads; ++i) {
    auto seat = std::make_unique<Seat>();
    shard::ShardOptions shard_options;
    shard_options.index = i;
    shard_options.rooms = options_.rooms;
    shard_options.busy_poll_us = options_.busy_poll_us;
    seat->shard = std::make_unique<shard::Shard>(shard_options, totals_, shared_.hash, clock_,
                                                 SystemRandom().next_u64());
    seat->gateway = std::make_unique<net::Gateway>(*seat->shard, seat->shard->loop(), shared_);
    seat->shard->set_hooks(seat->gateway.get());
    shard::Shard* shard = seat->shard.get();
    shard->set_log(
        store_.make_log(i, [shard](std::function<void()> work) { shard->post(std::move(work)); }));
    shared_.gateways.push_back(seat->gateway.get());
    seats_.push_back(std::move(seat));
  }
  if (!bind(error)) return false;
  for (auto& seat : seats_) seat->shard->start();
  running_ = true;
  return true;
}

bool Server::bind(std::string& error) {
  for (Endpoint& endpoint : options_.listen) {
    for (auto& seat : seats_) {
      const int fd =
          net::open_listener(endpoint.host, endpoint.port, &seat == &seats_.front(), error);
      if (fd < 0) return false;
      seat->gateway->listen(fd);
    }
  }
  return true;
}

void Server::reconfigure(const ServerOptions& options, const session::Admission& admission) {
  on_each_shard([&](shard::Shard& shard, net::Gateway& gateway) {
    gateway.reconfigure(options.gateway, options.session, admission);
    shard.rooms().set_options(options.rooms);
  });
}

bool Server::drain(std::int64_t within_ms) {
  using namespace std::chrono;
  shared_.draining = true;
  on_each_shard([](shard::Shard&, net::Gateway& gateway) { gateway.drain("the server restarts"); });
  const auto until = steady_clock::now() + milliseconds(within_ms);
  while (shared_.connections.load() > 0) {
    if (steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

void Server::stop() {
  if (!running_) return;
  running_ = false;
  for (auto& seat : seats_) seat->shard->stop();
  for (auto& seat : seats_) seat->shard->join();
}

void Server::visit_seat(Seat& seat,
                        const std::function<void(shard::Shard&, net::Gateway&)>& visit) {
  std::promise<void> done;
  seat.shard->post([&] {
    visit(*seat.shard, *seat.gateway);
    done.set_value();
  });
  done.get_future().wait();
}

void Server::on_each_shard(const std::function<void(shard::Shard&, net::Gateway&)>& visit) {
  if (!running_) return;
  for (auto& seat : seats_) visit_seat(*seat, visit);
}

void Server::on_room_shard(std::string_view room,
                           const std::function<void(shard::Shard&, net::Gateway&)>& visit) {
  if (!running_) return;
  visit_seat(*seats_[shard::shard_of(hash(room), options_.threads)], visit);
}

}  // namespace gavel::app
