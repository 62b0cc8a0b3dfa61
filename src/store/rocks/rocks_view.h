// A store's directory as it lies there, for looking at it: nothing is changed, and a server may use
// it meanwhile (what it writes after open() is not seen). One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "room/block.h"

namespace gavel::store {

struct StoredRoom {
  std::string name;
  Epoch epoch;
  MessageId first{1};  // the oldest message that is kept
  MessageId last;
  std::uint64_t bytes = 0;  // of the blocks of this epoch that are kept
  bool damaged = false;     // its last block can't be read
};

class RocksView {
 public:
  // Null with a sentence that says what is wrong.
  static std::unique_ptr<RocksView> open(const std::string& directory, std::string& error);
  ~RocksView();

  // All rooms that have messages, in the order in which they got their first one, while `visit`
  // returns true.
  bool rooms(const std::function<bool(const StoredRoom&)>& visit, std::string& error) const;
  // Shows the messages of a room behind `after` while `visit` returns true; without `epoch` those
  // of the current one. False with a sentence where the room is unknown, or a record can't be read.
  bool replay(std::string_view room, std::optional<Epoch> epoch, MessageId after,
              const std::function<bool(MessageId, const room::Entry&)>& visit,
              std::string& error) const;
  // The epochs of a room of which something is kept, oldest first.
  std::vector<Epoch> epochs(std::string_view room) const;

 private:
  struct Impl;
  explicit RocksView(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gavel::store
