// One shard's log in the store of rocks_store.h. Numbers the messages itself, since nobody else
// appends to its rooms, and hands each turn's blocks to the writer. Shard's thread only.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "room/message_log.h"
#include "store/rocks/inbox.h"
#include "store/rocks/reader.h"
#include "store/rocks/traffic.h"
#include "store/rocks/writer.h"

namespace gavel::store::rocks {

class RocksLog final : public room::MessageLog {
 public:
  RocksLog(Writer& writer, Reader& reader, Post post);
  ~RocksLog() override;
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
  struct RoomState {
    OpenRoom* room = nullptr;  // null until it is open; the writer's
    Place place;
    MessageId next{1};  // the id of the next message that is appended
    MessageId kept{0};
    MessageId first{1};
    std::uint32_t round = 1;  // see Append
  };

  Commit& turn();
  Request request(Request::Kind kind, RoomKey key, const RoomState& state);
  void drain();
  void take(Commit& commit);
  void take(const OpenAnswer& answer);
  void take(const PageAnswer& answer);

  Writer& writer_;
  Reader& reader_;
  room::LogListener* listener_ = nullptr;
  std::shared_ptr<Inbox> inbox_;
  std::unordered_map<RoomKey, RoomState> rooms_;
  std::unique_ptr<Commit> turn_;  // what this turn brought; null where nothing did
  std::vector<std::unique_ptr<Commit>> spare_;
  std::vector<Request> asked_;
  Answers answers_;
  std::vector<room::PageBlock> page_;
  bool leasing_ = false;
};

}  // namespace gavel::store::rocks
