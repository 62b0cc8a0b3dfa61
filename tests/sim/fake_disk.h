// A store that behaves as the embedded one: what it has answered as kept survives a crash of the
// server; what was on its way may have been written or not. Answers come late, by the seed; it can
// stall and run full.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "room/message_log.h"

namespace gavel::sim {

// What survives a crash of the process.
struct Disk {
  struct Room {
    Epoch epoch;
    MessageId first{1};
    MessageId last{0};
    std::vector<std::pair<MessageId, std::string>> blocks;
    std::map<ClientId, Ref> refs;
  };
  std::map<std::string, Room, std::less<>> rooms;
  std::uint64_t next_client = 1;
  std::uint64_t next_epoch = 100;
  std::uint64_t blocks_retained = 0;  // a room; 0 = all
};

class DiskLog final : public room::MessageLog {
 public:
  DiskLog(Disk& disk, Random& random) : disk_(disk), random_(random) {}

  bool stalled = false;
  bool full = false;

  // Lets some of what is under way happen.
  void step();
  // The process dies: what was under way is written, by the seed, or not.
  void crash();
  bool idle() const { return work_.empty() && answers_.empty(); }

  void set_listener(room::LogListener* listener) override { listener_ = listener; }
  void open(RoomKey room, std::string_view name) override;
  void append(RoomKey room, std::uint64_t tag, std::string_view block) override;
  void read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) override;
  void claim(RoomKey room, std::uint64_t request, ClientId client) override;
  void trim(RoomKey room, MessageId up_to) override;
  void close(RoomKey room) override;
  void lease_client_ids() override;
  void commit() override;

 private:
  struct Work {
    enum Kind { kOpen, kAppend, kRead, kClaim, kLease } kind;
    RoomKey room;
    std::uint64_t number = 0;  // tag or request
    std::string_view block{};
    MessageId after{};
    std::size_t bytes_max = 0;
    ClientId client{};
    // Filled in when it has happened:
    bool ok = true;
    MessageId first{};
    bool trimmed = false;
  };
  void happen(Work& work);
  void answer(const Work& work);
  void write(Work& work);
  void answer_page(const Work& work, const Disk::Room& room);

  Disk& disk_;
  Random& random_;
  room::LogListener* listener_ = nullptr;
  struct Open {
    std::string name;
    Epoch epoch;  // given at open, written with the first message
    bool first_epoch = false;
    MessageId kept{0};      // so far the listener knows
    bool refusing = false;  // an append was refused, and its answer is not out yet
  };
  std::map<RoomKey, Open> open_;
  std::deque<Work> work_;     // not happened yet, in order
  std::deque<Work> answers_;  // happened, to be told
  bool leasing_ = false;
};

}  // namespace gavel::sim
