// What tail and send are told on the command line, checked. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/visitor/visitor.h"

namespace CLI {
class App;
}

namespace gavel::cli {

// As given, unchecked.
struct VisitorArguments {
  std::string url = "ws://127.0.0.1:8765/";
  std::string room;
  std::string since = "latest";
  std::string epoch;
  std::string token;
};

// ROOM, --url and --token; `arguments` must outlive the command.
void add_visitor_options(CLI::App& command, VisitorArguments& arguments);

// The error is a sentence.
Result<VisitorOptions, std::string> check(const VisitorArguments& arguments);

// Empty for valid UTF-8, else a sentence that says at which byte it ends to be.
std::string utf8_fault(std::string_view what, std::string_view text);

}  // namespace gavel::cli
