#include "cli/visitor/visitor.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/escape.h"
#include "wire/codes.h"
#include "wire/outgoing.h"
#include "wire/server_message.h"

namespace gavel::cli {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kConnectTimeout{10'000};
constexpr milliseconds kWaitFirst{250};
constexpr milliseconds kWaitMax{10'000};
// A server pings whoever is silent, so that silence for so long means that nobody is there.
constexpr milliseconds kSilenceMax{30'000};

std::uint64_t number_of(std::string_view text, std::string_view name) {
  const auto raw = wire::find_field(text, name);
  return raw ? wire::as_uint(*raw).value_or(0) : 0;
}

std::string string_of(std::string_view text, std::string_view name) {
  const auto raw = wire::find_field(text, name);
  return raw ? wire::as_string(*raw).value_or("") : "";
}

bool bool_of(std::string_view text, std::string_view name) {
  const auto raw = wire::find_field(text, name);
  return raw && wire::as_bool(*raw).value_or(false);
}

void add_text(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":\"";
  wire::escape_json(out, text);
  out += '"';
}

// What a client may do after a close: of the table, and of its ranges for a later server's codes.
wire::Reconnect after(std::uint16_t code) {
  if (const auto known = wire::find_close(code)) return known->reconnect;
  if (code >= 4000 && code <= 4099) return wire::Reconnect::resume;
  return code >= 4100 && code <= 4199 ? wire::Reconnect::no : wire::Reconnect::yes;
}

}  // namespace

Visitor::Visitor(const VisitorOptions& options, Random& random)
    : options_(options), random_(random), epoch_(options.epoch) {}

Visitor::News Visitor::next(milliseconds timeout, int other_fd) {
  const Clock::time_point deadline = Clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    const milliseconds wait = std::max(left, milliseconds{0});
    if (peer_ == nullptr) {
      const auto pause = std::chrono::ceil<milliseconds>(next_try_ - Clock::now());
      if (pause > wait) {
        ::poll(nullptr, 0, static_cast<int>(wait.count()));
        return News::nothing;
      }
      if (pause.count() > 0) ::poll(nullptr, 0, static_cast<int>(pause.count()));
      if (const News news = connect(); news != News::nothing) return news;
      continue;
    }
    const milliseconds step = std::min(wait, kSilenceMax / 2);
    switch (peer_->receive(step, member_ ? other_fd : -1)) {
      case Peer::Got::text:
        heard_ = Clock::now();
        pinged_ = false;
        if (const News news = on_text(); news != News::nothing) return news;
        break;
      case Peer::Got::closed:
        return on_closed();
      case Peer::Got::nothing:
        if (Clock::now() - heard_ > kSilenceMax) return lose("no sign of life from the server");
        if (!pinged_ && Clock::now() - heard_ > kSilenceMax / 2) {
          peer_->ping();
          pinged_ = true;
        }
        if (step == wait || other_fd >= 0) return News::nothing;
    }
  }
}

Visitor::News Visitor::connect() {
  peer_ = std::make_unique<Peer>(random_);
  member_ = false;
  pinged_ = false;
  heard_ = Clock::now();
  std::string error = peer_->open(options_.url, kConnectTimeout);
  if (error.empty() && !peer_->send(join_text())) error = "the server ended the connection";
  if (error.empty()) return News::nothing;
  return was_member_ ? lose(std::move(error)) : end(std::move(error));
}

std::string Visitor::join_text() const {
  std::string out = R"({"type":"join")";
  add_text(out, "room", options_.room);
  if (last_id_) {
    out += ",\"since\":" + std::to_string(*last_id_);
  } else if (options_.since == "latest") {
    add_text(out, "since", options_.since);
  } else {
    out += ",\"since\":" + options_.since;
  }
  if (!epoch_.empty()) add_text(out, "epoch", epoch_);
  if (may_resume_ && !resume_.empty()) add_text(out, "resume", resume_);
  if (!options_.token.empty()) add_text(out, "token", options_.token);
  return out + '}';
}

Visitor::News Visitor::on_text() {
  text_ = peer_->text();
  const auto message = wire::read_server_message(text_);
  if (!message)
    return end("the server sent what is not JSON: " + escape_for_log(text_.substr(0, 80)));
  if (message->stamped) {
    last_id_ = message->msg_id.value;
    return News::message;
  }
  if (message->type == "joined") return on_joined();
  if (message->type == "error" && !member_) {
    const auto code = wire::find_error(string_of(text_, "code"));
    if (code && code->retry && was_member_)
      return lose(escape_for_log(string_of(text_, "message")));
    return end("the join was refused: " + escape_for_log(string_of(text_, "message")));
  }
  return News::answer;
}

Visitor::News Visitor::on_joined() {
  const std::uint64_t first = number_of(text_, "first");
  const std::string epoch = string_of(text_, "epoch");
  missed_ = last_id_ && epoch == epoch_ && first > *last_id_ + 1 ? first - *last_id_ - 1 : 0;
  epoch_ = epoch;
  resume_ = string_of(text_, "resume");
  client_id_ = number_of(text_, "client_id");
  last_ref_ = number_of(text_, "last_ref");
  resumed_ = bool_of(text_, "resumed");
  recovered_ = bool_of(text_, "recovered");
  if (first != 0) last_id_ = first - 1;
  member_ = was_member_ = may_resume_ = true;
  tries_ = 0;
  return News::joined;
}

Visitor::News Visitor::on_closed() {
  const std::uint16_t code = peer_->close_code();
  std::string why = "the server closed the connection: " + std::to_string(code);
  const auto known = wire::find_close(code);
  const std::string reason = escape_for_log(peer_->close_reason());
  if (!reason.empty()) {
    why += " " + reason;
  } else if (known) {
    why += " " + std::string(known->meaning);
  }
  const wire::Reconnect may = after(code);
  if (may == wire::Reconnect::no || !was_member_) return end(std::move(why));
  may_resume_ = may == wire::Reconnect::resume;
  return lose(std::move(why));
}

Visitor::News Visitor::lose(std::string why) {
  peer_.reset();
  member_ = false;
  const milliseconds longest = std::min(kWaitMax, kWaitFirst * (1u << std::min(tries_, 6u)));
  ++tries_;
  // Somewhere between half of it and all of it, so that many clients do not come back at once.
  const auto half = static_cast<std::uint64_t>(longest.count() / 2);
  const milliseconds wait{half + random_.below(half + 1)};
  next_try_ = Clock::now() + wait;
  why_ = std::move(why);
  return News::lost;
}

Visitor::News Visitor::end(std::string why) {
  peer_.reset();
  why_ = std::move(why);
  return News::ended;
}

bool Visitor::send(std::string_view text) {
  return peer_ != nullptr && member_ && peer_->send(text);
}

void Visitor::close() {
  if (peer_ != nullptr) peer_->close();
  peer_.reset();
}

}  // namespace gavel::cli
