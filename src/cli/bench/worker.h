// One thread of a bench: some of the rooms, all their players, one epoll loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cli/bench/options.h"
#include "cli/bench/player.h"
#include "cli/bench/room_log.h"

namespace gavel::cli {

enum class Phase : int { connect, warmup, measure, drain, done };

// What the main thread and the workers tell each other.
struct Control {
  std::atomic<Phase> phase{Phase::connect};
  std::atomic<std::size_t> ready{0};    // workers whose players are all joined
  std::atomic<std::size_t> drained{0};  // workers whose messages have all arrived
  std::atomic<bool> failed{false};
};

class Worker {
 public:
  // What it has done so far; read by the main thread at any time.
  struct Progress {
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> cpu_ns{0};  // of this thread; updated some times a second
  };

  // `index` of options.threads: room r belongs to worker r % threads.
  Worker(const BenchOptions& options, Control& control, std::size_t index);
  ~Worker();

  void run();
  const Progress& progress() const { return progress_; }
  // These when run() has returned.
  const Tally& tally() const { return tally_; }
  const std::string& failure() const { return failure_; }

 private:
  struct Room {
    std::unique_ptr<RoomLog> log;
    std::vector<Player*> senders;
    std::size_t next_sender = 0;
    std::uint64_t next_ns = 0;  // open loop: when the next message is due
  };

  bool connect_all();
  bool connect_room(std::size_t number);
  void watch(Player& player);
  void turn(std::uint64_t now_ns, Phase phase);
  void begin(std::uint64_t now_ns);
  void load(std::uint64_t now_ns);
  void wait_for_sockets(std::uint64_t now_ns, Phase phase);
  void read(Player& player, std::uint64_t now_ns, Phase phase);
  bool read_once(Player& player, std::size_t bytes_max, std::uint64_t now_ns);
  void fill_window(Player& player, std::uint64_t now_ns);
  void send_due(std::uint64_t now_ns);
  void read_slowly(std::uint64_t now_ns);
  void churn(std::uint64_t now_ns);
  std::int64_t wait_ns(std::uint64_t now_ns, Phase phase) const;
  bool all_joined() const;
  bool all_arrived() const;
  void publish(std::uint64_t now_ns);

  const BenchOptions& options_;
  Control& control_;
  const std::size_t index_;
  int epoll_fd_ = -1;
  Tally tally_;
  std::vector<Room> rooms_;
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<Player*> apart_;  // slow and stuck ones: not in the epoll set once they have joined
  std::vector<char> buffer_;
  std::mt19937_64 random_;
  bool is_ready_ = false;
  bool is_loading_ = false;
  bool has_drained_ = false;
  std::uint64_t next_churn_ns_ = 0;
  std::uint64_t next_slow_ns_ = 0;
  std::uint64_t next_cpu_ns_ = 0;
  std::string failure_;
  Progress progress_;
};

std::uint64_t now_ns();

}  // namespace gavel::cli
