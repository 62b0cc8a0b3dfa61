// One simulated run: a server (one shard) with its real rooms, sessions and connections, over fake
// sockets, a fake clock and a fake disk, and the players. Everything that happens is drawn from one
// seed, so that a failure replays exactly.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "fake_disk.h"
#include "judge.h"
#include "net/gateway.h"
#include "sim_client.h"

namespace gavel::sim {

struct Result {
  std::uint64_t messages = 0;
  std::uint64_t crashes = 0;
  std::uint64_t resumes = 0;
  std::uint64_t pages = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  // Throws std::logic_error where a promise is broken.
  Result run();

 private:
  class NoAdmission;
  class NullWatcher;
  struct Server;
  struct Link {
    std::shared_ptr<Wire> wire;
    net::Connection* connection;  // valid while !wire->server_gone
  };

  void start_server();
  void crash_server();
  void act();
  void act_on(SimClient& client);
  void connect(SimClient& client);
  void deliver(Link& link);
  void turn();
  void settle_down();

  SeededRandom random_;
  FakeClock clock_;
  Disk disk_;
  Judge judge_;
  std::unique_ptr<NoAdmission> admission_;
  std::unique_ptr<NullWatcher> watcher_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::vector<Link> links_;
  Result result_;
};

}  // namespace gavel::sim
