#include "app/config/command_line.h"

#include <CLI/CLI.hpp>
#include <string>

#include "app/config/value.h"

namespace gavel::app {
namespace {

std::string help_of(const Option& option) {
  const Config built_in;
  std::string text(option.help);
  const std::string value = format(option, built_in);
  if (!value.empty()) text += " [" + value + "]";
  return text;
}

std::string group_of(const Option& option) {
  for (const Section& section : sections()) {
    if (section.name == option.section) return std::string(section.title);
  }
  return "Options";
}

}  // namespace

void add_options(CLI::App& command, Commands which, CommandLine& into) {
  command.add_option("--config", into.config_file, "Read this TOML file first [$GAVEL_CONFIG]")
      ->type_name("FILE");
  for (const Option& option : options()) {
    if ((option.commands & which) == 0) continue;
    const std::string name = "--" + std::string(option.name);
    const auto gather = [&into, row = &option](const CLI::results_t& values) {
      into.given.emplace_back(row, values);
      return true;
    };
    const std::string help = help_of(option);
    CLI::Option* added = nullptr;
    if (option.kind == Kind::flag) {
      // "--echo", or "--echo=false" against a file that says true.
      added = command.add_flag(name, help)->each([&into, row = &option](std::string value) {
        into.given.emplace_back(row, Strings{std::move(value)});
      });
    } else {
      added = command.add_option(name, gather, help);
      added->type_name(std::string(option.what));
      if (option.kind == Kind::list) {
        // Each --listen takes one value; several add up.
        added->expected(1, -1)->allow_extra_args(false);
      }
    }
    added->group(group_of(option));
  }
}

}  // namespace gavel::app
