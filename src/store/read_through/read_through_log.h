// One shard's log with the archive behind it. See room/message_log.h for the contract, and
// read_through_store.h for what is promised.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "room/message_log.h"
#include "store/read_through/archive_readers.h"

namespace gavel::store {

class ReadThroughLog final : public room::MessageLog, private room::LogListener {
 public:
  ReadThroughLog(Store& hot, unsigned shard, const Post& post, ArchiveReaders& readers,
                 std::chrono::milliseconds open_wait);
  ~ReadThroughLog() override;

  void set_listener(room::LogListener* listener) override;
  void open(RoomKey room, std::string_view name) override;
  void append(RoomKey room, std::uint64_t tag, std::string_view block) override;
  void read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) override;
  void claim(RoomKey room, std::uint64_t request, ClientId client) override;
  void trim(RoomKey room, MessageId up_to) override;
  void close(RoomKey room) override;
  void lease_client_ids() override { hot_->lease_client_ids(); }
  void commit() override;

 private:
  using Clock = std::chrono::steady_clock;

  // A block that came while the room's opening waits for the archive.
  struct HeldBlock {
    MessageId first;
    std::string block;
  };
  struct Opening {
    Clock::time_point until;
    room::RoomLife life;
    std::vector<HeldBlock> blocks;
  };
  enum class Known : std::uint8_t { not_yet, nothing_there, mark };
  struct Room {
    std::string name;
    Epoch epoch;
    MessageId hot_first{1};
    MessageId told_first{1};  // what the listener holds for the oldest message
    Known known = Known::not_yet;
    ArchivedRoom archived;  // where known is mark
    bool asking = false;
    bool ask_again = false;
  };
  struct Read {
    RoomKey room;
    MessageId after;
    std::size_t bytes_max = 0;
  };

  // LogListener: what the hot store answers.
  void on_opened(RoomKey key, const room::RoomLife& life) override;
  void on_open_failed(RoomKey key, room::LogError error) override;
  void on_kept(RoomKey key, MessageId first, std::string_view block) override;
  void on_settled(RoomKey key, std::uint64_t tag, const room::Settlement& settlement) override;
  void on_page(RoomKey key, std::uint64_t request, const room::Page& page) override;
  void on_claimed(RoomKey key, std::uint64_t request, const room::Claim& claim) override;
  void on_trimmed(RoomKey key, MessageId first) override;
  void on_new_epoch(RoomKey key, const room::RoomLife& life) override;
  void on_leased(ClientId first, std::uint64_t count) override;

  Room* find(RoomKey key);
  static MessageId first_within_reach(const Room& room);
  void ask_mark(RoomKey key, Room& room);
  void ask_page(std::uint64_t request, const Read& read, const Room& room);
  void begin(RoomKey key, Room& room, const room::RoomLife& life);
  void finish_opening(RoomKey key, Room& room);
  void take_answers();
  void take_mark(const ArchiveAnswer& answer);
  void take_page(const ArchiveAnswer& answer);
  void fail_page(RoomKey key, std::uint64_t request, room::LogError error);

  room::LogListener* listener_ = nullptr;
  ArchiveReaders& readers_;
  const std::chrono::milliseconds open_wait_;
  std::shared_ptr<ArchiveInbox> inbox_;
  std::unordered_map<RoomKey, Room> rooms_;
  std::unordered_map<RoomKey, Opening> openings_;
  std::unordered_map<std::uint64_t, Read> reads_;  // by request
  std::unique_ptr<room::MessageLog> hot_;          // goes first
};

}  // namespace gavel::store
