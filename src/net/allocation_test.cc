// Shows that a message's way, from the bytes that arrive to the bytes that leave, allocates nothing
// once it is warm: real connections, sessions, rooms and the memory store, over sockets that cost
// nothing.
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/gateway.h"
#include "shard/shard.h"
#include "store/memory/memory_store.h"
#include "ws/frame.h"

// GCC sees new and free here without what lies between them.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace {
std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
}  // namespace

void* operator new(std::size_t size) {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gavel::net {
namespace {

// Gives what the test put in, swallows what is sent.
class LoopSocket final : public Socket {
 public:
  std::string in;
  std::size_t at = 0;
  std::uint64_t sent = 0;

  int fd() const override { return -1; }
  IoResult recv(char* out, std::size_t size) override {
    const std::size_t bytes = std::min(size, in.size() - at);
    if (bytes == 0) return {IoStatus::would_block, 0, true};
    std::memcpy(out, in.data() + at, bytes);
    at += bytes;
    return {IoStatus::ok, bytes, true};
  }
  IoResult send(const iovec* parts, int count) override {
    std::size_t bytes = 0;
    for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
    sent += bytes;
    return {IoStatus::ok, bytes, false};
  }
  void shutdown_write() override {}
  std::size_t unacknowledged() const override { return 0; }
  void reset_on_close() override {}
};

class NoWatcher final : public shard::Watcher {
 public:
  bool watch(int, shard::FdHandler*) override { return true; }
  bool watch_listener(int, shard::FdHandler*) override { return true; }
  void unwatch(int, shard::FdHandler*) override {}
};

class Everybody final : public session::Admission {
 public:
  std::optional<session::Player> admit(std::string_view, std::string_view, std::int64_t,
                                       std::string&) const override {
    return session::Player{};
  }
  std::string make_resume_token(std::string_view, Epoch, ClientId,
                                std::string_view) const override {
    return "token";
  }
  std::optional<session::Resumed> check_resume_token(std::string_view, std::string_view,
                                                     std::string_view) const override {
    return std::nullopt;
  }
};

TEST(Allocation, AMessageOnItsWayAllocatesNothing) {
  FakeClock clock;
  NoWatcher watcher;
  Everybody everybody;
  room::RoomTotals totals;
  GatewayShared shared;
  shared.admission = &everybody;
  shared.hash = [](std::string_view name) { return std::hash<std::string_view>{}(name); };
  shared.ready = [](std::string&) { return true; };
  store::MemoryStore store({});
  shard::Shard shard({}, totals, shared.hash, clock, 1);
  Gateway gateway(shard, watcher, shared);
  shared.gateways.push_back(&gateway);
  shard.set_hooks(&gateway);
  shard.set_log(store.make_log(0, {}));
  shard.begin_turn();
  gateway.on_start();

  constexpr int kPlayers = 10;
  constexpr int kMessages = 16;  // a turn and player
  std::vector<LoopSocket*> sockets;
  std::vector<Connection*> connections;
  for (int i = 0; i < kPlayers; ++i) {
    auto socket = std::make_unique<LoopSocket>();
    socket->in =
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    ws::append_client_frame(socket->in, ws::Opcode::text, R"({"type":"join","room":"r"})", 7);
    sockets.push_back(socket.get());
    connections.push_back(gateway.take(std::move(socket), "test"));
    connections.back()->on_events(EPOLLIN);
  }
  std::string frames;
  for (int i = 0; i < kMessages; ++i) {
    ws::append_client_frame(frames, ws::Opcode::text,
                            R"({"type":"move","seq":12345,"x":103,"y":772,"pad":"xxxxxxxxxxxx"})",
                            0x1234567);
  }
  const auto turn = [&] {
    shard.begin_turn();
    for (int i = 0; i < kPlayers; ++i) connections[static_cast<std::size_t>(i)]->on_events(EPOLLIN);
    shard.end_turn();
    clock.advance_ms(1);
  };
  turn();
  turn();
  for (LoopSocket* socket : sockets) socket->in = frames;
  const auto play = [&](int turns) {
    for (int i = 0; i < turns; ++i) {
      for (LoopSocket* socket : sockets) socket->at = 0;
      turn();
    }
  };
  play(1500);  // until the backlog and the store's retention go round
  const std::uint64_t sent = sockets[0]->sent;
  counting = true;
  play(1000);
  counting = false;
  EXPECT_EQ(allocations.load(), 0u);
  // It did go its way: every player was sent every message.
  EXPECT_GT(sockets[0]->sent - sent, 1000u * kMessages * kPlayers * 100u);
  gateway.on_stop();
}

}  // namespace
}  // namespace gavel::net
