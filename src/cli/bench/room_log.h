// What a room's members were sent, byte for byte, as the first that got it saw it. That one parses
// and checks each message; for the others it is enough that they get the same bytes from where they
// stand, which is why a bench can keep up with a server. A worker's; one thread.
//
// 1. The log holds the frames of consecutive ids. A hole (a violation) empties it.
// 2. Frames that all members have seen are dropped, and the older half where a member lags more
//    than kBytesMax: such a one is checked for itself, but not compared.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gavel::cli {

class RoomLog {
 public:
  struct Entry {
    std::uint64_t end = 0;  // where the frame ends; set by append()
    std::uint64_t client_id = 0;
    std::uint64_t seq = 0;
    std::uint64_t sent_ns = 0;
    std::uint32_t from = 0;  // the player that sent it; 0: none of this bench
    std::uint32_t text_bytes = 0;
  };

  explicit RoomLog(std::uint64_t room_tag) : tag(room_tag) {}

  // `next_id`: a member's place, 0 while it has none. Must live as long as the log is appended to.
  void follow(const std::uint64_t* next_id) { places_.push_back(next_id); }

  bool holds(std::uint64_t id) const { return id >= first_id_ && id < next_id(); }
  // The id that nobody has seen yet; 0 before the first.
  std::uint64_t next_id() const { return first_id_ + entries_.size(); }
  const Entry& entry(std::uint64_t id) const { return entries_[id - first_id_]; }
  std::uint64_t begin(std::uint64_t id) const {
    return id == first_id_ ? base_ : entries_[id - first_id_ - 1].end;
  }
  // All from this id on; until the next append().
  std::string_view bytes_from(std::uint64_t id) const {
    return std::string_view(bytes_.data(), bytes_.size()).substr(begin(id) - base_);
  }
  std::string_view text(std::uint64_t id) const {
    const Entry& e = entry(id);
    return {bytes_.data() + (e.end - e.text_bytes - base_), e.text_bytes};
  }

  void append(std::uint64_t id, std::string_view frame, Entry entry) {
    if (bytes_.size() >= limit_) compact();
    if (id != next_id()) restart(id);
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    entry.end = base_ + bytes_.size();
    entries_.push_back(entry);
  }

  // The next message is `id`: a hole, or another epoch.
  void restart(std::uint64_t id) {
    base_ += bytes_.size();
    bytes_.clear();
    entries_.clear();
    first_id_ = id;
  }

  const std::uint64_t tag;  // in every message of this room
  std::uint64_t sent = 0;   // by its players

 private:
  // Small while all keep up, so that it stays in the cache.
  static constexpr std::size_t kBytesMin = 16 * 1024;
  static constexpr std::size_t kBytesMax = 8 * 1024 * 1024;

  void compact() {
    std::uint64_t keep_from = next_id();
    for (const std::uint64_t* place : places_) {
      if (*place != 0) keep_from = std::min(keep_from, *place);
    }
    keep_from = std::max(keep_from, first_id_);
    if (bytes_.size() - drop_size(keep_from) > kBytesMax / 2) {
      keep_from = std::max(keep_from, first_id_ + entries_.size() / 2);
    }
    const std::size_t drop = drop_size(keep_from);
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(drop));
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(keep_from - first_id_));
    base_ += drop;
    first_id_ = keep_from;
    limit_ = std::clamp(2 * bytes_.size(), kBytesMin, kBytesMax);
  }
  std::size_t drop_size(std::uint64_t id) const {
    return static_cast<std::size_t>(begin(id) - base_);
  }

  std::vector<char> bytes_;
  std::vector<Entry> entries_;
  std::uint64_t base_ = 0;  // how many bytes were dropped before bytes_[0]
  std::uint64_t first_id_ = 0;
  std::size_t limit_ = kBytesMin;
  std::vector<const std::uint64_t*> places_;
};

}  // namespace gavel::cli
