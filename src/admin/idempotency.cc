#include "admin/idempotency.h"

#include <functional>

namespace gavel::admin {

bool Idempotency::make_room(std::int64_t now_ms) {
  while (!entries_.empty() && entries_.front().done &&
         now_ms - entries_.front().since_ms >= kKeepMs) {
    by_key_.erase(entries_.front().key);
    entries_.pop_front();
  }
  if (entries_.size() < kKeysMax) return true;
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (!it->done) continue;
    by_key_.erase(it->key);
    entries_.erase(it);
    return true;
  }
  return false;
}

Idempotency::Start Idempotency::start(const std::string& key, std::string_view content,
                                      std::int64_t now_ms, Response& answer) {
  const std::size_t hash = std::hash<std::string_view>{}(content);
  const std::lock_guard lock(mutex_);
  const bool has_room = make_room(now_ms);
  if (const auto it = by_key_.find(key); it != by_key_.end()) {
    const Entry& entry = *it->second;
    if (entry.content_hash != hash || entry.content_bytes != content.size()) return Start::other;
    if (!entry.done) return Start::under_way;
    answer = entry.answer;
    return Start::repeat;
  }
  if (!has_room) return Start::full;
  entries_.push_back({key, hash, content.size(), now_ms, false, {}});
  by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
  return Start::go;
}

void Idempotency::finish(const std::string& key, const Response& answer) {
  const std::lock_guard lock(mutex_);
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return;
  it->second->done = true;
  it->second->answer = answer;
}

void Idempotency::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return;
  const auto entry = it->second;
  by_key_.erase(it);
  entries_.erase(entry);
}

}  // namespace gavel::admin
