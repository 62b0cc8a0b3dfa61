#include "cli/bench/message.h"

#include <cstring>

#include "wire/server_message.h"
#include "ws/frame.h"

namespace gavel::cli {
namespace {

// The number behind `key` at the front of `text`; moves behind it.
bool take_number(std::string_view& text, std::string_view key, std::uint64_t& value) {
  if (!text.starts_with(key)) return false;
  std::size_t at = key.size();
  std::uint64_t number = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    number = number * 10 + static_cast<std::uint64_t>(text[at++] - '0');
  }
  const bool any = at != key.size();
  text.remove_prefix(at);
  value = number;
  return any;
}

std::uint64_t number_of(std::string_view text, std::string_view name) {
  const auto raw = wire::find_field(text, name);
  return raw ? wire::as_uint(*raw).value_or(0) : 0;
}

bool read_any(std::string_view text, BenchMessage& message) {
  const auto type = wire::find_field(text, "type");
  message.id = number_of(text, "msg_id");
  if (message.id == 0 || !type || *type == R"("joined")") return false;
  message.client_id = number_of(text, "client_id");
  if (*type != R"("bench")") return true;
  message.tag = number_of(text, "tag");
  message.from = number_of(text, "from");
  message.seq = number_of(text, "seq");
  message.sent_ns = number_of(text, "t");
  return true;
}

}  // namespace

bool read_message(std::string_view text, BenchMessage& message) {
  message = {};
  std::string_view rest = text;
  std::uint64_t ts = 0;
  const bool fast = take_number(rest, R"({"msg_id":)", message.id) &&
                    take_number(rest, R"(,"client_id":)", message.client_id) &&
                    take_number(rest, R"(,"ts":)", ts) &&
                    take_number(rest, R"(,"type":"bench","tag":)", message.tag) &&
                    take_number(rest, R"(,"from":)", message.from) &&
                    take_number(rest, R"(,"seq":)", message.seq) &&
                    take_number(rest, R"(,"t":)", message.sent_ns);
  if (!fast) {
    message = {};
    if (!read_any(text, message)) return false;
  }
  message.seq -= message.seq > BenchFrame::kSeqBase ? BenchFrame::kSeqBase : 0;
  message.sent_ns -= message.sent_ns > BenchFrame::kTimeBase ? BenchFrame::kTimeBase : 0;
  return true;
}

BenchFrame::BenchFrame(std::uint64_t tag, std::uint64_t from, std::size_t payload, bool with_ref) {
  std::string text = R"({"type":"bench","tag":)" + std::to_string(tag) + R"(,"from":)" +
                     std::to_string(from) + R"(,"seq":)";
  const std::size_t seq_at = text.size();
  text += std::string(10, '0') + R"(,"t":)";
  const std::size_t time_at = text.size();
  text += std::string(19, '0');
  std::size_t ref_at = 0;
  if (with_ref) {
    text += R"(,"ref":)";
    ref_at = text.size();
    text += std::string(10, '0');
  }
  constexpr std::string_view kPad = R"(,"pad":")";
  if (text.size() + kPad.size() + 2 <= payload) {
    text += kPad;
    text.append(payload - text.size() - 2, 'x');
    text += '"';
  }
  text += '}';
  ws::append_client_frame(frame_, ws::Opcode::text, text, kBenchMask);
  text_at_ = frame_.size() - text.size();
  seq_at_ = seq_at;
  time_at_ = time_at;
  ref_at_ = ref_at;
}

void BenchFrame::patch(char* frame, std::size_t at, std::size_t digits, std::uint64_t value) const {
  unsigned char key[4];
  std::memcpy(key, &kBenchMask, sizeof key);
  for (std::size_t i = at + digits; i-- > at;) {
    frame[text_at_ + i] =
        static_cast<char>(static_cast<unsigned char>('0' + value % 10) ^ key[i & 3]);
    value /= 10;
  }
}

void BenchFrame::append(std::string& out, std::uint64_t seq, std::uint64_t sent_ns) {
  const std::size_t at = out.size();
  out += frame_;
  char* const frame = out.data() + at;
  patch(frame, seq_at_, 10, ref_of(seq));
  patch(frame, time_at_, 19, sent_ns + kTimeBase);
  if (ref_at_ != 0) patch(frame, ref_at_, 10, ref_of(seq));
}

}  // namespace gavel::cli
