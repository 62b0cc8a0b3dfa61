#include "cli/archive/mover.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

namespace gavel::cli {
namespace {

constexpr const char* kRoom = "chess";
constexpr Epoch kEpoch{256};

class FakeSource final : public Source {
 public:
  std::uint64_t first = 1;
  std::uint64_t last = 2500;
  bool rooms(const VisitRoom& visit, std::string&) override {
    visit(kRoom, kEpoch);
    return true;
  }
  bool messages(const std::string&, Epoch, MessageId after, const VisitMessage& visit,
                std::string&) override {
    for (std::uint64_t id = std::max(first, after.value + 1); id <= last; ++id) {
      if (!visit(MessageId{id}, {ClientId{1 + id % 3}, Ref{}, 1000, "\"type\":\"m\"}"})) break;
    }
    return true;
  }
};

class FakeArchive final : public store::Archive {
 public:
  std::set<std::uint64_t> ids;
  std::optional<store::ArchivedRoom> marked;
  unsigned writes_until_failure = ~0U;
  store::ArchiveError failure = store::ArchiveError::unavailable;
  std::uint64_t differs = 0;

  store::Archived<void> prepare() override { return success(); }
  store::Archived<store::ArchiveWrite> write(
      std::string_view, Epoch, std::span<const store::ArchiveMessage> messages) override {
    if (writes_until_failure-- == 0) return store::ArchiveFailure{failure, "broken"};
    store::ArchiveWrite result;
    for (const store::ArchiveMessage& message : messages) {
      if (message.id.value == differs) {
        result.differing.push_back(message.id);
      } else {
        ++(ids.insert(message.id.value).second ? result.written : result.present);
      }
    }
    return result;
  }
  store::Archived<std::optional<store::ArchivedRoom>> find(std::string_view, Epoch) override {
    return std::optional<store::ArchivedRoom>(marked);
  }
  store::Archived<std::vector<store::ArchivedRoom>> epochs(std::string_view) override {
    return std::vector<store::ArchivedRoom>{};
  }
  store::Archived<void> rooms(const std::function<bool(const store::ArchivedRoom&)>&) override {
    return success();
  }
  store::Archived<bool> mark(const store::ArchivedRoom& room, MessageId expected) override {
    if ((marked ? marked->last : MessageId{0}) != expected) return false;
    marked = room;
    return true;
  }
  store::Archived<store::ArchivePage> read(std::string_view, Epoch, MessageId,
                                           std::size_t) override {
    return store::ArchivePage{};
  }
  store::Archived<void> scan(std::string_view, Epoch, MessageId,
                             const std::function<bool(const store::ArchivedMessage&)>&) override {
    return success();
  }
  store::Archived<bool> lease(std::string_view, std::string_view,
                              std::chrono::milliseconds) override {
    return true;
  }
  store::Archived<void> release(std::string_view, std::string_view) override { return success(); }
  std::string describe() const override { return "fake"; }
};

class MoverTest : public testing::Test {
 protected:
  Mover::Round round() { return mover.round(error); }
  FakeSource source;
  FakeArchive archive;
  std::atomic<bool> stop{false};
  std::string error;
  Mover mover{source, archive, stop};
};

TEST_F(MoverTest, MarksWhatItWrote) {
  EXPECT_EQ(round(), Mover::Round::done);
  EXPECT_EQ(archive.ids.size(), 2500u);
  ASSERT_TRUE(archive.marked);
  EXPECT_EQ(archive.marked->last, MessageId{2500});
  EXPECT_EQ(archive.marked->messages, 2500u);
  EXPECT_EQ(archive.marked->members, (std::vector{ClientId{1}, ClientId{2}, ClientId{3}}));
  EXPECT_TRUE(archive.marked->holes.empty());
  source.last = 2503;
  EXPECT_EQ(round(), Mover::Round::done);
  EXPECT_EQ(archive.marked->last, MessageId{2503});
  EXPECT_EQ(mover.totals().messages, 2503u);
}

TEST_F(MoverTest, NeverMarksBeyondWhatIsSurelyThere) {
  archive.writes_until_failure = 1;
  EXPECT_EQ(round(), Mover::Round::unavailable);
  EXPECT_EQ(error, "broken");
  EXPECT_EQ(archive.marked->last, MessageId{1000});
  archive.writes_until_failure = ~0U;
  EXPECT_EQ(round(), Mover::Round::done);
  EXPECT_EQ(archive.marked->last, MessageId{2500});
}

TEST_F(MoverTest, EndsWhereItIsNotLetIn) {
  archive.writes_until_failure = 0;
  archive.failure = store::ArchiveError::denied;
  EXPECT_EQ(round(), Mover::Round::denied);
  EXPECT_FALSE(archive.marked);
}

TEST_F(MoverTest, DoesNotPassAMessageThatDiffers) {
  archive.differs = 1500;
  EXPECT_EQ(round(), Mover::Round::done);
  EXPECT_EQ(archive.marked->last, MessageId{1000});
  EXPECT_EQ(mover.totals().rooms_stuck, 1u);
}

TEST_F(MoverTest, NotesWhatWasGoneBeforeItCame) {
  source.first = 11;
  EXPECT_EQ(round(), Mover::Round::done);
  EXPECT_EQ(archive.marked->first, MessageId{11});
  EXPECT_EQ(archive.marked->holes,
            (std::vector<store::ArchiveHole>{{MessageId{1}, MessageId{10}}}));
  EXPECT_EQ(mover.totals().lost, 10u);
}

}  // namespace
}  // namespace gavel::cli
