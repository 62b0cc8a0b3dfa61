// What keeping costs: the CPU time of all threads a message, for the memory store and for rocks at
// both durabilities, in the shapes of the server's workloads. Directories lie under $TMPDIR (give
// it a real disk).
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "room/block.h"
#include "room/message_log.h"
#include "store/memory/memory_store.h"
#include "store/rocks/rocks_store.h"

namespace gavel::store {
namespace {

enum Kind : std::int64_t { kMemory, kWritten, kSynced };

// A shard that only counts what is kept.
class CountingShard final : public room::LogListener {
 public:
  explicit CountingShard(Store& store) {
    log_ = store.make_log(0, [this](std::function<void()> work) {
      {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(work));
      }
      wake_.notify_one();
    });
    log_->set_listener(this);
  }
  room::MessageLog& log() { return *log_; }
  // Ends turns until at most `count` appends are not settled, and everything else is answered.
  void turn(std::size_t count) {
    log_->commit();
    while (under_way > count || opening > 0 || reading > 0) {
      std::vector<std::function<void()>> work;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !posted_.empty(); });
        std::swap(work, posted_);
      }
      for (auto& one : work) one();
      log_->commit();
    }
  }

  void on_opened(RoomKey, const room::RoomLife&) override { --opening; }
  void on_open_failed(RoomKey, room::LogError) override { std::abort(); }
  void on_kept(RoomKey, MessageId, std::string_view) override {}
  void on_settled(RoomKey, std::uint64_t, const room::Settlement& settlement) override {
    if (!settlement.kept) std::abort();
    --under_way;
  }
  void on_page(RoomKey, std::uint64_t, const room::Page& page) override {
    --reading;
    read_messages = 0;
    for (const room::PageBlock& piece : page.blocks) {
      const std::size_t count = room::BlockReader(piece.block).header().count;
      read_messages += count;
      read_to = piece.first + (count - 1);
    }
  }
  void on_claimed(RoomKey, std::uint64_t, const room::Claim&) override {}
  void on_trimmed(RoomKey, MessageId) override {}
  void on_new_epoch(RoomKey, const room::RoomLife&) override { std::abort(); }
  void on_leased(ClientId, std::uint64_t) override {}

  std::size_t under_way = 0;
  std::size_t opening = 0;
  std::size_t reading = 0;
  std::size_t read_messages = 0;
  MessageId read_to;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> posted_;
  std::unique_ptr<room::MessageLog> log_;
};

struct Place {
  Place() : path(std::filesystem::temp_directory_path().string() + "/gavel-bench-XXXXXX") {
    if (mkdtemp(path.data()) == nullptr) std::abort();
  }
  ~Place() { std::filesystem::remove_all(path); }
  std::string path;
};

std::unique_ptr<Store> open(std::int64_t kind, const Place& place) {
  if (kind == kMemory) return std::make_unique<MemoryStore>(MemoryOptions{});
  RocksOptions options;
  options.directory = place.path;
  options.synced = kind == kSynced;
  std::string error;
  auto store = open_rocks(options, error);
  if (!store) std::abort();
  return store;
}

// A message of a game: 130 bytes of which some differ each time.
std::string body(std::uint64_t n) {
  std::string text = "\"type\":\"move\",\"n\":" + std::to_string(n) +
                     ",\"x\":" + std::to_string(n * 2654435761u % 100000) +
                     ",\"y\":" + std::to_string(n * 40503u % 100000) + ",\"piece\":\"";
  while (text.size() < 128)
    text.push_back(static_cast<char>('a' + (n * 31 + text.size() * n) % 26));
  return text + "\"}";
}

// rooms × messages a block, each turn one block a room; two turns may be under way.
void append(benchmark::State& state) {
  const auto rooms = static_cast<std::size_t>(state.range(1));
  const auto messages = static_cast<std::size_t>(state.range(2));
  const Place place;
  const auto store = open(state.range(0), place);
  CountingShard shard(*store);
  for (std::size_t i = 0; i < rooms; ++i) {
    ++shard.opening;
    shard.log().open(RoomKey{i + 1}, "room-" + std::to_string(i));
  }
  shard.turn(0);
  std::vector<room::BlockBuilder> blocks(rooms * 3);
  std::vector<std::string> bodies;
  for (std::uint64_t n = 0; n < 1024; ++n) bodies.push_back(body(n));
  std::uint64_t n = 0;
  std::size_t turn = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < rooms; ++i) {
      room::BlockBuilder& block = blocks[turn % 3 * rooms + i];
      block.start(turn * rooms + i + 1);
      for (std::size_t m = 0; m < messages; ++m, ++n) {
        block.add({ClientId{1 + m}, Ref{}, 1'764'036'000'000, bodies[n % bodies.size()]});
      }
      ++shard.under_way;
      shard.log().append(RoomKey{i + 1}, block.tag(), block.view());
    }
    ++turn;
    shard.turn(2 * rooms);
  }
  shard.turn(0);
  state.counters["cpu_us_a_message"] = benchmark::Counter(
      static_cast<double>(n) / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
}
BENCHMARK(append)
    ->ArgNames({"store", "rooms", "messages"})
    ->ArgsProduct({{kMemory, kWritten, kSynced}, {1}, {1, 256}})
    ->ArgsProduct({{kMemory, kWritten, kSynced}, {200}, {4, 16}})
    ->MeasureProcessCPUTime()
    ->MinTime(2.0);

// One reader that reads a room from its beginning, in pages as a member does.
void replay(benchmark::State& state) {
  const Place place;
  const auto store = open(kWritten, place);
  CountingShard shard(*store);
  ++shard.opening;
  shard.log().open(RoomKey{1}, "room");
  shard.turn(0);
  room::BlockBuilder block;
  constexpr std::uint64_t kMessages = 500'000;
  for (std::uint64_t n = 0; n < kMessages;) {
    block.start(n + 1);
    for (int i = 0; i < 16; ++i, ++n) block.add({ClientId{1}, Ref{}, 1'764'036'000'000, body(n)});
    ++shard.under_way;
    shard.log().append(RoomKey{1}, block.tag(), block.view());
    shard.turn(0);
  }
  std::uint64_t messages = 0;
  MessageId after;
  for (auto _ : state) {
    ++shard.reading;
    shard.log().read(RoomKey{1}, 1, after, 128 * 1024);
    shard.turn(0);
    messages += shard.read_messages;
    after = shard.read_to.value >= kMessages ? MessageId{0} : shard.read_to;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
}
BENCHMARK(replay)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace gavel::store
