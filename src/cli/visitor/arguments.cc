#include "cli/visitor/arguments.h"

#include <CLI/CLI.hpp>

#include "base/escape.h"
#include "base/limits.h"
#include "wire/server_message.h"
#include "ws/utf8.h"

namespace gavel::cli {

void add_visitor_options(CLI::App& command, VisitorArguments& arguments) {
  command.add_option("room", arguments.room, "The room's name")->type_name("ROOM")->required();
  command.add_option("--url", arguments.url, "The server [ws://127.0.0.1:8765/]")->type_name("URL");
  command.add_option("--token", arguments.token, "A join token, where the server asks for one")
      ->type_name("JWT");
}

std::string utf8_fault(std::string_view what, std::string_view text) {
  ws::Utf8Validator validator;
  std::size_t begin = 0;  // of the character that is being looked at
  std::size_t at = 0;
  while (at < text.size() && validator.feed(text.data() + at, 1)) {
    ++at;
    if (validator.complete()) begin = at;
  }
  if (begin == text.size()) return {};
  const char* const why = at == text.size() ? "ends within a character" : "is not valid UTF-8";
  return std::string(what) + " " + why + " at byte " + std::to_string(begin) + ": " +
         escape_for_log(text.substr(0, begin + 1));
}

Result<VisitorOptions, std::string> check(const VisitorArguments& arguments) {
  auto url = parse_url(arguments.url);
  if (!url) return "--url: " + url.error();
  if (std::string fault = utf8_fault("ROOM", arguments.room); !fault.empty()) return fault;
  if (arguments.room.empty()) return std::string("ROOM is empty: give the room's name");
  if (!is_plain_text(arguments.room)) return std::string("ROOM has control characters in it");
  if (std::string fault = utf8_fault("--token", arguments.token); !fault.empty()) return fault;
  const auto is_number = [](const std::string& text) {
    return text.size() <= 19 && wire::as_uint(text).has_value();
  };
  if (arguments.since != "latest" && !is_number(arguments.since)) {
    return "--since: \"" + escape_for_log(arguments.since) +
           "\" is neither a msg_id nor latest: write --since 120 to see what follows 120, 0 for "
           "all";
  }
  if (!arguments.epoch.empty() && !wire::as_uint(arguments.epoch)) {
    return "--epoch: \"" + escape_for_log(arguments.epoch) + "\" is not a number";
  }
  return VisitorOptions{.url = std::move(url.value()),
                        .room = arguments.room,
                        .since = arguments.since,
                        .epoch = arguments.epoch,
                        .token = arguments.token};
}

}  // namespace gavel::cli
