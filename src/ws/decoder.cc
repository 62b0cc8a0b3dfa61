#include "ws/decoder.h"

#include <algorithm>

namespace gavel::ws {
namespace {

constexpr std::size_t kKeepBytes = 16 * 1024;  // a larger buffer is given back after its message

bool is_control(Opcode opcode) { return static_cast<unsigned>(opcode) >= 8; }

// RFC 6455 7.4 and IANA's registry: codes that may stand in a close frame.
bool may_be_sent(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

Decoder::Decoder(const DecoderOptions& options) : options_(options) {}
Decoder::~Decoder() = default;

Event Decoder::next(std::span<char>& in) {
  if (delivered_) forget_message();
  while (!over_) {
    if (!in_frame_) {
      if (!take_header(in)) return Event::need_more;
      if (!check_header()) return Event::error;
      in_frame_ = true;
      const bool alone = fin_ && !in_message_ && !compressed_ && !is_control(opcode_);
      if (alone && frame_bytes_ <= in.size()) return whole_frame(in);
    }
    take_payload(in);
    if (over_) return Event::error;
    if (frame_have_ < frame_bytes_) return Event::need_more;
    in_frame_ = false;
    const Event event = end_frame();
    if (event != Event::need_more) return event;
  }
  in = in.last(0);
  return Event::need_more;
}

// Gathers a frame's header; false while bytes are missing.
bool Decoder::take_header(std::span<char>& in) {
  while (true) {
    std::size_t need = 2;
    if (header_have_ >= 2) {
      const unsigned length = header_[1] & 0x7f;
      need += length == 126 ? 2 : length == 127 ? 8 : 0;
      if ((header_[1] & 0x80) != 0) need += 4;
    }
    if (header_have_ >= 2 && header_have_ == need) break;
    const std::size_t bytes = std::min(need - header_have_, in.size());
    if (bytes == 0) return false;
    std::memcpy(header_ + header_have_, in.data(), bytes);
    header_have_ = static_cast<std::uint8_t>(header_have_ + bytes);
    in = in.subspan(bytes);
    // The first two bytes tell what is wrong already, and a length its own error: no need to wait for the mask.
  }
  header_have_ = 0;
  return true;
}

bool Decoder::check_header() {
  fin_ = (header_[0] & 0x80) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0f);
  const bool rsv1 = (header_[0] & 0x40) != 0;
  const bool masked = (header_[1] & 0x80) != 0;
  const unsigned length = header_[1] & 0x7f;
  const unsigned char* at = header_ + 2;
  frame_have_ = 0;
  frame_bytes_ = length;
  if (length >= 126) {
    const int bytes = length == 126 ? 2 : 8;
    frame_bytes_ = 0;
    for (int i = 0; i < bytes; ++i) frame_bytes_ = frame_bytes_ << 8 | *at++;
    if (frame_bytes_ >> 63 != 0) return fail(1002, "a frame's length has its top bit set");
    if (frame_bytes_ < 126 || (bytes == 8 && frame_bytes_ <= 0xffff)) {
      return fail(1002, "a frame's length is not in its shortest form");
    }
  }
  if ((header_[0] & 0x30) != 0) return fail(1002, "reserved bits are set");
  if (masked != options_.server) {
    return fail(1002, options_.server ? "client frames must be masked" : "server frames must not be masked");
  }
  if (masked) std::memcpy(key_, at, sizeof key_);
  if (is_control(opcode_)) {
    if (opcode_ > Opcode::pong) return fail(1002, "an opcode is not defined");
    if (rsv1) return fail(1002, "reserved bits are set");
    if (!fin_) return fail(1002, "a control frame is fragmented");
    if (frame_bytes_ > kControlPayloadMax) return fail(1002, "a control frame is longer than 125 bytes");
    control_have_ = 0;
    return true;
  }
  if (opcode_ > Opcode::binary) return fail(1002, "an opcode is not defined");
  if (rsv1 && (!options_.deflate || opcode_ == Opcode::continuation)) {
    return fail(1002, "reserved bits are set");
  }
  if (opcode_ != Opcode::continuation && !in_message_) compressed_ = rsv1;
  return check_data_header();
}

bool Decoder::check_data_header() {
  if (opcode_ == Opcode::continuation) {
    if (!in_message_) return fail(1002, "a continuation without a message");
    if (++fragments_ > options_.fragments_max) return fail(1008, "too many fragments in a message");
  } else {
    if (in_message_) return fail(1002, "a new message inside a fragmented one");
    if (opcode_ == Opcode::binary && !options_.allow_binary) {
      return fail(1003, "send text messages only");
    }
    message_opcode_ = opcode_;
    fragments_ = 1;
    utf8_.reset();
    forget_message();
  }
  if (frame_bytes_ > options_.message_bytes_max ||
      message_.size() + frame_bytes_ > options_.message_bytes_max) {
    return too_big();
  }
  return true;
}

Event Decoder::whole_frame(std::span<char>& in) {
  const auto size = static_cast<std::size_t>(frame_bytes_);
  char* bytes = in.data();
  in = in.subspan(size);
  in_frame_ = false;
  if (options_.server) apply_mask(bytes, size, key_, 0);
  payload_ = {bytes, size};
  if (opcode_ == Opcode::binary) return Event::binary;
  if (is_utf8(bytes, size)) return Event::text;
  fail(1007, "a text message is not valid UTF-8");
  return Event::error;
}

void Decoder::take_payload(std::span<char>& in) {
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), frame_bytes_ - frame_have_));
  if (bytes == 0) return;
  char* at = in.data();
  in = in.subspan(bytes);
  if (options_.server) apply_mask(at, bytes, key_, static_cast<std::size_t>(frame_have_ & 3));
  frame_have_ += bytes;
  if (is_control(opcode_)) {
    std::memcpy(control_ + control_have_, at, bytes);
    control_have_ = static_cast<std::uint8_t>(control_have_ + bytes);
    return;
  }
  if (message_opcode_ == Opcode::text && !compressed_ && !utf8_.feed(at, bytes)) {
    fail(1007, "a text message is not valid UTF-8");
    return;
  }
  message_.append(at, bytes);
}

Event Decoder::end_frame() {
  if (is_control(opcode_)) return end_control();
  in_message_ = !fin_;
  return fin_ ? end_message() : Event::need_more;
}

Event Decoder::end_control() {
  payload_ = {control_, control_have_};
  if (opcode_ == Opcode::ping) return Event::ping;
  if (opcode_ == Opcode::pong) return Event::pong;
  close_code_ = 1005;
  if (control_have_ == 1) {
    fail(1002, "a close frame with half a code");
    return Event::error;
  }
  if (control_have_ >= 2) {
    close_code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(control_[0]) << 8 |
                                             static_cast<unsigned char>(control_[1]));
    payload_.remove_prefix(2);
    if (!may_be_sent(close_code_)) {
      fail(1002, "a close code that may not be sent");
      return Event::error;
    }
    if (!is_utf8(payload_.data(), payload_.size())) {
      fail(1007, "a close reason is not valid UTF-8");
      return Event::error;
    }
  }
  over_ = true;
  return Event::close;
}

Event Decoder::end_message() {
  delivered_ = true;
  const bool text = message_opcode_ == Opcode::text;
  if (compressed_) {
    if (!inflater_) inflater_ = std::make_unique<Inflater>();
    std::string inflated;
    switch (inflater_->inflate(message_, options_.message_bytes_max, inflated)) {
      case Inflater::Outcome::ok: break;
      case Inflater::Outcome::too_big: too_big(); return Event::error;
      case Inflater::Outcome::bad: fail(1007, "a message can't be inflated"); return Event::error;
    }
    message_ = std::move(inflated);
    compressed_ = false;
    if (text && !is_utf8(message_.data(), message_.size())) {
      fail(1007, "a text message is not valid UTF-8");
      return Event::error;
    }
  } else if (text && !utf8_.complete()) {
    fail(1007, "a text message ends inside a character");
    return Event::error;
  }
  payload_ = message_;
  return text ? Event::text : Event::binary;
}

void Decoder::forget_message() {
  delivered_ = false;
  if (message_.capacity() > kKeepBytes) {
    message_ = std::string();
  } else {
    message_.clear();
  }
}

bool Decoder::too_big() {
  error_text_ = "a message is too big: the limit is " + std::to_string(options_.message_bytes_max) + " bytes";
  error_code_ = 1009;
  over_ = true;
  return false;
}

bool Decoder::fail(std::uint16_t code, std::string_view text) {
  error_code_ = code;
  error_text_.assign(text);
  over_ = true;
  return false;
}

}  // namespace gavel::ws
