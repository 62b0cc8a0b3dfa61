// For tests of stores: a shard without a network. It runs what the store posts, commits as a shard
// does, writes down every answer, and checks of each what room/message_log.h promises. Use it from
// one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "room/block.h"
#include "room/message_log.h"
#include "store/store.h"

namespace gavel::store::testing {

struct Message {
  std::uint64_t client = 0;
  std::uint64_t ref = 0;
  std::string body;
  bool operator==(const Message&) const = default;
};

inline std::vector<Message> messages_of(std::string_view block) {
  std::vector<Message> out;
  room::BlockReader reader(block);
  room::Entry entry;
  while (reader.next(entry)) {
    out.push_back({entry.client.value, entry.ref.value, std::string(entry.body)});
  }
  EXPECT_TRUE(reader.ok());
  return out;
}

inline std::string block_of(std::uint64_t tag, const std::vector<Message>& messages,
                            std::int64_t ts_ms = 1'764'036'000'000) {
  room::BlockBuilder builder;
  builder.start(tag);
  for (const Message& one : messages) {
    builder.add({ClientId{one.client}, Ref{one.ref}, ts_ms, one.body});
  }
  return std::string(builder.view());
}

class TestShard final : public room::LogListener {
 public:
  static constexpr std::chrono::seconds kDeadline{20};

  // What is known of a room that is open.
  struct RoomView {
    std::optional<room::RoomLife> life;
    std::optional<room::LogError> open_error;
    std::vector<Message> kept;                       // while it was open here
    std::map<std::uint64_t, std::string> under_way;  // by tag
    std::size_t refused = 0;
    room::LogError error = room::LogError::unavailable;
    MessageId first{1};
    std::size_t trims = 0;
  };
  struct PageView {
    bool ok = true;
    room::LogError error = room::LogError::unavailable;
    MessageId first_retained{1};
    MessageId first;  // of the first block; 0 = none came
    std::vector<Message> messages;
    std::size_t bytes = 0;
  };

  TestShard(Store& store, unsigned index) {
    log_ = store.make_log(index, [this](std::function<void()> work) {
      {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(work));
      }
      wake_.notify_one();
    });
    log_->set_listener(this);
  }

  room::MessageLog& log() { return *log_; }
  RoomView& room(RoomKey key) { return rooms_[key]; }
  // The end of a turn.
  void commit() {
    ++inside_;
    log_->commit();
    --inside_;
  }

  // Runs turns until `done`, or fails the test at the deadline.
  template <class Done>
  void run_until(Done done, const char* what = "an answer") {
    const auto until = std::chrono::steady_clock::now() + kDeadline;
    while (!done()) {
      commit();
      if (done()) return;
      std::unique_lock lock(mutex_);
      if (!wake_.wait_until(lock, until, [this] { return !posted_.empty(); })) {
        FAIL() << "waited in vain for " << what;
      }
      std::deque<std::function<void()>> work = std::exchange(posted_, {});
      lock.unlock();
      ++inside_;
      for (auto& one : work) one();
      --inside_;
    }
  }

  RoomKey open(std::string_view name) {
    const RoomKey key{next_key_++};
    log_->open(key, name);
    run_until([&] { return rooms_[key].life || rooms_[key].open_error; }, "on_opened");
    return key;
  }
  void close(RoomKey key) {
    log_->close(key);
    rooms_.erase(key);
  }
  // Appends one block; not settled yet.
  std::uint64_t append(RoomKey key, const std::vector<Message>& messages,
                       std::int64_t ts_ms = 1'764'036'000'000) {
    const std::uint64_t tag = next_tag_++;
    std::string& block = rooms_[key].under_way[tag];
    block = block_of(tag, messages, ts_ms);
    log_->append(key, tag, block);
    return tag;
  }
  void settle(RoomKey key) {
    run_until([&] { return rooms_[key].under_way.empty(); }, "on_settled");
  }
  PageView read(RoomKey key, MessageId after, std::size_t bytes_max) {
    const std::uint64_t request = next_request_++;
    log_->read(key, request, after, bytes_max);
    return answered(request);
  }
  PageView answered(std::uint64_t request) {
    run_until([&] { return pages_.contains(request); }, "on_page");
    return pages_[request];
  }
  // Everything behind `after`, page by page; the pages must join without a hole.
  std::vector<Message> read_all(RoomKey key, MessageId after, std::size_t bytes_max) {
    std::vector<Message> out;
    while (true) {
      PageView page = read(key, after, bytes_max);
      EXPECT_TRUE(page.ok);
      if (!page.ok || page.messages.empty()) return out;
      EXPECT_LE(page.first, after + 1);
      const std::uint64_t skip = after + 1 - page.first;
      EXPECT_LT(skip, page.messages.size()) << "a page must bring something new";
      if (skip >= page.messages.size()) return out;
      out.insert(out.end(), page.messages.begin() + static_cast<std::ptrdiff_t>(skip),
                 page.messages.end());
      after = page.first + (page.messages.size() - 1);
    }
  }
  room::Claim claim(RoomKey key, ClientId client) {
    const std::uint64_t request = next_request_++;
    log_->claim(key, request, client);
    run_until([&] { return claims_.contains(request); }, "on_claimed");
    return claims_[request];
  }
  MessageId trim(RoomKey key, MessageId up_to) {
    const std::size_t before = rooms_[key].trims;
    log_->trim(key, up_to);
    run_until([&] { return rooms_[key].trims > before; }, "on_trimmed");
    return rooms_[key].first;
  }
  std::pair<ClientId, std::uint64_t> lease() {
    lease_.reset();
    log_->lease_client_ids();
    run_until([&] { return lease_.has_value(); }, "on_leased");
    return *lease_;
  }

  // LogListener
  void on_opened(RoomKey key, const room::RoomLife& life) override {
    expect_inside();
    RoomView& view = rooms_[key];
    EXPECT_FALSE(view.life) << "opened twice";
    view.life = life;
    view.first = life.first;
  }
  void on_open_failed(RoomKey key, room::LogError error) override {
    expect_inside();
    rooms_[key].open_error = error;
  }
  void on_kept(RoomKey key, MessageId first, std::string_view block) override {
    expect_inside();
    RoomView& view = rooms_[key];
    EXPECT_EQ(first, view.life->last + 1) << "ids must be consecutive";
    const std::vector<Message> messages = messages_of(block);
    view.life->last = view.life->last + messages.size();
    view.kept.insert(view.kept.end(), messages.begin(), messages.end());
  }
  void on_settled(RoomKey key, std::uint64_t tag, const room::Settlement& settlement) override {
    expect_inside();
    RoomView& view = rooms_[key];
    EXPECT_EQ(view.under_way.count(tag), 1u) << "settled twice, or never appended";
    EXPECT_EQ(view.under_way.begin()->first, tag) << "settled out of order";
    if (settlement.kept) {
      EXPECT_LE(settlement.first, view.life->last) << "settled before it was shown";
    } else {
      ++view.refused;
      view.error = settlement.error;
    }
    view.under_way.erase(tag);
  }
  void on_page(RoomKey, std::uint64_t request, const room::Page& page) override {
    expect_inside();
    PageView view;
    view.ok = page.ok;
    view.error = page.error;
    view.first_retained = page.first_retained;
    MessageId next;
    for (const room::PageBlock& piece : page.blocks) {
      if (!next) view.first = next = piece.first;
      EXPECT_EQ(piece.first, next) << "a hole in a page";
      const std::vector<Message> messages = messages_of(piece.block);
      next = next + messages.size();
      view.messages.insert(view.messages.end(), messages.begin(), messages.end());
      view.bytes += piece.block.size();
    }
    EXPECT_FALSE(pages_.contains(request)) << "a page twice";
    pages_[request] = std::move(view);
  }
  void on_claimed(RoomKey, std::uint64_t request, const room::Claim& claim) override {
    expect_inside();
    claims_[request] = claim;
  }
  void on_trimmed(RoomKey key, MessageId first) override {
    expect_inside();
    RoomView& view = rooms_[key];
    EXPECT_GE(first, view.first) << "what was trimmed came back";
    view.first = first;
    ++view.trims;
  }
  void on_new_epoch(RoomKey key, const room::RoomLife& life) override {
    expect_inside();
    rooms_[key] = RoomView{};
    rooms_[key].life = life;
  }
  void on_leased(ClientId first, std::uint64_t count) override {
    expect_inside();
    lease_ = {first, count};
  }

 private:
  void expect_inside() const {
    EXPECT_GT(inside_, 0) << "answered from inside the call that asked";
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> posted_;
  int inside_ = 0;
  std::uint64_t next_key_ = 1;
  std::uint64_t next_tag_ = 1;
  std::uint64_t next_request_ = 1;
  std::map<RoomKey, RoomView> rooms_;
  std::map<std::uint64_t, PageView> pages_;
  std::map<std::uint64_t, room::Claim> claims_;
  std::optional<std::pair<ClientId, std::uint64_t>> lease_;
  std::unique_ptr<room::MessageLog> log_;
};

}  // namespace gavel::store::testing
