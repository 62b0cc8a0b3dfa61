// Bytes in, events out: the receiving side of RFC 6455, a state machine without a socket. Strict:
// what the RFC forbids is an error with the close code that it asks for. One object a connection;
// no allocation while messages come whole.
//
// 1. A whole, unfragmented frame inside the bytes at hand is delivered as a view into them,
//    unmasked in place.
// 2. What comes in pieces gathers in the decoder's own buffer, bounded by the message limit; each
//    byte is touched once.
// 3. Text is checked (and inflated) as its bytes arrive: the first one that can't be UTF-8 ends it.
// 4. What is said does not depend on how the bytes were cut.
// 5. After close or error every further byte is swallowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ws/deflate.h"
#include "ws/frame.h"
#include "ws/utf8.h"

namespace gavel::ws {

struct DecoderOptions {
  bool server = true;  // expects masked frames; a client's decoder refuses them
  std::size_t message_bytes_max = 64 * 1024;  // of a whole message, inflated
  std::size_t fragments_max = 1024;           // of a message
  bool allow_binary = false;                  // else 1003
  bool deflate = false;                       // permessage-deflate was negotiated
};

enum class Event : std::uint8_t { need_more, text, binary, ping, pong, close, error };

struct DecodeError {
  std::uint16_t close_code = 0;
  std::string_view text;
};

class Decoder {
 public:
  explicit Decoder(const DecoderOptions& options);
  ~Decoder();

  // Takes from the front of `in` (and changes its bytes) until there is something to say.
  // need_more: `in` is used up.
  Event next(std::span<char>& in);
  // Of text, binary, ping, pong: valid until the next call, and as long as the bytes given to it.
  // Empty of an error.
  std::string_view payload() const { return payload_; }
  // Of close: 1005 where the peer gave none.
  std::uint16_t close_code() const { return close_code_; }
  std::string_view close_reason() const { return payload_; }
  DecodeError error() const { return {error_code_, error_text_}; }

 private:
  bool take_header(std::span<char>& in);
  std::size_t header_bytes() const;
  bool check_kind();
  bool check_data_kind();
  bool check_length();
  bool begin_message();
  bool take_payload(std::span<char>& in);
  bool add(std::string_view bytes);
  bool inflate(std::string_view bytes, bool is_end);
  Event end_frame();
  Event end_control();
  Event end_message();
  Event whole_frame(std::span<char>& in);
  bool fail(std::uint16_t code, std::string_view text);
  bool too_big();
  void forget_message();

  const DecoderOptions options_;
  unsigned char header_[14];
  std::uint8_t header_have_ = 0;
  bool in_frame_ = false;
  bool over_ = false;  // close or error: nothing more is said
  bool fin_ = false;
  bool delivered_ = false;   // message_ was given out by the last call
  bool in_message_ = false;  // a fragmented message is under way
  bool compressed_ = false;
  Opcode opcode_ = Opcode::text;
  Opcode message_opcode_ = Opcode::text;
  unsigned char key_[4] = {0, 0, 0, 0};
  std::uint64_t frame_bytes_ = 0;
  std::uint64_t frame_have_ = 0;
  std::size_t fragments_ = 0;
  std::uint64_t announced_ = 0;  // by the headers of the message's frames so far
  std::uint8_t control_have_ = 0;
  char control_[kControlPayloadMax];
  Utf8Validator utf8_;
  std::string message_;
  std::unique_ptr<Inflater> inflater_;
  std::string_view payload_;
  std::uint16_t close_code_ = 0;
  std::uint16_t error_code_ = 0;
  std::string error_text_;
};

}  // namespace gavel::ws
