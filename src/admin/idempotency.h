// Answers that were given under an Idempotency-Key: a request that comes again (its answer was lost
// on the way) gets the same answer and does nothing. Lives in this process: after a restart a key
// is new again. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "admin/http_types.h"

namespace gavel::admin {

class Idempotency {
 public:
  static constexpr std::size_t kKeysMax = 10'000;  // beyond it the oldest finished ones go
  static constexpr std::int64_t kKeepMs =
      24 * 3'600'000;  // who tries again later than that is another story
  static constexpr std::size_t kKeyBytesMax = 128;

  enum class Start : std::uint8_t {
    go,         // do it, then finish() or forget()
    repeat,     // `answer` is what was answered before
    under_way,  // another request with this key is being worked on
    other,      // the key was used for something else
    full,       // as many keys as may be are being worked on
  };
  // `key`: whatever tells one request from all others; `content`: what it asks for.
  Start start(const std::string& key, std::string_view content, std::int64_t now_ms,
              Response& answer);
  void finish(const std::string& key, const Response& answer);
  // It has certainly not been done: the key is free again.
  void forget(const std::string& key);

 private:
  struct Entry {
    std::string key;
    std::size_t content_hash = 0;
    std::size_t content_bytes = 0;
    std::int64_t since_ms = 0;
    bool done = false;
    Response answer;
  };
  bool make_room(std::int64_t now_ms);

  std::mutex mutex_;
  std::list<Entry> entries_;  // oldest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator>
      by_key_;  // keys borrow from the entries
};

}  // namespace gavel::admin
