#include "world.h"

#include <sys/epoll.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "room/rooms.h"
#include "shard/shard.h"

namespace gavel::sim {

// Everybody may join; a resume token is its fields in clear.
class World::NoAdmission final : public session::Admission {
 public:
  std::optional<session::Player> admit(std::string_view, std::string_view, std::int64_t,
                                       std::string&) const override {
    return session::Player{};
  }
  std::string make_resume_token(std::string_view, Epoch epoch, ClientId client,
                                std::string_view) const override {
    return std::to_string(epoch.value) + "." + std::to_string(client.value);
  }
  std::optional<session::Resumed> check_resume_token(std::string_view token, std::string_view,
                                                     std::string_view) const override {
    const std::size_t dot = token.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    return session::Resumed{Epoch{std::stoull(std::string(token.substr(0, dot)))},
                            ClientId{std::stoull(std::string(token.substr(dot + 1)))}};
  }
};

class World::NullWatcher final : public shard::Watcher {
 public:
  bool watch(int, shard::FdHandler*) override { return true; }
  bool watch_listener(int, shard::FdHandler*) override { return true; }
  void unwatch(int, shard::FdHandler*) override {}
};

// A process: what a crash destroys.
struct World::Server {
  room::RoomTotals totals;
  net::GatewayShared shared;
  std::unique_ptr<shard::Shard> shard;
  std::unique_ptr<net::Gateway> gateway;
  DiskLog* log = nullptr;  // the shard's
};

World::World(std::uint64_t seed)
    : random_(seed),
      admission_(std::make_unique<NoAdmission>()),
      watcher_(std::make_unique<NullWatcher>()) {
  if (random_.below(4) == 0) disk_.blocks_retained = 5 + random_.below(40);
  start_server();
  const std::uint64_t rooms = 1 + random_.below(3);
  const std::uint64_t clients = 2 + random_.below(6);
  for (std::uint64_t i = 0; i < clients; ++i) {
    clients_.push_back(std::make_unique<SimClient>(
        static_cast<int>(i), "room" + std::to_string(i % rooms), random_, judge_));
  }
}

World::~World() = default;

void World::start_server() {
  server_ = std::make_unique<Server>();
  Server& server = *server_;
  server.shared.options.private_bytes_max = 2000 + random_.below(20'000);
  server.shared.options.turn_messages_max = 1 + random_.below(20);
  server.shared.admission = admission_.get();
  server.shared.hash = [](std::string_view name) { return std::hash<std::string_view>{}(name); };
  server.shared.ready = [](std::string&) { return true; };
  shard::ShardOptions options;
  options.rooms.backlog_bytes_max = 256 + random_.below(8000);
  options.rooms.page_bytes = 64 + random_.below(4000);
  options.rooms.pages_in_flight_max = 1 + random_.below(4);
  options.rooms.unkept_bytes_max = 500 + random_.below(20'000);
  options.rooms.flushes_a_turn = 1 + random_.below(10);
  options.rooms.linger_ms = 500;
  server.shard = std::make_unique<shard::Shard>(options, server.totals, server.shared.hash, clock_,
                                                random_.next_u64());
  server.gateway = std::make_unique<net::Gateway>(*server.shard, *watcher_, server.shared);
  server.shared.gateways.push_back(server.gateway.get());
  server.shard->set_hooks(server.gateway.get());
  auto log = std::make_unique<DiskLog>(disk_, random_);
  server.log = log.get();
  server.shard->set_log(std::move(log));
  server.shard->begin_turn();
  server.gateway->on_start();
}

void World::crash_server() {
  ++result_.crashes;
  server_->log->crash();
  for (Link& link : links_) link.wire->broken = true;
  links_.clear();
  server_->gateway->on_stop();
  server_.reset();
  start_server();
}

void World::connect(SimClient& client) {
  std::shared_ptr<Wire> wire = client.connect();
  net::Connection* connection =
      server_->gateway->take(std::make_unique<FakeSocket>(wire, random_), "sim");
  if (connection == nullptr) throw std::logic_error("the gateway refused a connection");
  links_.push_back({std::move(wire), connection});
}

// Some of what the client sent arrives; the server hears of it, and of room in the other direction.
void World::deliver(Link& link) {
  Wire& wire = *link.wire;
  std::uint32_t events = 0;
  const std::size_t waiting = wire.to_server.size() - wire.arrived;
  if (waiting != 0) {
    wire.arrived += random_.below(3) == 0 ? 1 + random_.below(waiting) : waiting;
    events |= EPOLLIN;
  }
  if (wire.client_ended && wire.arrived == wire.to_server.size()) events |= EPOLLIN | EPOLLRDHUP;
  if (wire.broken) events |= EPOLLIN | EPOLLERR | EPOLLHUP;
  if (wire.was_full && wire.to_client.size() < wire.capacity) {
    wire.was_full = false;
    events |= EPOLLOUT;
  }
  if (events != 0) link.connection->on_events(events);
}

void World::act_on(SimClient& client) {
  if (!client.connected()) {
    if (random_.below(4) == 0) connect(client);
    return;
  }
  switch (random_.below(60)) {
    case 0:
      client.drop(true);
      return;
    case 1:
      client.drop(false);
      return;
    case 2:
      if (client.joined()) client.leave();
      return;
    case 3:
    case 4:
      client.retry();
      return;
    default:
      break;
  }
  if (random_.below(3) != 0) {
    if (client.may_send()) client.send();
  } else {
    client.read(random_.below(5) == 0 ? 1 + random_.below(50) : 100'000);
  }
}

void World::turn() {
  server_->shard->begin_turn();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (random_.below(3) != 0 && !links_[i].wire->server_gone) deliver(links_[i]);
  }
  std::erase_if(links_, [](const Link& link) { return link.wire->server_gone; });
  server_->log->step();
  server_->shard->end_turn();
}

void World::act() {
  for (auto& client : clients_) {
    if (random_.below(2) == 0) act_on(*client);
  }
  switch (random_.below(400)) {
    case 0:
      crash_server();
      break;
    case 1:
      server_->log->stalled = true;
      break;
    case 2:
      server_->log->full = true;
      break;
    case 3:
      clock_.set_wall_ms(clock_.wall_ms() - 3'600'000);
      break;
    default:
      if (random_.below(20) == 0) server_->log->stalled = server_->log->full = false;
  }
  clock_.advance_ms(static_cast<std::int64_t>(random_.below(20)));
}

// The faults are over: everybody must get everything, and may not stand still for long on the way.
void World::settle_down() {
  server_->log->stalled = server_->log->full = false;
  constexpr int kStillMax = 1000;  // turns without any progress
  std::uint64_t progress = 0;
  for (int still = 0; still < kStillMax; ++still) {
    std::uint64_t now = 0;
    bool rest = server_->log->idle();
    for (auto& client : clients_) {
      if (!client->connected()) connect(*client);
      client->read(1'000'000);
      // Not at once again: each retry sends all that is unanswered.
      if (still % 100 == 99 && client->joined() && !client->may_send()) client->retry();
      const auto room = disk_.rooms.find(client->room());
      const std::uint64_t last = room == disk_.rooms.end() ? 0 : room->second.last.value;
      now += client->last_seen() + client->unanswered() * 1'000'000 + last;
      rest = rest && client->joined() && client->unanswered() == 0 && client->last_seen() == last;
    }
    if (rest) return;
    if (std::exchange(progress, now) != now) still = 0;
    turn();
    clock_.advance_ms(10);
  }
  std::string state;
  for (auto& client : clients_) {
    const auto room = disk_.rooms.find(client->room());
    const std::uint64_t last = room == disk_.rooms.end() ? 0 : room->second.last.value;
    state += "\n  " + client->room() + ": joined " + std::to_string(client->joined()) +
             ", unanswered " + std::to_string(client->unanswered()) + ", seen " +
             std::to_string(client->last_seen()) + " of " + std::to_string(last);
    if (client->wire()) {
      for (const Link& link : links_) {
        if (link.wire == client->wire()) state += "; " + link.connection->describe();
      }
    }
  }
  throw std::logic_error("not live after the faults were over:" + state);
}

Result World::run() {
  const std::uint64_t steps = 200 + random_.below(800);
  for (std::uint64_t step = 0; step < steps; ++step) {
    act();
    turn();
  }
  settle_down();
  // With a retention, what was kept may be gone before anybody read it.
  if (disk_.blocks_retained == 0) judge_.finish();
  result_.messages = judge_.messages();
  result_.pages = server_->shard->rooms().pages_read();
  result_.resumes = server_->gateway->session_env_now().counters.resumes;
  server_->gateway->on_stop();
  return result_;
}

}  // namespace gavel::sim
