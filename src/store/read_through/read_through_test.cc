// The archive behind a store: a hot log whose trims the test makes, and an archive that it stops,
// breaks and fills.
#include <condition_variable>
#include <map>
#include <mutex>

#include "store/read_through/read_through_store.h"
#include "store/testing.h"

namespace gavel::store {
namespace {

using room::RoomLife;
using testing::Message;
using testing::TestShard;

Message message(std::uint64_t id) { return {7, id, "\"n\":" + std::to_string(id) + "}"}; }

std::vector<Message> messages(std::uint64_t first, std::uint64_t last) {
  std::vector<Message> out;
  for (std::uint64_t id = first; id <= last; ++id) out.push_back(message(id));
  return out;
}

// One room, a message a block.
struct HotRoom {
  RoomLife life;
  std::function<void()> before_page;  // runs once, before a page is answered
};

class HotLog final : public room::MessageLog {
 public:
  explicit HotLog(HotRoom& room) : room_(room) {}
  void set_listener(room::LogListener* listener) override { listener_ = listener; }
  void open(RoomKey key, std::string_view) override { opened_.push_back(key); }
  void append(RoomKey, std::uint64_t, std::string_view) override {}
  void read(RoomKey key, std::uint64_t request, MessageId after, std::size_t) override {
    reads_.push_back({key, request, after});
  }
  void claim(RoomKey, std::uint64_t, ClientId) override {}
  void trim(RoomKey key, MessageId up_to) override {
    room_.life.first = up_to + 1;
    trims_.push_back(key);
  }
  void close(RoomKey) override {}
  void lease_client_ids() override {}
  void commit() override {
    for (const RoomKey key : std::exchange(opened_, {})) listener_->on_opened(key, room_.life);
    for (const RoomKey key : std::exchange(trims_, {}))
      listener_->on_trimmed(key, room_.life.first);
    for (const RoomKey key : std::exchange(epochs_, {})) listener_->on_new_epoch(key, room_.life);
    for (const auto& read : std::exchange(reads_, {})) answer(read);
  }
  void keep_one(RoomKey key) {
    room_.life.last = room_.life.last + 1;
    const MessageId id = room_.life.last;
    listener_->on_kept(key, id, testing::block_of(id.value, {message(id.value)}));
  }
  // In the next turn.
  void new_epoch(RoomKey key) {
    room_.life = {Epoch{room_.life.epoch.value + 1}, MessageId{1}, MessageId{0}, false};
    epochs_.push_back(key);
  }

 private:
  struct Read {
    RoomKey key;
    std::uint64_t request;
    MessageId after;
  };
  void answer(const Read& read) {
    if (room_.before_page) std::exchange(room_.before_page, nullptr)();
    const MessageId first = std::max(read.after + 1, room_.life.first);
    std::string block;
    std::vector<room::PageBlock> blocks;
    if (first <= room_.life.last) {
      block = testing::block_of(1, {message(first.value)});
      blocks.push_back({first, block});
    }
    room::Page page;
    page.blocks = blocks;
    page.first_retained = room_.life.first;
    listener_->on_page(read.key, read.request, page);
  }

  HotRoom& room_;
  room::LogListener* listener_ = nullptr;
  std::vector<RoomKey> opened_;
  std::vector<RoomKey> trims_;
  std::vector<RoomKey> epochs_;
  std::vector<Read> reads_;
};

struct HotStore final : Store {
  explicit HotStore(HotRoom& r) : room(r) {}
  std::unique_ptr<room::MessageLog> make_log(unsigned, Post) override {
    auto made = std::make_unique<HotLog>(room);
    log = made.get();
    return made;
  }
  SigningKey signing_key() const override { return {}; }
  Health health() const override { return {}; }
  std::string describe() const override { return "hot"; }
  HotRoom& room;
  HotLog* log = nullptr;
};

// What the archive holds, and how it answers. Any thread.
struct Shelf {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<Epoch, ArchivedRoom> rooms;
  std::optional<ArchiveError> error;
  bool stuck = false;
  std::size_t finds = 0;
  std::size_t reads = 0;

  void hold(Epoch epoch, std::uint64_t first, std::uint64_t last) {
    const std::lock_guard lock(mutex);
    ArchivedRoom& room = rooms[epoch];
    room.epoch = epoch;
    room.first = MessageId{first};
    room.last = MessageId{last};
  }
  void set(std::optional<ArchiveError> now, bool is_stuck = false) {
    const std::lock_guard lock(mutex);
    error = now;
    stuck = is_stuck;
    changed.notify_all();
  }
};

class FakeArchive final : public Archive {
 public:
  explicit FakeArchive(Shelf& shelf) : shelf_(shelf) {}
  Archived<void> prepare() override { return success(); }
  Archived<ArchiveWrite> write(std::string_view, Epoch, std::span<const ArchiveMessage>) override {
    return ArchiveWrite{};
  }
  Archived<std::optional<ArchivedRoom>> find(std::string_view, Epoch epoch) override {
    std::unique_lock lock(shelf_.mutex);
    ++shelf_.finds;
    shelf_.changed.wait(lock, [this] { return !shelf_.stuck; });
    if (shelf_.error) return ArchiveFailure{*shelf_.error, "as the test wants it"};
    const auto it = shelf_.rooms.find(epoch);
    if (it == shelf_.rooms.end()) return std::optional<ArchivedRoom>();
    return std::optional<ArchivedRoom>(it->second);
  }
  Archived<std::vector<ArchivedRoom>> epochs(std::string_view) override {
    return std::vector<ArchivedRoom>();
  }
  Archived<void> rooms(const std::function<bool(const ArchivedRoom&)>&) override {
    return success();
  }
  Archived<bool> mark(const ArchivedRoom&, MessageId) override { return true; }
  // Two messages a page.
  Archived<ArchivePage> read(std::string_view, Epoch epoch, MessageId after, std::size_t) override {
    std::unique_lock lock(shelf_.mutex);
    ++shelf_.reads;
    shelf_.changed.wait(lock, [this] { return !shelf_.stuck; });
    if (shelf_.error) return ArchiveFailure{*shelf_.error, "as the test wants it"};
    ArchivePage page;
    const auto it = shelf_.rooms.find(epoch);
    if (it == shelf_.rooms.end()) return page;
    const MessageId first = std::max(after + 1, it->second.first);
    const std::uint64_t last = std::min(first.value + 1, it->second.last.value);
    if (first.value <= last) {
      page.blocks.push_back({first, testing::block_of(1, messages(first.value, last))});
    }
    return page;
  }
  Archived<void> scan(std::string_view, Epoch, MessageId,
                      const std::function<bool(const ArchivedMessage&)>&) override {
    return success();
  }
  Archived<bool> lease(std::string_view, std::string_view, std::chrono::milliseconds) override {
    return true;
  }
  Archived<void> release(std::string_view, std::string_view) override { return success(); }
  std::string describe() const override { return "fake"; }

 private:
  Shelf& shelf_;
};

class ReadThrough : public ::testing::Test {
 protected:
  static constexpr Epoch kEpoch{9};
  static constexpr std::size_t kPage = 4096;

  // The store holds `first`..`last` of the room, and nothing waits longer than `open_wait`.
  void start(std::uint64_t first, std::uint64_t last,
             std::chrono::milliseconds open_wait = std::chrono::seconds(60)) {
    room_.life = {kEpoch, MessageId{first}, MessageId{last}, true};
    auto hot = std::make_unique<HotStore>(room_);
    hot_ = hot.get();
    ReadThroughOptions options;
    options.open_wait = open_wait;
    options.pause = std::chrono::milliseconds(0);
    store_ = std::make_unique<ReadThroughStore>(std::move(hot),
                                                std::make_unique<FakeArchive>(shelf_), options);
    shard_ = std::make_unique<TestShard>(*store_, 0);
  }
  ~ReadThrough() override {
    shelf_.set(std::nullopt);  // or its threads never end
  }
  MessageId told_first(RoomKey key) { return shard_->room(key).first; }
  void trim(RoomKey key, std::uint64_t up_to) {
    shard_->log().trim(key, MessageId{up_to});
    shard_->commit();
  }

  Shelf shelf_;
  HotRoom room_;
  HotStore* hot_ = nullptr;
  std::unique_ptr<ReadThroughStore> store_;
  std::unique_ptr<TestShard> shard_;
};

TEST_F(ReadThrough, ARoomThatTheStoreHoldsWholeNeverAsksTheArchive) {
  start(1, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->read_all(key, MessageId{0}, kPage), messages(1, 20));
  EXPECT_EQ(shelf_.finds + shelf_.reads, 0u);
}

TEST_F(ReadThrough, OldPagesComeFromTheArchiveAndJoinTheStoresWithoutASeam) {
  shelf_.hold(kEpoch, 1, 15);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->room(key).life->first, MessageId{1});
  EXPECT_EQ(shard_->read_all(key, MessageId{0}, kPage), messages(1, 20));
  EXPECT_EQ(shard_->read_all(key, MessageId{7}, kPage), messages(8, 20));
  EXPECT_EQ(store_->figures().failures, 0u);
}

TEST_F(ReadThrough, AStoreThatHoldsNothingAnyMoreIsReadFromTheArchiveAlone) {
  shelf_.hold(kEpoch, 1, 20);
  start(21, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->read_all(key, MessageId{0}, kPage), messages(1, 20));
}

TEST_F(ReadThrough, WhatIsTrimmedWhileAPageIsReadComesFromTheArchive) {
  start(1, 20);
  const RoomKey key = shard_->open("r");
  room_.before_page = [this] {
    shelf_.hold(kEpoch, 1, 15);
    room_.life.first = MessageId{11};
  };
  EXPECT_EQ(shard_->read_all(key, MessageId{0}, kPage), messages(1, 20));
}

TEST_F(ReadThrough, AnEverAdvancingTrimLeavesNoSeam) {
  start(1, 40);
  const RoomKey key = shard_->open("r");
  std::vector<Message> got;
  for (std::uint64_t after = 0; after < 40; after = got.size()) {
    // The archiver is always just ahead of the reader: it writes, then trims.
    const std::uint64_t up_to = std::min<std::uint64_t>(after + 1, 40);
    shelf_.hold(kEpoch, 1, up_to);
    trim(key, up_to);
    const TestShard::PageView page = shard_->read(key, MessageId{after}, kPage);
    ASSERT_TRUE(page.ok);
    ASSERT_EQ(page.first, MessageId{after + 1});
    got.insert(got.end(), page.messages.begin(), page.messages.end());
  }
  EXPECT_EQ(got, messages(1, 40));
}

TEST_F(ReadThrough, ATrimBehindTheMarkMovesNothingForTheRoom) {
  start(1, 20);
  const RoomKey key = shard_->open("r");
  shelf_.hold(kEpoch, 1, 15);
  trim(key, 10);
  EXPECT_EQ(shard_->read_all(key, MessageId{0}, kPage), messages(1, 20));
  EXPECT_EQ(told_first(key), MessageId{1});
}

TEST_F(ReadThrough, ATrimWithoutAnArchiveIsTold) {
  start(1, 20);
  const RoomKey key = shard_->open("r");
  trim(key, 10);
  shard_->run_until([&] { return told_first(key) == MessageId{11}; }, "the room's first message");
  const TestShard::PageView page = shard_->read(key, MessageId{0}, kPage);
  EXPECT_TRUE(page.ok);
  EXPECT_TRUE(page.messages.empty());
  EXPECT_EQ(page.first_retained, MessageId{11});
}

TEST_F(ReadThrough, AnArchiveThatBeginsLateOrHasAHoleReachesBackToThere) {
  shelf_.hold(kEpoch, 3, 15);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->room(key).life->first, MessageId{3});
  EXPECT_EQ(shard_->read(key, MessageId{0}, kPage).first_retained, MessageId{3});
  shelf_.rooms[kEpoch].holes = {{MessageId{5}, MessageId{6}}};
  const RoomKey again = shard_->open("r");
  EXPECT_EQ(shard_->room(again).life->first, MessageId{7});
}

TEST_F(ReadThrough, AMarkThatDoesNotReachTheStoreCountsForNothing) {
  shelf_.hold(kEpoch, 1, 8);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->room(key).life->first, MessageId{11});
}

TEST_F(ReadThrough, AnotherEpochsArchiveIsNeverMixedIn) {
  shelf_.hold(Epoch{kEpoch.value - 1}, 1, 15);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->room(key).life->first, MessageId{11});
  EXPECT_EQ(shard_->read(key, MessageId{0}, kPage).first_retained, MessageId{11});
}

TEST_F(ReadThrough, AnEpochThatChangesWhileAPageIsReadEndsThePage) {
  shelf_.hold(kEpoch, 1, 15);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  shelf_.set(std::nullopt, true);
  shard_->log().read(key, 1, MessageId{0}, kPage);
  hot_->log->new_epoch(key);
  shard_->commit();
  shelf_.set(std::nullopt);
  const TestShard::PageView page = shard_->answered(1);
  EXPECT_FALSE(page.ok);
  EXPECT_EQ(page.error, room::LogError::closed);
}

TEST_F(ReadThrough, WithoutTheArchiveARoomOpensAndOnlyOldHistoryFails) {
  shelf_.set(ArchiveError::unavailable);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->read_all(key, MessageId{10}, kPage), messages(11, 20));
  const TestShard::PageView old = shard_->read(key, MessageId{0}, kPage);
  EXPECT_FALSE(old.ok);
  EXPECT_EQ(old.error, room::LogError::unavailable);
  EXPECT_FALSE(store_->figures().ok);
  shelf_.set(std::nullopt);
  shelf_.hold(kEpoch, 1, 15);
  EXPECT_EQ(shard_->read_all(key, MessageId{0}, kPage), messages(1, 20));
  EXPECT_TRUE(store_->figures().ok);
}

TEST_F(ReadThrough, AnArchiveThatDoesNotAnswerHoldsARoomUpOnlySoLong) {
  shelf_.set(std::nullopt, true);
  start(11, 20, std::chrono::milliseconds(0));
  const RoomKey key = shard_->open("r");
  EXPECT_EQ(shard_->read_all(key, MessageId{10}, kPage), messages(11, 20));
  // What it says in the end still counts.
  shelf_.set(std::nullopt);
  shard_->run_until([&] { return told_first(key) == MessageId{11}; }, "the room's first message");
}

TEST_F(ReadThrough, WhatIsKeptWhileARoomWaitsForTheArchiveComesBehindItsOpening) {
  shelf_.hold(kEpoch, 1, 15);
  shelf_.set(std::nullopt, true);
  start(11, 20);
  const RoomKey key{77};
  shard_->log().open(key, "r");
  shard_->commit();
  hot_->log->keep_one(key);
  EXPECT_FALSE(shard_->room(key).life);
  shelf_.set(std::nullopt);
  shard_->run_until([&] { return shard_->room(key).life.has_value(); }, "on_opened");
  EXPECT_EQ(shard_->room(key).life->first, MessageId{1});
  EXPECT_EQ(shard_->room(key).kept, messages(21, 21));
}

TEST_F(ReadThrough, DamagedHistoryIsCalledSo) {
  shelf_.hold(kEpoch, 1, 15);
  start(11, 20);
  const RoomKey key = shard_->open("r");
  shelf_.set(ArchiveError::damaged);
  EXPECT_EQ(shard_->read(key, MessageId{0}, kPage).error, room::LogError::corrupt);
  EXPECT_TRUE(store_->figures().ok);
}

TEST_F(ReadThrough, ALogMayGoWhileTheArchiveIsAsked) {
  shelf_.set(std::nullopt, true);
  start(11, 20);
  shard_->log().open(RoomKey{77}, "r");
  shard_->commit();
  shard_.reset();
  shelf_.set(std::nullopt);
  store_.reset();
}

}  // namespace
}  // namespace gavel::store
