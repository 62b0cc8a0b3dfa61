// A shard's event loop: one thread, one edge-triggered epoll set, one mailbox. Sockets are
// registered once, for both directions; work of other threads comes in through post(). A loop turn
// is: what the sockets brought, what the mailbox brought, then the turn's end (see shard.h), where
// everything is sent at once: the batch is where the speed comes from.
//
// Raw epoll rather than Asio: nothing of a shard needs more than sockets, a mailbox and a tick
// (stores, HTTP for operators and TLS have threads or memory BIOs of their own), and it spares the
// reactor's own calls on hot sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace gavel::shard {

// Who owns a descriptor in the loop. Called on the loop's thread with epoll's event bits.
class FdHandler {
 public:
  virtual ~FdHandler() = default;
  virtual void on_events(std::uint32_t events) = 0;
};

// Where descriptors are registered: the loop, or nothing at all in the simulation, which makes the
// events itself.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Registers `fd`, edge-triggered for reading and writing. False where the kernel refuses (errno
  // says why).
  virtual bool watch(int fd, FdHandler* handler) = 0;
  // The same for a listening socket: level-triggered, reading only.
  virtual bool watch_listener(int fd, FdHandler* handler) = 0;
  // A handler that goes away in the middle of a turn must unwatch() first; its pending events are
  // dropped.
  virtual void unwatch(int fd, FdHandler* handler) = 0;
};

class EventLoop final : public Watcher {
 public:
  // Throws std::system_error where the system gives no descriptors.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() override;

  bool watch(int fd, FdHandler* handler) override;
  bool watch_listener(int fd, FdHandler* handler) override;
  void unwatch(int fd, FdHandler* handler) override;

  // Any thread. Runs in the loop; the turn ends behind it. After run() has returned it is dropped.
  void post(std::function<void()> work);

  // Runs what was posted so far; run() does so each turn.
  void run_mailbox();

  // Runs turns until stop(). `begin_turn` is called before the events of each are handled,
  // `end_turn` after them; it returns true when work is left for another at once. The loop wakes up
  // at least every `tick_ms`. With `busy_poll_us` > 0 it spins that long before it sleeps.
  void run(const std::function<void()>& begin_turn, const std::function<bool()>& end_turn,
           int tick_ms, int busy_poll_us);
  // Any thread.
  void stop();

  // How the last turns went: count, and microseconds spent working (not waiting).
  std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }

 private:
  int wait(int timeout_ms);

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> turns_{0};

  std::mutex mutex_;  // of the mailbox alone
  std::vector<std::function<void()>> mailbox_;
  std::vector<std::function<void()>> mailbox_now_;
  bool woken_ = false;

  std::vector<FdHandler*> ready_;  // this turn's handlers, null where one went away meanwhile
  std::vector<std::uint32_t> ready_bits_;
};

}  // namespace gavel::shard
