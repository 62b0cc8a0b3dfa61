// A command for Redis, as the bytes that go out (RESP: an array of bulk strings). Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/decimal.h"

namespace gavel::store::redis {

class Command {
 public:
  Command() = default;
  Command(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) add(word);
  }
  Command& add(std::string_view word) {
    head('$', word.size());
    words_.append(word).append("\r\n");
    ++count_;
    return *this;
  }
  Command& add(std::uint64_t number) {
    char digits[kDecimalBytesMax];
    return add({digits, static_cast<std::size_t>(write_decimal(digits, number) - digits)});
  }
  // Behind `out`.
  void write_to(std::string& out) const {
    char digits[kDecimalBytesMax];
    out.push_back('*');
    out.append(digits, static_cast<std::size_t>(write_decimal(digits, count_) - digits));
    out.append("\r\n").append(words_);
  }

 private:
  void head(char kind, std::uint64_t number) {
    char digits[kDecimalBytesMax];
    words_.push_back(kind);
    words_.append(digits, static_cast<std::size_t>(write_decimal(digits, number) - digits));
    words_.append("\r\n");
  }

  std::string words_;
  std::uint64_t count_ = 0;
};

}  // namespace gavel::store::redis
