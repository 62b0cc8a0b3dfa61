// gavel: one binary, a command for each job. Exit status: 0 done, 1 failed, 2 usage.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>

#include "app/config/command_line.h"
#include "app/config/load.h"
#include "app/serve.h"
#ifdef GAVEL_HAS_CLI
#include "cli/commands.h"
#endif

namespace {

void add_serve_command(CLI::App& app, std::function<int()>& run, char** environment) {
  CLI::App* command = app.add_subcommand("serve", "Run the message server");
  auto line = std::make_shared<gavel::app::CommandLine>();
  gavel::app::add_options(*command, gavel::app::kServe, *line);
  command->callback([line, &run, environment] {
    run = [line, environment] {
      const gavel::app::Loaded loaded = gavel::app::load(*line, environment);
      for (const std::string& warning : loaded.warnings) std::fprintf(stderr, "gavel: %s\n", warning.c_str());
      for (const std::string& error : loaded.errors) std::fprintf(stderr, "gavel: %s\n", error.c_str());
      return loaded.ok() ? gavel::app::serve(loaded.config) : 2;
    };
  });
}

}  // namespace

int main(int argc, char** argv, char** environment) {
  CLI::App app{"gavel: ordered rooms for multiplayer games", "gavel"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "gavel " GAVEL_VERSION);
  std::function<int()> run;
  add_serve_command(app, run, environment);
#ifdef GAVEL_HAS_CLI
  gavel::cli::add_commands(app, run);
#endif
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  return run();
}
