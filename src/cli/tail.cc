// `gavel tail ROOM`: lines for people on a terminal, the messages themselves (JSON lines) in a
// pipe.
#include "cli/tail.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include "base/escape.h"
#include "base/random.h"
#include "cli/visitor/arguments.h"
#include "cli/visitor/visitor.h"
#include "wire/server_message.h"

namespace gavel::cli {
namespace {

struct Given {
  VisitorArguments visitor;
  std::uint64_t count = 0;
  bool json = false;
};

// White space between the tokens of a message may be line breaks; inside its strings there are
// none.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return line;
}

std::string time_of(std::int64_t ts_ms) {
  const std::time_t seconds = ts_ms / 1000;
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return "?";
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%H:%M:%S", &local);
  std::snprintf(text + size, sizeof text - size, ".%03d", static_cast<int>(ts_ms % 1000));
  return text;
}

class Screen {
 public:
  explicit Screen(bool colored) : colored_(colored) {}

  // All that players wrote is escaped: their control sequences must not steer the terminal.
  void show(const wire::ServerMessage& message) const {
    const std::string type = escape_for_log(wire::as_string(quoted(message.type)).value_or(""));
    const auto text = wire::find_field(message.body, "text");
    const auto plain = text && message.type == "chat" ? wire::as_string(*text) : std::nullopt;
    // JSON has \ of its own and no other control characters but white space, unless a player means
    // harm; what escape_for_log() would do to each \ would only make it harder to read.
    const std::string rest =
        plain ? escape_for_log(*plain) : readable("{" + one_line(message.body));
    std::printf("%s%8llu  %s%s  %s#%llu%s  %s%s%s  %s\n", dim(),
                static_cast<unsigned long long>(message.msg_id.value),
                time_of(message.ts_ms).c_str(), plain_style(), player(message.client_id.value),
                static_cast<unsigned long long>(message.client_id.value), plain_style(), bold(),
                type.c_str(), plain_style(), rest.c_str());
  }

 private:
  static std::string quoted(std::string_view inside) { return '"' + std::string(inside) + '"'; }
  static std::string readable(std::string_view json) {
    std::string out;
    while (!json.empty()) {
      const std::size_t end = std::min(json.find('\\'), json.size());
      out += escape_for_log(json.substr(0, end));
      if (end == json.size()) break;
      out += '\\';
      json.remove_prefix(end + 1);
    }
    return out;
  }

  const char* dim() const { return colored_ ? "\033[2m" : ""; }
  const char* bold() const { return colored_ ? "\033[1m" : ""; }
  const char* plain_style() const { return colored_ ? "\033[0m" : ""; }
  // Each player in a colour of its own, as far as six go.
  const char* player(std::uint64_t client_id) const {
    static constexpr const char* kColors[] = {"\033[31m", "\033[32m", "\033[33m",
                                              "\033[34m", "\033[35m", "\033[36m"};
    return colored_ ? kColors[client_id % 6] : "";
  }

  const bool colored_;
};

void tell(const std::string& what) { std::fprintf(stderr, "gavel tail: %s\n", what.c_str()); }

class Tail {
 public:
  Tail(const VisitorOptions& options, const Given& given, Random& random)
      : visitor_(options, random),
        left_(given.count),
        for_people_(::isatty(1) == 1 && !given.json),
        screen_(std::getenv("NO_COLOR") == nullptr) {}

  int run() {
    for (;;) {
      switch (visitor_.next(std::chrono::milliseconds(250))) {
        case Visitor::News::message:
          show();
          if (left_ != 0 && --left_ == 0) return finish(0);
          break;
        case Visitor::News::joined:
          on_joined();
          break;
        case Visitor::News::answer:
          tell("the server: " + escape_for_log(visitor_.text()));
          break;
        case Visitor::News::lost:
          std::fflush(stdout);
          tell(visitor_.why() + "; coming back");
          break;
        case Visitor::News::ended:
          tell(visitor_.why());
          return finish(1);
        case Visitor::News::nothing:
          break;
      }
      if (std::ferror(stdout) != 0) return finish(1);
    }
  }

 private:
  void show() {
    const std::string_view text = visitor_.text();
    const auto message = for_people_ ? wire::read_server_message(text) : std::nullopt;
    if (message) {
      screen_.show(*message);
    } else {
      std::puts(one_line(text).c_str());
    }
    std::fflush(stdout);
  }

  void on_joined() {
    if (visitor_.missed() != 0) {
      tell(std::to_string(visitor_.missed()) +
           " messages are no longer kept, and are missing here");
    }
    if (came_before_ && visitor_.epoch() != epoch_) {
      tell("the room has begun anew: its ids start again, in epoch " +
           escape_for_log(visitor_.epoch()));
    }
    came_before_ = true;
    epoch_ = visitor_.epoch();
  }

  int finish(int status) {
    visitor_.close();
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? status : 1;
  }

  Visitor visitor_;
  std::uint64_t left_;
  const bool for_people_;
  const Screen screen_;
  bool came_before_ = false;
  std::string epoch_;
};

int run_tail(const Given& given) {
  const auto options = check(given.visitor);
  if (!options) {
    tell(options.error());
    return 2;
  }
  SystemRandom random;
  return Tail(options.value(), given, random).run();
}

}  // namespace

void add_tail_command(CLI::App& app, std::function<int()>& run) {
  CLI::App* const command =
      app.add_subcommand("tail", "Show a room's messages as they come")
          ->footer(
              "On a terminal: id, time, player, type and content. In a pipe: the messages, one "
              "JSON "
              "object a line. Comes back by itself when the connection is lost.");
  const auto given = std::make_shared<Given>();
  add_visitor_options(*command, given->visitor);
  command
      ->add_option("--since", given->visitor.since,
                   "Begin behind this msg_id (0: all that is kept), or latest [latest]")
      ->type_name("N|latest");
  command->add_option("--epoch", given->visitor.epoch, "Which life of the room --since is of")
      ->type_name("N");
  command->add_option("--count", given->count, "End after so many messages")->type_name("N");
  command->add_flag("--json", given->json, "JSON lines on a terminal, too");
  command->callback([given, &run] { run = [given] { return run_tail(*given); }; });
}

}  // namespace gavel::cli
