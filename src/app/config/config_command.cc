#include "app/config/config_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "app/config/command_line.h"
#include "app/config/load.h"
#include "app/config/print.h"

namespace gavel::app {
namespace {

struct Given {
  CommandLine line;
  std::string check;
  bool print_defaults = false;
  bool print_reference = false;
};

int print(const std::string& text) {
  const bool good =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!good) std::fputs("gavel: stdout can't be written\n", stderr);
  return good ? 0 : 1;
}

int tell(const Loaded& loaded) {
  for (const std::string& warning : loaded.warnings) {
    std::fprintf(stderr, "gavel: warning: %s\n", warning.c_str());
  }
  for (const std::string& error : loaded.errors) std::fprintf(stderr, "gavel: %s\n", error.c_str());
  return loaded.ok() ? 0 : 2;
}

int run_config(const Given& given, const char* const* environment) {
  if (given.print_defaults) return print(print_defaults());
  if (given.print_reference) return print(print_reference());
  if (!given.check.empty()) {
    // The file alone: what this machine's environment says is no part of it.
    CommandLine line = given.line;
    line.config_file = given.check;
    const int status = tell(load(line, nullptr));
    return status == 0 ? print(given.check + ": good\n") : status;
  }
  const Loaded loaded = load(given.line, environment);
  const int status = tell(loaded);
  return status == 0 ? print(print_effective(loaded)) : status;
}

}  // namespace

void add_config_command(CLI::App& app, std::function<int()>& run, const char* const* environment) {
  CLI::App* const command = app.add_subcommand(
      "config", "Print the configuration that these options give, with where each value came from");
  const auto given = std::make_shared<Given>();
  command
      ->add_option("--check", given->check, "Say what is wrong with this file: exit status 0 or 2")
      ->type_name("FILE");
  command->add_flag("--print-defaults", given->print_defaults, "Print a gavel.toml to start from");
  command->add_flag("--print-reference", given->print_reference, "Print all options as Markdown");
  add_options(*command, kAllCommands, given->line);
  command->callback([given, &run, environment] {
    run = [given, environment] { return run_config(*given, environment); };
  });
}

}  // namespace gavel::app
