// What operators set for rooms: capacity, lock, a note of their own, and who is banned. Kept by
// name, beside the rooms, since it outlasts a room's time in memory (not the process). One shard's;
// looked at once a join.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gavel::room {

// Keeps out a player (the token's subject) or, where it is empty, everybody from an address.
struct Ban {
  std::string player;
  std::string address;
  std::int64_t until_ms = 0;  // steady
};

struct RoomRule {
  std::size_t capacity = 0;  // members; 0 = RoomOptions::members_max alone counts
  bool locked = false;       // nobody new comes in; who resumes does
  std::string metadata;
  std::vector<Ban> bans;

  bool says_nothing() const { return capacity == 0 && !locked && metadata.empty() && bans.empty(); }
};

class RoomRules {
 public:
  static constexpr std::size_t kRulesMax = 10'000;  // a shard
  static constexpr std::size_t kBansMax = 1'000;    // a room; the one that ends first goes

  // Null where nothing is set.
  const RoomRule* find(std::string_view room) const;
  // Null where as many rooms as may have rules; follow it with tidy().
  RoomRule* change(std::string_view room);
  // Forgets the rule where it says nothing (any more).
  void tidy(std::string_view room, std::int64_t now_ms);

  void ban(RoomRule& rule, Ban ban, std::int64_t now_ms);
  bool is_banned(const RoomRule& rule, std::string_view player, std::string_view address,
                 std::int64_t now_ms) const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  // Only operators' names come in here: no keyed hash is needed.
  std::unordered_map<std::string, RoomRule, NameHash, std::equal_to<>> rules_;
};

}  // namespace gavel::room
