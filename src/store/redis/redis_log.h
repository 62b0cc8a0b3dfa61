// One shard's log in Redis: gathers what the shard asks during a turn, hands it to the I/O thread
// at its end, and tells the shard what came back. The shard's thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "room/message_log.h"
#include "store/redis/traffic.h"

namespace gavel::store::redis {

// The I/O thread, as logs see it.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual void submit(std::shared_ptr<ShardLink> link, std::vector<Op> ops) = 0;
  // Returns when the I/O thread will touch nothing of the shard any more.
  virtual void detach(const std::shared_ptr<ShardLink>& link) = 0;
};

class RedisLog final : public room::MessageLog {
 public:
  RedisLog(Courier& courier, Post post);
  ~RedisLog() override;
  void set_listener(room::LogListener* listener) override { link_->listener = listener; }
  void open(RoomKey room, std::string_view name) override;
  void append(RoomKey room, std::uint64_t tag, std::string_view block) override;
  void read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) override;
  void claim(RoomKey room, std::uint64_t request, ClientId client) override;
  void trim(RoomKey room, MessageId up_to) override;
  void close(RoomKey room) override;
  void lease_client_ids() override;
  void commit() override;

 private:
  Op& ask(Op::Kind kind, RoomKey room);

  Courier& courier_;
  std::shared_ptr<ShardLink> link_;
  std::vector<Op> ops_;
};

}  // namespace gavel::store::redis
