// `gavel send ROOM [MESSAGE…]`: each message is sent under a ref and again after a lost connection,
// until it has come back; then its msg_id is printed.
#include "cli/send.h"

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/escape.h"
#include "base/random.h"
#include "base/units.h"
#include "cli/visitor/arguments.h"
#include "cli/visitor/visitor.h"
#include "wire/outgoing.h"
#include "wire/scanner.h"
#include "wire/server_message.h"

namespace gavel::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kUnansweredMax = 64;
constexpr std::chrono::milliseconds kStep{250};

struct Given {
  VisitorArguments visitor;
  std::vector<std::string> messages;
  std::string timeout = "30s";
};

void tell(const std::string& what) { std::fprintf(stderr, "gavel send: %s\n", what.c_str()); }

std::string number_of_message(std::size_t n) { return "message " + std::to_string(n); }

// A message's text as it will be sent, without its ref.
struct Outgoing {
  std::string text;
};

// An object stays as it is, other text becomes a chat message. The error is a sentence.
Result<Outgoing, std::string> message_of(std::string_view text, std::size_t n) {
  if (std::string fault = utf8_fault(number_of_message(n), text); !fault.empty()) return fault;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text[begin] != '{') {
    std::string chat = R"({"type":"chat","text":")";
    wire::escape_json(chat, text);
    return Outgoing{chat + "\"}"};
  }
  std::string object(text.substr(begin));
  wire::Scanner scanner;
  const auto scanned = scanner.scan(object);
  if (!scanned) {
    return number_of_message(n) + " at byte " + std::to_string(begin + scanned.error().offset) +
           ": " + std::string(wire::info(scanned.error().code).meaning);
  }
  if (scanned.value().kind != wire::Kind::message) {
    return number_of_message(n) + ": join and leave are this command's own business";
  }
  if (scanned.value().has_ref()) {
    return number_of_message(n) + ": leave out ref, this command gives each message one";
  }
  return Outgoing{object};
}

class Sender {
 public:
  Sender(const VisitorOptions& options, std::chrono::milliseconds patience, Random& random)
      : visitor_(options, random), patience_(patience) {}

  void add(std::string text) { waiting_.push_back(std::move(text)); }
  void read_stdin() { reads_stdin_ = true; }

  // The exit status.
  int run() {
    Clock::time_point progress = Clock::now();
    while (!failed_ && (reads_stdin_ || !waiting_.empty() || !unanswered_.empty())) {
      const bool takes_more = reads_stdin_ && joined_ && waiting_.empty() && has_room();
      const Visitor::News news = visitor_.next(kStep, takes_more ? STDIN_FILENO : -1);
      if (on_news(news)) progress = Clock::now();
      if (takes_more && news == Visitor::News::nothing) take_stdin();
      while (joined_ && !waiting_.empty() && has_room()) send_next();
      if (unanswered_.empty() && joined_) progress = Clock::now();
      if (Clock::now() - progress > patience_) {
        fail("no answer in time: " + std::to_string(unanswered_.size() + waiting_.size()) +
             " messages may not have arrived (--timeout)");
      }
    }
    visitor_.close();
    return failed_ || refused_ || std::fflush(stdout) != 0 ? 1 : 0;
  }

 private:
  struct Unanswered {
    std::uint64_t ref;
    std::string text;
  };

  bool has_room() const { return unanswered_.size() < kUnansweredMax; }

  // True where it is progress.
  bool on_news(Visitor::News news) {
    switch (news) {
      case Visitor::News::joined:
        on_joined();
        return true;
      case Visitor::News::message:
        return on_message();
      case Visitor::News::answer:
        return on_answer();
      case Visitor::News::lost:
        joined_ = false;
        tell(visitor_.why() + "; coming back");
        return false;
      case Visitor::News::ended:
        fail(visitor_.why());
        return false;
      case Visitor::News::nothing:
        return false;
    }
    return false;
  }

  void on_joined() {
    joined_ = true;
    if (!visitor_.resumed()) {
      // A new client_id: nobody can tell which of the unanswered ones the old one has in the room.
      if (came_before_ && !unanswered_.empty()) {
        tell(
            "the server gave us a new client_id: what was unanswered is sent again, and may be in "
            "the room twice");
      }
      std::uint64_t ref = visitor_.last_ref();
      for (Unanswered& one : unanswered_) one.ref = ++ref;
      next_ref_ = ref + 1;
    }
    came_before_ = true;
    // What the server has kept comes back by itself, or already did.
    for (const Unanswered& one : unanswered_) {
      if (one.ref > visitor_.last_ref()) write(one);
    }
  }

  bool on_message() {
    const auto message = wire::read_server_message(visitor_.text());
    if (!message || message->client_id.value != visitor_.client_id()) return false;
    return answered(message->ref.value, message->msg_id.value);
  }

  bool on_answer() {
    const std::string text(visitor_.text());
    const auto message = wire::read_server_message(text);
    if (!message) return false;
    // A repeat that we sent: its first copy stands in the room, and came or comes back as a
    // message.
    if (message->type == "duplicate") return true;
    if (message->type != "error") return false;
    const auto words = wire::find_field(text, "message");
    const std::string said = escape_for_log(words ? wire::as_string(*words).value_or(text) : text);
    const auto name = wire::find_field(text, "code");
    const auto code = wire::find_error(name ? wire::as_string(*name).value_or("") : "");
    // Those behind a refused one; they go again with it.
    if (code && code->code == wire::ErrorCode::out_of_order) return false;
    if (code && code->retry) {
      tell(said);
      retry_ = message->ref.value;
      again();
      return false;
    }
    tell("refused: " + said);
    refused_ = true;
    if (message->ref.value == 0) {
      failed_ = true;  // nobody knows which one was meant
    } else {
      forget(message->ref.value);
    }
    return true;
  }

  // From the refused one on, all go again, in their order.
  void again() {
    ::poll(nullptr, 0, static_cast<int>(kStep.count()));
    for (const Unanswered& one : unanswered_) {
      if (one.ref >= retry_) write(one);
    }
  }

  bool answered(std::uint64_t ref, std::uint64_t msg_id) {
    if (!forget(ref)) return false;
    std::printf("%llu\n", static_cast<unsigned long long>(msg_id));
    std::fflush(stdout);
    return true;
  }

  bool forget(std::uint64_t ref) {
    return std::erase_if(unanswered_, [ref](const Unanswered& one) { return one.ref == ref; }) != 0;
  }

  void send_next() {
    unanswered_.push_back({next_ref_++, std::move(waiting_.front())});
    waiting_.pop_front();
    write(unanswered_.back());
  }

  // The ref goes in behind the opening brace; what the user wrote stays as it is.
  void write(const Unanswered& one) {
    visitor_.send("{\"ref\":" + std::to_string(one.ref) + ',' + one.text.substr(1));
  }

  void take_stdin() {
    pollfd poll{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, 0) <= 0) return;
    char bytes[16 * 1024];
    const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) {
      reads_stdin_ = false;
      if (!line_.empty()) take_line();
      return;
    }
    line_.append(bytes, static_cast<std::size_t>(got));
    std::string rest;
    rest.swap(line_);
    std::size_t from = 0;
    for (std::size_t end = 0; (end = rest.find('\n', from)) != std::string::npos; from = end + 1) {
      line_ = rest.substr(from, end - from);
      take_line();
    }
    line_ = rest.substr(from);
  }

  void take_line() {
    ++lines_;
    if (line_.ends_with('\r')) line_.pop_back();
    if (line_.empty()) return;
    auto message = message_of(line_, lines_);
    line_.clear();
    if (message) {
      waiting_.push_back(std::move(message.value().text));
    } else {
      tell("not sent: " + message.error());
      refused_ = true;
    }
  }

  void fail(const std::string& why) {
    tell(why);
    failed_ = true;
  }

  Visitor visitor_;
  const std::chrono::milliseconds patience_;
  std::deque<std::string> waiting_;
  std::deque<Unanswered> unanswered_;
  std::uint64_t next_ref_ = 1;
  std::uint64_t retry_ = 0;
  std::string line_;
  std::size_t lines_ = 0;
  bool reads_stdin_ = false;
  bool joined_ = false;
  bool came_before_ = false;
  bool refused_ = false;
  bool failed_ = false;
};

int run_send(const Given& given) {
  const auto options = check(given.visitor);
  if (!options) {
    tell(options.error());
    return 2;
  }
  const auto patience = parse_duration(given.timeout);
  if (!patience) {
    tell("--timeout: " + patience.error());
    return 2;
  }
  SystemRandom random;
  Sender sender(options.value(),
                std::chrono::duration_cast<std::chrono::milliseconds>(patience.value()), random);
  for (std::size_t i = 0; i < given.messages.size(); ++i) {
    auto message = message_of(given.messages[i], i + 1);
    if (!message) {
      tell(message.error());
      return 2;
    }
    sender.add(std::move(message.value().text));
  }
  if (given.messages.empty()) sender.read_stdin();
  return sender.run();
}

}  // namespace

void add_send_command(CLI::App& app, std::function<int()>& run) {
  CLI::App* const command =
      app.add_subcommand("send", "Send messages into a room, and print their msg_ids")
          ->footer(
              "A message that is a JSON object is sent as it is (it needs a type); other text "
              "becomes {\"type\":\"chat\",\"text\":…}. Without messages: one a line from stdin.");
  const auto given = std::make_shared<Given>();
  add_visitor_options(*command, given->visitor);
  command->add_option("messages", given->messages, "JSON objects or text")->type_name("MESSAGE");
  command->add_option("--timeout", given->timeout, "How long to wait for an answer [30s]")
      ->type_name("DURATION");
  command->callback([given, &run] { run = [given] { return run_send(*given); }; });
}

}  // namespace gavel::cli
