#include "shard/shard.h"

#include <chrono>
#include <utility>

namespace gavel::shard {
namespace {

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::int64_t system_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Shard::Shard(const ShardOptions& options, room::RoomTotals& totals,
             std::function<std::size_t(std::string_view)> hash)
    : options_(options),
      hash_(std::move(hash)),
      totals_(totals),
      random_(SystemRandom().next_u64()) {}

Shard::~Shard() { join(); }

void Shard::set_log(std::unique_ptr<room::MessageLog> log) {
  log_ = std::move(log);
  rooms_ = std::make_unique<room::Rooms>(options_.rooms, *log_, totals_, [this] { return random(); },
                                         hash_);
}

void Shard::start() {
  thread_ = std::thread([this] { run(); });
}

void Shard::join() {
  if (thread_.joinable()) thread_.join();
}

void Shard::take_time() {
  now_ms_ = steady_ms();
  wall_ms_ = system_ms();
  rooms_->set_time(now_ms_, wall_ms_);
}

void Shard::run() {
  take_time();
  next_tick_ms_ = now_ms_ + kTickMs;
  hooks_->on_start();
  loop_.run([this] { take_time(); }, [this] { return end_turn(); }, kTickMs, options_.busy_poll_us);
  hooks_->on_stop();
}

bool Shard::end_turn() {
  bool more = hooks_->before_rooms();
  more |= rooms_->end_turn();
  if (now_ms_ >= next_tick_ms_) {
    next_tick_ms_ = now_ms_ + kTickMs;
    rooms_->tick();
    hooks_->on_tick();
  }
  more |= hooks_->after_rooms();
  ++turn_times_.turns;
  return more;
}

}  // namespace gavel::shard
