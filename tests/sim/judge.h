// The judge knows what every client was shown and what it sent, and says which promise is broken.
// It stands outside the server: it sees bytes, not the server's state.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace gavel::sim {

// A room message as a client saw it.
struct Seen {
  std::uint64_t msg_id = 0;
  std::uint64_t client_id = 0;
  std::uint64_t ref = 0;
  std::string payload;
};

class Judge {
 public:
  // A client in `room` (in `epoch`) was shown a message. Throws std::logic_error naming the
  // promise.
  void seen(const std::string& room, const std::string& epoch, const Seen& message);
  // A client was told that its ref is kept (its echo came, or a duplicate, or last_ref).
  void told_kept(const std::string& room, const std::string& epoch, std::uint64_t client_id,
                 std::uint64_t ref);
  // After everything has come to rest: every kept ref was shown, once.
  void finish() const;

  std::uint64_t messages() const { return messages_; }

 private:
  using Life = std::pair<std::string, std::string>;
  struct Room {
    std::map<std::uint64_t, Seen> by_id;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> id_of_ref;
    std::map<std::pair<std::uint64_t, std::uint64_t>, bool> told;
  };
  std::map<Life, Room> rooms_;
  std::uint64_t messages_ = 0;
};

}  // namespace gavel::sim
