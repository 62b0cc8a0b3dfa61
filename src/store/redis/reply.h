// Redis's answers: bytes in, replies out, whatever the bytes are. hiredis's reader does the
// parsing. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gavel::store::redis {

struct Reply {
  enum class Kind : std::uint8_t { nil, text, status, error, integer, array };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;  // of text, status and error
  std::vector<Reply> items;

  bool is_error() const { return kind == Kind::error; }
  bool is_array(std::size_t least) const { return kind == Kind::array && items.size() >= least; }
  // The first word of an answer of our functions; empty where it is none.
  std::string_view word() const {
    return is_array(1) ? std::string_view(items[0].text) : std::string_view();
  }
  // The number that an item holds, as integer or as text; 0 where there is none.
  std::uint64_t number(std::size_t item) const;
};

class ReplyReader {
 public:
  // Bytes of one reply: the largest that we ask for is a page. More is not Redis speaking to us.
  static constexpr std::size_t kReplyBytesMax = 16 << 20;

  ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;
  ~ReplyReader();

  // Hands each whole reply to `take`, in order. False when the bytes are not RESP or a reply is too
  // large: nothing more may be fed. `take` may return false to stop early (the connection is gone).
  template <class Take>
  bool feed(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kPieceBytes);
      bytes.remove_prefix(piece.size());
      if (!put(piece)) return false;
      Reply reply;
      while (next(reply)) {
        if (!take(reply)) return true;
        reply = Reply();
      }
      if (failed_) return false;
    }
    return true;
  }

 private:
  // The reader moves its buffer for each piece; small ones keep that cheap.
  static constexpr std::size_t kPieceBytes = 16 << 10;
  struct Reader;
  bool put(std::string_view piece);
  bool next(Reply& reply);

  std::unique_ptr<Reader> reader_;
  std::size_t bytes_ = 0;  // since the last whole reply
  bool failed_ = false;
};

}  // namespace gavel::store::redis
