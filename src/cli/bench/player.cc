#include "cli/bench/player.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/escape.h"
#include "wire/outgoing.h"
#include "wire/server_message.h"
#include "ws/frame.h"

namespace gavel::cli {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::size_t kShown = 160;  // bytes of what came, in a report

std::uint64_t number_of(std::string_view text, std::string_view name) {
  const auto raw = wire::find_field(text, name);
  return raw ? wire::as_uint(*raw).value_or(0) : 0;
}

std::string string_of(std::string_view text, std::string_view name) {
  const auto raw = wire::find_field(text, name);
  return raw ? wire::as_string(*raw).value_or("") : "";
}

void add_text(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format(",\"{}\":\"", name);
  wire::escape_json(out, text);
  out += '"';
}

}  // namespace

Player::Player(const BenchOptions& options, Tally& tally, RoomLog& room, std::string room_name,
               std::uint64_t number, Role role)
    : options_(options),
      tally_(tally),
      room_(room),
      room_name_(std::move(room_name)),
      number_(number),
      role_(role),
      message_(room.tag, number, options.payload, options.churn > 0) {
  if (role != Role::stuck) room.follow(&next_id_);
}

Player::~Player() {
  if (fd_ >= 0) ::close(fd_);
}

bool Player::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(options_.url.host.c_str(), options_.url.port.c_str(), &hints, &found);
  if (error != 0) {
    fail("can't find " + options_.url.host + ": " + ::gai_strerror(error));
    return false;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  fd_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    fail(std::string("no socket: ") + std::strerror(errno));
    return false;
  }
  if (is_apart()) {
    const int small = 8 * 1024;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  if (::connect(fd_, found->ai_addr, found->ai_addrlen) != 0) {
    fail(fmt::format("can't connect to {}: {}; is the server running?", options_.url.authority,
                     std::strerror(errno)));
    return false;
  }
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  state_ = State::upgrading;
  kept_.clear();
  out_ = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
      options_.url.target, options_.url.authority, kKey);
  out_at_ = 0;
  flush();
  return true;
}

void Player::fail(std::string why) {
  if (state_ == State::failed) return;
  state_ = State::failed;
  failure_ = std::move(why);
}

void Player::violation(Fault fault, std::string_view seen, std::uint64_t count) {
  const FaultInfo& info = kFaults[static_cast<std::size_t>(fault)];
  tally_.violations.note(
      fault,
      fmt::format("{}, player {} (client_id {}): {}: expected id {}, got {}", room_name_, number_,
                  client_id_, info.meaning, next_id_, escape_for_log(seen.substr(0, kShown))),
      count);
}

void Player::ended(std::string_view why) {
  if (state_ == State::failed) return;
  if (is_apart()) {
    ++tally_.apart;
  } else if (was_member_) {
    violation(Fault::broken, why);
  }
  fail(std::string(why));
}

// --- in ---

std::size_t Player::receive(std::string_view bytes, std::uint64_t now_ns) {
  std::string_view in = bytes;
  if (state_ == State::upgrading) on_upgraded(in);
  while (!in.empty() && state_ != State::failed && state_ != State::upgrading) {
    std::size_t taken = room_.holds(next_id_) ? take_known(in, now_ns) : 0;
    if (taken == 0) taken = take_frame(in, now_ns);
    if (taken == 0) break;
    in.remove_prefix(taken);
  }
  if (leaves_) leave_when_answered();
  return bytes.size() - in.size();
}

// The bytes at the front of `in` that other members got, too. Returns the size of the whole frames
// among them.
std::size_t Player::take_known(std::string_view in, std::uint64_t now_ns) {
  const std::string_view known = room_.bytes_from(next_id_);
  std::size_t same = std::min(known.size(), in.size());
  if (std::memcmp(known.data(), in.data(), same) != 0) {
    same = static_cast<std::size_t>(
        std::mismatch(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(same), in.begin())
            .first -
        known.begin());
  }
  const std::uint64_t begin = room_.begin(next_id_);
  const std::uint64_t first = next_id_;
  std::uint64_t end = begin;
  while (room_.holds(next_id_) && room_.entry(next_id_).end <= begin + same) {
    const RoomLog::Entry& entry = room_.entry(next_id_++);
    end = entry.end;
    if (entry.from == number_) on_own(entry.seq, entry.client_id, entry.sent_ns, now_ns);
  }
  tally_.delivered += next_id_ - first;
  return static_cast<std::size_t>(end - begin);
}

void Player::on_upgraded(std::string_view& in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  if (!in.starts_with("HTTP/1.1 101")) {
    fail("the server did not upgrade: " + escape_for_log(in.substr(0, in.find('\r'))));
    return;
  }
  in.remove_prefix(end + 4);
  join(true);
}

void Player::join(bool resumes) {
  state_ = State::joining;
  std::string text = R"({"type":"join")";
  add_text(text, "room", room_name_);
  if (next_id_ != 0) {
    text += fmt::format(",\"since\":{}", next_id_ - 1);
  } else {
    add_text(text, "since", "latest");
  }
  if (!epoch_.empty()) add_text(text, "epoch", epoch_);
  if (resumes && !resume_.empty()) add_text(text, "resume", resume_);
  if (!options_.token.empty()) add_text(text, "token", options_.token);
  frame(1, text + "}");
  flush();
}

// Handles one frame at the front of `in`; returns its size, 0 where it has not come whole.
std::size_t Player::take_frame(std::string_view in, std::uint64_t now_ns) {
  if (in.size() < 2) return 0;
  const auto byte = [in](std::size_t i) { return std::size_t{static_cast<unsigned char>(in[i])}; };
  std::size_t header = 2;
  std::size_t size = byte(1) & 0x7f;
  if (size >= 126) {
    header = size == 126 ? 4 : 10;
    if (in.size() < header) return 0;
    size = 0;
    for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
  }
  if (in.size() - header < size) return 0;
  const std::string_view payload = in.substr(header, size);
  switch (byte(0)) {
    case 0x81:
      on_text(payload, in.substr(0, header + size), now_ns);
      break;
    case 0x88:
      on_close(payload);
      break;
    case 0x89:
      frame(10, payload);
      flush();
      break;
    case 0x8a:
      break;
    default:
      violation(Fault::broken, "a frame that is no whole text message");
      fail("a frame that is no whole text message");
  }
  return header + size;
}

void Player::on_close(std::string_view payload) {
  std::string why = "the server closed the connection";
  if (payload.size() >= 2) {
    const unsigned code =
        static_cast<unsigned char>(payload[0]) << 8u | static_cast<unsigned char>(payload[1]);
    why += fmt::format(": {} {}", code, escape_for_log(payload.substr(2)));
  }
  ended(why);
}

void Player::on_text(std::string_view text, std::string_view frame, std::uint64_t now_ns) {
  BenchMessage message;
  if (read_message(text, message)) {
    on_message(message, text, frame, now_ns);
  } else {
    on_server_message(text);
  }
}

void Player::on_message(const BenchMessage& message, std::string_view text, std::string_view frame,
                        std::uint64_t now_ns) {
  ++tally_.delivered;
  if (next_id_ != 0 && message.id < next_id_) {
    violation(Fault::repeated, text);
    return;
  }
  if (next_id_ != 0 && message.id > next_id_) {
    violation(Fault::skipped, text, message.id - next_id_);
  }
  if (room_.holds(message.id)) {
    if (room_.text(message.id) != text) violation(Fault::differed, text);
  } else if (message.id >= room_.next_id()) {
    if (message.from != 0 && message.tag != room_.tag) violation(Fault::foreign, text);
    const bool ours = message.tag == room_.tag;
    room_.append(message.id, frame,
                 {.client_id = message.client_id,
                  .seq = message.seq,
                  .sent_ns = message.sent_ns,
                  .from = ours ? static_cast<std::uint32_t>(message.from) : 0,
                  .text_bytes = static_cast<std::uint32_t>(text.size())});
  }
  next_id_ = message.id + 1;
  if (message.from == number_ && message.tag == room_.tag) {
    on_own(message.seq, message.client_id, message.sent_ns, now_ns);
  }
}

void Player::on_own(std::uint64_t seq, std::uint64_t client_id, std::uint64_t sent_ns,
                    std::uint64_t now_ns) {
  if (client_id != client_id_) {
    violation(Fault::forged, fmt::format("our message {} of client_id {}", seq, client_id));
  }
  if (seq < next_echo_) return on_late(seq);
  if (seq >= next_seq_) {
    violation(Fault::broken, fmt::format("our message {}, which was not sent", seq));
    return;
  }
  if (seq > next_echo_) on_early(seq);
  next_echo_ = seq + 1;
  sent_ns_.pop_front();
  if (sent_ns >= tally_.measure_from_ns && sent_ns < tally_.measure_to_ns) {
    tally_.latency.record(now_ns > sent_ns ? now_ns - sent_ns : 0);
  }
}

// Those before it are lost, or come later: which, is known at the end.
void Player::on_early(std::uint64_t seq) {
  for (std::uint64_t one = next_echo_; one < seq; ++one) {
    missing_.push_back(one);
    sent_ns_.pop_front();
  }
}

void Player::on_late(std::uint64_t seq) {
  const auto was_missing = std::find(missing_.begin(), missing_.end(), seq);
  const std::string seen = fmt::format("our message {} behind our message {}", seq, next_echo_ - 1);
  if (was_missing == missing_.end()) {
    violation(Fault::doubled, seen);
  } else {
    missing_.erase(was_missing);
    violation(Fault::reordered, seen);
  }
}

void Player::on_server_message(std::string_view text) {
  const std::string type = string_of(text, "type");
  if (type == "joined") {
    on_joined(text);
  } else if (type == "left") {
    ++tally_.left;
    join(false);
  } else if (type == "error") {
    if (was_member_) violation(Fault::refused, text);
    if (state_ == State::joining) {
      fail("the join was refused: " + escape_for_log(text.substr(0, kShown)));
    }
  } else if (type != "duplicate") {
    violation(Fault::broken, text);
  }
}

void Player::on_joined(std::string_view text) {
  const std::string epoch = string_of(text, "epoch");
  client_id_ = number_of(text, "client_id");
  const std::uint64_t first = number_of(text, "first");
  state_ = State::joined;
  if (was_member_) on_resumed(text, epoch);
  // Servers that do not say what follows: the first message says it.
  if (!was_member_ && first != 0) next_id_ = first;
  was_member_ = true;
  epoch_ = epoch;
  resume_ = string_of(text, "resume");
  flush();
}

void Player::on_resumed(std::string_view text, const std::string& epoch) {
  const std::uint64_t first = number_of(text, "first");
  if (epoch != epoch_) {
    violation(Fault::broken, "another epoch: the room has lost its past");
    room_.restart(first);
    next_id_ = first;
  } else if (first > next_id_) {
    // Behind what the server keeps: it says so, and it is no fault of the order.
    tally_.untold += first - next_id_;
    next_id_ = first;
  }
  const bool was_cut = !leaves_;
  leaves_ = false;
  if (!was_cut) return;
  ++tally_.resumed;
  if (wire::find_field(text, "resumed") == std::string_view("false")) {
    violation(Fault::broken, "the resume token was not taken: a new client_id");
  }
  // What the server has not kept goes again, under its old ref.
  const std::uint64_t kept = BenchFrame::seq_of(number_of(text, "last_ref"));
  std::uint64_t seq = next_echo_;
  for (const std::uint64_t sent_ns : sent_ns_) {
    if (seq > kept) message_.append(out_, seq, sent_ns);
    ++seq;
  }
}

// --- out ---

std::size_t Player::may_send() const {
  if (state_ != State::joined || role_ != Role::sender || leaves_) return 0;
  const std::uint64_t open = unanswered();
  std::uint64_t free = open < options_.window ? options_.window - open : 0;
  if (options_.messages != 0) free = std::min(free, options_.messages + 1 - next_seq_);
  return static_cast<std::size_t>(free);
}

void Player::send(std::uint64_t intended_ns) {
  sent_ns_.push_back(intended_ns);
  message_.append(out_, next_seq_++, intended_ns);
  ++room_.sent;
  ++tally_.sent;
}

void Player::frame(unsigned opcode, std::string_view payload) {
  ws::append_client_frame(out_, static_cast<ws::Opcode>(opcode), payload, kBenchMask);
}

void Player::flush() {
  while (out_at_ < out_.size()) {
    const ssize_t sent =
        ::send(fd_, out_.data() + out_at_, out_.size() - out_at_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) ended(std::strerror(errno));
      return;
    }
    out_at_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  out_at_ = 0;
}

bool Player::has_all() const {
  return state_ == State::joined && unanswered() == 0 && missing_.empty() &&
         (next_id_ == room_.next_id() || room_.next_id() == 0);
}

void Player::count_lost() {
  if (is_apart()) return;
  const std::uint64_t own = unanswered() + missing_.size();
  if (own != 0) {
    violation(Fault::lost, fmt::format("nothing: {} of our messages never came back", own), own);
  }
  if (room_.next_id() > next_id_ && next_id_ != 0) {
    const std::uint64_t behind = room_.next_id() - next_id_;
    violation(Fault::lost, fmt::format("nothing: others got {} messages more", behind), behind);
  }
}

void Player::cut() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::close(fd_);
  fd_ = -1;
  state_ = State::idle;
  leaves_ = false;
}

void Player::leave() {
  leaves_ = true;
  leave_when_answered();
}

void Player::leave_when_answered() {
  if (state_ != State::joined || unanswered() != 0) return;
  state_ = State::leaving;
  frame(1, R"({"type":"leave"})");
  flush();
}

}  // namespace gavel::cli
