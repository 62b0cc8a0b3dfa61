// Copies the messages of rooms into the archive, in order and in batches: written first, compared
// where they are there already, marked last. Killed at any point, or run twice at the same time, it
// changes nothing that it would not have written anyway (promise P9). One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/archive.h"

namespace gavel::cli {

// A store to take messages from.
class Source {
 public:
  using VisitRoom = std::function<bool(const std::string& room, Epoch epoch)>;
  using VisitMessage = std::function<bool(MessageId, const room::Entry&)>;

  virtual ~Source() = default;
  // All rooms with all epochs of which something is kept. False with a sentence.
  virtual bool rooms(const VisitRoom& visit, std::string& error) = 0;
  // The messages behind `after` while `visit` returns true. False with a sentence.
  virtual bool messages(const std::string& room, Epoch epoch, MessageId after,
                        const VisitMessage& visit, std::string& error) = 0;
};

struct MoverTotals {
  std::uint64_t rooms = 0;     // that were looked at
  std::uint64_t messages = 0;  // that the archive has now and did not have before
  std::uint64_t present = 0;   // that it had already
  std::uint64_t quarantined = 0;
  std::uint64_t lost = 0;         // gone from the store before they were archived
  std::uint64_t rooms_stuck = 0;  // that can't go on: see the log
};

class Mover {
 public:
  // Both outlive it. `stop` is looked at between batches.
  Mover(Source& source, store::Archive& archive, const std::atomic<bool>& stop)
      : source_(source), archive_(archive), stop_(stop) {}

  enum class Round : std::uint8_t { done, unavailable, denied, no_source };
  // All rooms once. Where it is not done, `error` is a sentence; what was marked stays so.
  Round round(std::string& error);
  const MoverTotals& totals() const { return totals_; }

 private:
  struct Batch {
    std::vector<store::ArchiveMessage> messages;
    std::deque<std::string> bodies;
    std::size_t bytes = 0;
    void add(MessageId id, const room::Entry& entry);
    void clear();
  };

  // What became of a room's turn.
  enum class Turn : std::uint8_t { done, again, stuck, failed };
  Turn move(const std::string& room, Epoch epoch);
  Turn flush(store::ArchivedRoom& at, Batch& batch);
  Turn fail(const store::ArchiveFailure& failure, const store::ArchivedRoom& at);
  Turn stick(const store::ArchivedRoom& at, std::string_view why);

  Source& source_;
  store::Archive& archive_;
  const std::atomic<bool>& stop_;
  MoverTotals totals_;
  Round ending_ = Round::done;
  std::string error_;
};

// What `room` says when these messages stand behind what it says now. They are ascending.
store::ArchivedRoom behind(store::ArchivedRoom room,
                           const std::vector<store::ArchiveMessage>& messages);

}  // namespace gavel::cli
