#include "room/room_rules.h"

#include <algorithm>
#include <utility>

namespace gavel::room {

const RoomRule* RoomRules::find(std::string_view room) const {
  if (rules_.empty()) return nullptr;
  const auto it = rules_.find(room);
  return it == rules_.end() ? nullptr : &it->second;
}

RoomRule* RoomRules::change(std::string_view room) {
  if (const auto it = rules_.find(room); it != rules_.end()) return &it->second;
  if (rules_.size() >= kRulesMax) return nullptr;
  return &rules_.emplace(std::string(room), RoomRule{}).first->second;
}

void RoomRules::tidy(std::string_view room, std::int64_t now_ms) {
  const auto it = rules_.find(room);
  if (it == rules_.end()) return;
  std::erase_if(it->second.bans, [now_ms](const Ban& ban) { return ban.until_ms <= now_ms; });
  if (it->second.says_nothing()) rules_.erase(it);
}

void RoomRules::ban(RoomRule& rule, Ban ban, std::int64_t now_ms) {
  std::erase_if(rule.bans, [&](const Ban& old) {
    return old.until_ms <= now_ms || (old.player == ban.player && old.address == ban.address);
  });
  if (rule.bans.size() >= kBansMax) {
    rule.bans.erase(
        std::min_element(rule.bans.begin(), rule.bans.end(),
                         [](const Ban& a, const Ban& b) { return a.until_ms < b.until_ms; }));
  }
  rule.bans.push_back(std::move(ban));
}

bool RoomRules::is_banned(const RoomRule& rule, std::string_view player, std::string_view address,
                          std::int64_t now_ms) const {
  return std::any_of(rule.bans.begin(), rule.bans.end(), [&](const Ban& ban) {
    if (ban.until_ms <= now_ms) return false;
    return ban.player.empty() ? ban.address == address : ban.player == player;
  });
}

}  // namespace gavel::room
