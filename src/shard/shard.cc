#include "shard/shard.h"

#include <utility>

namespace gavel::shard {

Shard::Shard(const ShardOptions& options, room::RoomTotals& totals,
             std::function<std::size_t(std::string_view)> hash, const Clock& clock,
             std::uint64_t random_seed)
    : options_(options),
      hash_(std::move(hash)),
      totals_(totals),
      clock_(clock),
      random_(random_seed) {}

Shard::~Shard() { join(); }

void Shard::set_log(std::unique_ptr<room::MessageLog> log) {
  log_ = std::move(log);
  rooms_ = std::make_unique<room::Rooms>(
      options_.rooms, *log_, totals_, [this] { return random(); }, hash_);
  rooms_->set_stopwatch(&clock_);
}

void Shard::start() {
  thread_ = std::thread([this] { run(); });
}

void Shard::join() {
  if (thread_.joinable()) thread_.join();
}

void Shard::begin_turn() {
  const std::int64_t now_ns = clock_.steady_ns();
  now_ms_ = now_ns / 1'000'000;
  turn_start_us_ = now_ns / 1000;
  wall_ms_ = clock_.wall_ms();
  rooms_->set_time(now_ms_, wall_ms_);
  rooms_->set_turn_start_us(turn_start_us_);
}

void Shard::run() {
  begin_turn();
  next_tick_ms_ = now_ms_ + kTickMs;
  hooks_->on_start();
  loop_.run([this] { begin_turn(); }, [this] { return end_turn(); }, kTickMs,
            options_.busy_poll_us);
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
  turn_times_.busy.record(static_cast<std::uint64_t>(clock_.steady_ns() / 1000 - turn_start_us_));
  return more;
}

}  // namespace gavel::shard
