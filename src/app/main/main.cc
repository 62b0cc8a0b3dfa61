// gavel: one binary, a command for each job. Exit status: 0 done, 1 failed, 2 usage.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "app/config/command_line.h"
#include "app/config/config_command.h"
#include "app/config/load.h"
#include "app/serve.h"
#include "base/log.h"
#include "cli/archive/archive.h"
#include "cli/bench/bench.h"
#include "cli/replay.h"
#include "cli/send.h"
#include "cli/tail.h"
#include "cli/token.h"

namespace {

void add_serve_command(CLI::App& app, std::function<int()>& run, char** environment) {
  CLI::App* command = app.add_subcommand("serve", "Run the message server");
  auto line = std::make_shared<gavel::app::CommandLine>();
  gavel::app::add_options(*command, gavel::app::kServe, *line);
  command->callback([line, &run, environment] {
    run = [line, environment] {
      const gavel::app::Loaded loaded = gavel::app::load(*line, environment);
      for (const std::string& warning : loaded.warnings)
        std::fprintf(stderr, "gavel: %s\n", warning.c_str());
      for (const std::string& error : loaded.errors)
        std::fprintf(stderr, "gavel: %s\n", error.c_str());
      if (!loaded.ok()) return 2;
      return gavel::app::serve(
          loaded, [line, environment] { return gavel::app::load(*line, environment); });
    };
  });
}

}  // namespace

int main(int argc, char** argv, char** environment) {
  // A socket must never get the number of a closed stdout or stderr.
  gavel::log::hold_standard_descriptors();
  CLI::App app{"gavel: ordered rooms for multiplayer games", "gavel"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "gavel " GAVEL_VERSION);
  std::function<int()> run;
  add_serve_command(app, run, environment);
  gavel::app::add_config_command(app, run, environment);
  gavel::cli::add_archive_command(app, run);
  gavel::cli::add_bench_command(app, run);
  gavel::cli::add_replay_command(app, run);
  gavel::cli::add_rooms_command(app, run);
  gavel::cli::add_tail_command(app, run);
  gavel::cli::add_send_command(app, run);
  gavel::cli::add_token_command(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  return run();
}
