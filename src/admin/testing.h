// A source for tests, set by hand. The test's thread and the HTTP server's: what the test changes
// while requests are under way is behind `mutex`.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "admin/source.h"

namespace gavel::admin {

class FakeSource : public Source {
 public:
  ServerFacts facts{.version = "1.2.3", .store = "memory", .threads = 1, .listen = {"127.0.0.1:1"}};
  StoreState store_state;
  TotalsSnapshot totals_now;
  std::vector<RoomSnapshot> rooms_now;
  int looks_at_rooms = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool held = false;  // publish() waits until this is false
  bool in_publish = false;

  const ServerFacts& describe() const override { return facts; }
  bool ready(std::string& reason) override {
    reason = store_state.detail;
    return store_state.ok;
  }
  bool draining() override { return false; }
  StoreState store() override { return store_state; }
  TotalsSnapshot totals() override { return totals_now; }
  std::vector<RoomSnapshot> rooms() override {
    ++looks_at_rooms;
    return rooms_now;
  }
  Status room(std::string_view, RoomView&) override { return Status::unknown_room; }
  Status history(std::string_view, const HistoryQuery&, HistoryPage&) override {
    return Status::store_unavailable;
  }
  Status publish(std::string_view, std::string_view, bool, Published& published,
                 PublishLate) override {
    std::unique_lock lock(mutex);
    in_publish = true;
    changed.notify_all();
    changed.wait(lock, [this] { return !held; });
    published.msg_id = 1;
    return Status::ok;
  }
  Status kick(std::string_view, const Kick&, Kicked&) override { return Status::unknown_member; }
  Status close_room(std::string_view, std::string_view, bool, std::uint64_t&) override {
    return Status::ok;
  }
  Status set_room(std::string_view, const RoomChange&, RoomSettings&) override {
    return Status::ok;
  }
  void drain() override {}
};

}  // namespace gavel::admin
