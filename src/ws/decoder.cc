#include "ws/decoder.h"

#include <algorithm>

namespace gavel::ws {
namespace {

constexpr std::size_t kKeepBytes = 16 * 1024;  // a larger buffer is given back after its message
constexpr std::size_t kInflateBytes = 4096;    // inflated in one go
constexpr std::string_view kNotUtf8 = "a text message is not valid UTF-8";

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
  payload_ = {};
  if (delivered_) forget_message();
  while (!over_) {
    if (!in_frame_) {
      if (!take_header(in)) return over_ ? Event::error : Event::need_more;
      if (!check_length()) return Event::error;
      const bool alone = fin_ && !in_message_ && !compressed_ && !is_control(opcode_);
      if (alone && frame_bytes_ <= in.size()) return whole_frame(in);
      if (!begin_message()) return Event::error;
      in_frame_ = true;
    }
    if (!take_payload(in)) return Event::error;
    if (frame_have_ < frame_bytes_) return Event::need_more;
    in_frame_ = false;
    const Event event = end_frame();
    if (event != Event::need_more) return event;
  }
  in = in.last(0);
  return Event::need_more;
}

// Gathers a frame's header; false while bytes are missing, or where the first two are wrong.
bool Decoder::take_header(std::span<char>& in) {
  if (header_have_ == 0 && in.size() >= sizeof header_) {  // nearly always: one copy of fixed size
    std::memcpy(header_, in.data(), sizeof header_);
    const bool is_good = check_kind();
    in = in.subspan(is_good ? header_bytes() : 2);
    return is_good;
  }
  std::size_t need = header_have_ < 2 ? 2 : header_bytes();
  while (header_have_ < need) {
    const std::size_t bytes = std::min(need - header_have_, in.size());
    if (bytes == 0) return false;
    std::memcpy(header_ + header_have_, in.data(), bytes);
    header_have_ = static_cast<std::uint8_t>(header_have_ + bytes);
    in = in.subspan(bytes);
    if (header_have_ != 2) continue;
    if (!check_kind()) return false;
    need = header_bytes();
  }
  header_have_ = 0;
  return true;
}

// How long the header is, by its first two bytes.
std::size_t Decoder::header_bytes() const {
  const unsigned length = header_[1] & 0x7f;
  const std::size_t extended = length < 126 ? 0 : length == 126 ? 2 : 8;
  return 2 + extended + (options_.server ? sizeof key_ : 0);
}

// All that the first two bytes tell.
bool Decoder::check_kind() {
  fin_ = (header_[0] & 0x80) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0f);
  if ((header_[0] & 0x30) != 0) return fail(1002, "reserved bits are set");
  if (((header_[1] & 0x80) != 0) != options_.server) {
    return fail(1002, options_.server ? "client frames must be masked"
                                      : "server frames must not be masked");
  }
  const bool rsv1 = (header_[0] & 0x40) != 0;
  if (!is_control(opcode_)) {
    if (opcode_ > Opcode::binary) return fail(1002, "an opcode is not defined");
    if (rsv1 && (!options_.deflate || opcode_ == Opcode::continuation)) {
      return fail(1002, "reserved bits are set");
    }
    return check_data_kind();
  }
  if (opcode_ > Opcode::pong) return fail(1002, "an opcode is not defined");
  if (rsv1) return fail(1002, "reserved bits are set");
  if (!fin_) return fail(1002, "a control frame is fragmented");
  if ((header_[1] & 0x7fU) > kControlPayloadMax) {
    return fail(1002, "a control frame is longer than 125 bytes");
  }
  control_have_ = 0;
  return true;
}

bool Decoder::check_data_kind() {
  if (opcode_ == Opcode::continuation) {
    if (!in_message_) return fail(1002, "a continuation without a message");
    if (++fragments_ > options_.fragments_max) {
      return fail(1008, "too many fragments in a message");
    }
    return true;
  }
  if (in_message_) return fail(1002, "a new message inside a fragmented one");
  if (opcode_ == Opcode::binary && !options_.allow_binary) {
    return fail(1003, "send text messages only");
  }
  message_opcode_ = opcode_;
  compressed_ = (header_[0] & 0x40) != 0;
  fragments_ = 1;
  announced_ = 0;
  return true;
}

bool Decoder::check_length() {
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
  if (options_.server) std::memcpy(key_, at, sizeof key_);
  if (is_control(opcode_)) return true;
  // What can't be compressed grows by a few bytes when it is; the inflated size counts later.
  const std::uint64_t slack = compressed_ ? options_.message_bytes_max / 8 + 64 : 0;
  const std::uint64_t limit = options_.message_bytes_max + slack;
  if (frame_bytes_ > limit || announced_ + frame_bytes_ > limit) return too_big();
  announced_ += frame_bytes_;
  return true;
}

// A data frame whose message goes through the buffer; nothing to do in the middle of one.
bool Decoder::begin_message() {
  if (is_control(opcode_) || opcode_ == Opcode::continuation) return true;
  utf8_.reset();
  if (!compressed_) return true;
  if (!inflater_) inflater_ = std::make_unique<Inflater>();
  return inflater_->begin() || fail(1011, "out of memory");
}

Event Decoder::whole_frame(std::span<char>& in) {
  const auto size = static_cast<std::size_t>(frame_bytes_);
  char* bytes = in.data();
  in = in.subspan(size);
  if (options_.server) apply_mask(bytes, size, key_, 0);
  payload_ = {bytes, size};
  if (opcode_ == Opcode::binary) return Event::binary;
  if (is_utf8(bytes, size)) return Event::text;
  fail(1007, kNotUtf8);
  return Event::error;
}

bool Decoder::take_payload(std::span<char>& in) {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), frame_bytes_ - frame_have_));
  if (size == 0) return true;
  char* bytes = in.data();
  in = in.subspan(size);
  if (options_.server) apply_mask(bytes, size, key_, static_cast<std::size_t>(frame_have_ & 3));
  frame_have_ += size;
  if (!is_control(opcode_)) {
    return compressed_ ? inflate({bytes, size}, false) : add({bytes, size});
  }
  std::memcpy(control_ + control_have_, bytes, size);
  control_have_ = static_cast<std::uint8_t>(control_have_ + size);
  return true;
}

bool Decoder::add(std::string_view bytes) {
  if (message_opcode_ == Opcode::text && !utf8_.feed(bytes.data(), bytes.size())) {
    return fail(1007, kNotUtf8);
  }
  message_.append(bytes);
  return true;
}

// A piece of a compressed message, or its end. Never more comes out than one byte over the limit.
bool Decoder::inflate(std::string_view bytes, bool is_end) {
  char chunk[kInflateBytes];
  while (true) {
    const std::size_t left = options_.message_bytes_max - message_.size();
    const std::span<char> out(chunk, std::min(sizeof chunk, left + 1));
    std::size_t size = 0;
    const Inflater::Outcome outcome =
        is_end ? inflater_->finish(out, size) : inflater_->inflate(bytes, out, size);
    if (!add({chunk, std::min(size, left)})) return false;
    if (size > left) return too_big();
    if (outcome == Inflater::Outcome::bad) return fail(1007, "a message can't be inflated");
    if (outcome == Inflater::Outcome::done) return true;
  }
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
  const bool text = message_opcode_ == Opcode::text;
  if (compressed_ && !inflate({}, true)) return Event::error;
  if (text && !utf8_.complete()) {
    fail(1007, kNotUtf8);
    return Event::error;
  }
  delivered_ = true;
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
  const std::string limit = std::to_string(options_.message_bytes_max);
  return fail(1009, "a message is too big: the limit is " + limit + " bytes");
}

bool Decoder::fail(std::uint16_t code, std::string_view text) {
  error_code_ = code;
  error_text_.assign(text);
  payload_ = {};
  message_ = std::string();
  over_ = true;
  return false;
}

}  // namespace gavel::ws
