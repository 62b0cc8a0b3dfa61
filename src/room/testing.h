// For tests of rooms: a log whose answers the test gives, and members that collect what they are
// sent. One thread.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "room/block.h"
#include "room/delivery.h"
#include "room/member.h"
#include "room/message_log.h"
#include "room/rooms.h"

namespace gavel::room::testing {

// Keeps everything in memory. With `stalled` set, appends wait until it is cleared; with `refuse`,
// they are refused.
class ScriptedLog final : public MessageLog {
 public:
  bool stalled = false;
  bool open_stalled = false;
  std::optional<LogError> refuse;
  Claim claim_answer;
  int claims = 0;

  void set_listener(LogListener* listener) override { listener_ = listener; }
  void open(RoomKey room, std::string_view name) override {
    names_[room] = std::string(name);
    opened_.push_back(room);
  }
  void append(RoomKey room, std::uint64_t tag, std::string_view block) override {
    appends_.push_back({room, tag, block});
  }
  void read(RoomKey room, std::uint64_t request, MessageId after, std::size_t bytes_max) override {
    reads_.push_back({room, request, after, bytes_max});
  }
  void claim(RoomKey room, std::uint64_t request, ClientId) override {
    ++claims;
    claimed_.push_back({room, request});
  }
  void trim(RoomKey, MessageId) override {}
  void close(RoomKey room) override { closed.push_back(names_[room]); }
  void lease_client_ids() override { lease_ = true; }
  void commit() override;

  // Forgets all messages of a room up to `up_to`.
  void forget(const std::string& name, MessageId up_to) { logs_[name].first = up_to + 1; }
  void new_epoch(RoomKey room) {
    Log& log = logs_[names_[room]];
    log = Log{};
    log.epoch = ++epochs_;
    appends_.clear();
    listener_->on_new_epoch(room, life(log));
  }
  std::vector<std::string> closed;

 private:
  struct Log {
    std::uint64_t epoch = 0;
    MessageId first{1};
    std::vector<std::pair<MessageId, std::string>> blocks;
    MessageId last{0};
  };
  struct Append {
    RoomKey room;
    std::uint64_t tag;
    std::string_view block;
  };
  struct Read {
    RoomKey room;
    std::uint64_t request;
    MessageId after;
    std::size_t bytes_max;
  };
  static RoomLife life(const Log& log) {
    return {Epoch{log.epoch}, log.first, log.last, log.epoch == 1};
  }
  void answer_append(const Append& append);
  void answer_read(const Read& read);

  LogListener* listener_ = nullptr;
  std::uint64_t epochs_ = 0;
  std::uint64_t next_client_ = 1;
  bool lease_ = false;
  std::map<RoomKey, std::string> names_;
  std::map<std::string, Log> logs_;
  std::vector<RoomKey> opened_;
  std::deque<Append> appends_;
  std::vector<Read> reads_;
  std::vector<std::pair<RoomKey, std::uint64_t>> claimed_;
};

// A member whose socket takes `window` bytes a flush.
class Player final : public Delivery, public Joiner {
 public:
  explicit Player(Rooms& rooms) : rooms_(rooms), member(*this) {}
  ~Player() override { rooms_.leave(member); }

  void join(JoinSpec spec) { rooms_.join(member, *this, std::move(spec)); }
  Accepted send(std::string_view body, std::uint64_t ref = 0) {
    return member.room()->accept(member, Ref{ref}, body, ++number_);
  }
  // The payloads of the whole frames that came.
  std::vector<std::string> messages() const;

  void flush() override;
  void ended(Ending why, std::string_view) override { ending = why; }
  void finish_frame(std::string_view rest) override { bytes.append(rest); }
  void on_joined(const Joined& outcome) override { joined = outcome; }
  void on_join_failed(JoinError error) override { failed = error; }
  void on_refused(Ref ref, std::uint64_t, LogError) override { refused.push_back(ref.value); }
  void on_duplicate(Ref ref) override { duplicates.push_back(ref.value); }

  std::size_t window = SIZE_MAX;
  std::string bytes;
  std::optional<Joined> joined;
  std::optional<JoinError> failed;
  std::optional<Ending> ending;
  std::vector<std::uint64_t> refused;
  std::vector<std::uint64_t> duplicates;

 private:
  Rooms& rooms_;
  std::uint64_t number_ = 0;

 public:
  Member member;
};

inline void ScriptedLog::commit() {
  for (int round = 0; round < 3; ++round) {
    if (lease_) {
      lease_ = false;
      listener_->on_leased(ClientId{next_client_}, 1000);
      next_client_ += 1000;
    }
    if (!open_stalled) {
      for (const RoomKey key : std::exchange(opened_, {})) {
        Log& log = logs_[names_[key]];
        if (log.epoch == 0) log.epoch = ++epochs_;
        listener_->on_opened(key, life(log));
      }
    }
    for (const auto& [room, request] : std::exchange(claimed_, {})) {
      listener_->on_claimed(room, request, claim_answer);
    }
    while (!stalled && !appends_.empty()) {
      const Append append = appends_.front();
      appends_.pop_front();
      answer_append(append);
    }
    for (const Read& read : std::exchange(reads_, {})) answer_read(read);
  }
}

inline void ScriptedLog::answer_append(const Append& append) {
  Settlement settlement;
  if (refuse) {
    settlement.error = *refuse;
    listener_->on_settled(append.room, append.tag, settlement);
    return;
  }
  Log& log = logs_[names_[append.room]];
  const MessageId first = log.last + 1;
  log.blocks.emplace_back(first, std::string(append.block));
  log.last = log.last + BlockReader(append.block).header().count;
  listener_->on_kept(append.room, first, append.block);
  settlement.kept = true;
  settlement.first = first;
  listener_->on_settled(append.room, append.tag, settlement);
}

inline void ScriptedLog::answer_read(const Read& read) {
  const Log& log = logs_[names_[read.room]];
  std::vector<PageBlock> blocks;
  std::size_t size = 0;
  for (const auto& [first, block] : log.blocks) {
    const MessageId end = first + BlockReader(block).header().count;
    if (end <= read.after + 1 || end <= log.first || size >= read.bytes_max) continue;
    blocks.push_back({first, block});
    size += block.size();
  }
  Page page;
  page.blocks = blocks;
  page.first_retained = log.first;
  listener_->on_page(read.room, read.request, page);
}

inline std::vector<std::string> Player::messages() const {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at + 2 <= bytes.size()) {
    const std::size_t size = frame_bytes(bytes.data() + at);
    if (at + size > bytes.size()) break;
    const std::size_t header = size < 128 ? 2 : 4;
    out.push_back(bytes.substr(at + header, size - header));
    at += size;
  }
  return out;
}

inline void Player::flush() {
  std::size_t left = window;
  iovec parts[8];
  while (left > 0) {
    const int count = member.spans(parts, 8);
    if (count == 0) return;
    std::size_t taken = 0;
    for (int i = 0; i < count && left > 0; ++i) {
      const std::size_t size = std::min(parts[i].iov_len, left);
      bytes.append(static_cast<char*>(parts[i].iov_base), size);
      taken += size;
      left -= size;
    }
    member.sent(taken);
  }
}

}  // namespace gavel::room::testing
