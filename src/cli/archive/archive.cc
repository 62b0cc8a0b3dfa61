#include "cli/archive/archive.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/escape.h"
#include "base/random.h"
#include "base/units.h"
#include "cli/archive/mover.h"
#include "cli/archive/rocks_source.h"
#include "cli/archive/verify.h"
#include "store/mongo/mongo_archive.h"
#include "wire/outgoing.h"

namespace gavel::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStep{100};  // how often a wait looks whether it is to end
constexpr milliseconds kBackOffMin{500};
constexpr milliseconds kBackOffMax{30'000};

struct Given {
  std::string store = "rocks:./gavel-data";
  store::MongoOptions mongo;
  std::string interval = "10s";
  std::string verify;
  bool all = false;
  bool once = false;
};

std::atomic<bool> stop_asked{false};

void ask_to_stop(int) { stop_asked = true; }

int fail(const std::string& what, int status = 1) {
  std::fflush(stdout);
  std::fprintf(stderr, "gavel archive: %s\n", escape_for_log(what).c_str());
  return status;
}

void wait(milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stop_asked && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kStep);
  }
}

void show(const MoverTotals& totals, bool last) {
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  if (!on_terminal && !last) return;
  std::fprintf(stderr, "%sgavel archive: %llu rooms, %llu messages archived, %llu were there%s",
               on_terminal ? "\r" : "", static_cast<unsigned long long>(totals.rooms),
               static_cast<unsigned long long>(totals.messages),
               static_cast<unsigned long long>(totals.present), last ? "\n" : "");
}

// Rounds until it is to stop. The exit status.
int move(Source& source, store::Archive& archive, const Given& given, milliseconds interval) {
  Mover mover(source, archive, stop_asked);
  SystemRandom random;
  milliseconds back_off = kBackOffMin;
  bool prepared = false;
  bool is_away = false;
  while (!stop_asked) {
    std::string error;
    Mover::Round round = Mover::Round::done;
    if (!prepared) {
      const auto ready = archive.prepare();
      prepared = static_cast<bool>(ready);
      if (!ready) {
        error = ready.error().what;
        if (ready.error().error != store::ArchiveError::unavailable) return fail(error);
        round = Mover::Round::unavailable;
      }
    }
    if (prepared) round = mover.round(error);
    if (round == Mover::Round::denied || round == Mover::Round::no_source) return fail(error);
    if (round == Mover::Round::unavailable) {
      if (given.once) return fail("the archive is away: " + error);
      if (!is_away) fail("the archive is away, coming back: " + error);
      is_away = true;
      wait(back_off / 2 + milliseconds(random.below(static_cast<std::uint64_t>(back_off.count()))));
      back_off = std::min(back_off * 2, kBackOffMax);
      continue;
    }
    if (is_away) std::fputs("gavel archive: the archive is back\n", stderr);
    is_away = false;
    back_off = kBackOffMin;
    show(mover.totals(), given.once);
    if (given.once) break;
    wait(interval);
  }
  if (!given.once) show(mover.totals(), true);
  return mover.totals().rooms_stuck == 0 ? 0 : 1;
}

void print(const std::string& room, Epoch epoch, const Differences& differences) {
  std::string name;
  wire::escape_json(name, room);
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "{\"room\":\"%s\",\"epoch\":\"%llu\",\"archived\":%llu,\"missing\":%llu,\"doubled\":%llu,"
      "\"different\":%llu,\"waiting\":%llu}\n",
      name.c_str(), number(epoch.value), number(differences.archived), number(differences.missing),
      number(differences.doubled), number(differences.different), number(differences.waiting));
}

// The exit status: 0 where nothing is missing, doubled or different.
int verify(Source& source, store::Archive& archive, const Given& given) {
  std::string error;
  std::set<std::pair<std::string, Epoch>> stored;
  std::set<std::pair<std::string, Epoch>> rooms;
  const auto wanted = [&](const std::string& room) { return given.all || room == given.verify; };
  if (!source.rooms(
          [&](const std::string& room, Epoch epoch) {
            if (wanted(room)) stored.emplace(room, epoch);
            return true;
          },
          error)) {
    return fail(error);
  }
  rooms = stored;
  const auto listed = archive.rooms([&](const store::ArchivedRoom& room) {
    if (wanted(room.room)) rooms.emplace(room.room, room.epoch);
    return true;
  });
  if (!listed) return fail(listed.error().what);
  if (rooms.empty() && !given.all) return fail("neither store nor archive knows " + given.verify);
  bool good = true;
  for (const auto& [room, epoch] : rooms) {
    Differences differences;
    if (!compare(source, archive, room, epoch, stored.contains({room, epoch}), differences,
                 error)) {
      return fail(room + ": " + error);
    }
    print(room, epoch, differences);
    good = good && differences.none();
  }
  return good ? 0 : 1;
}

int run_archive(const Given& given) {
  constexpr std::string_view kRocks = "rocks:";
  if (!given.store.starts_with(kRocks)) {
    return fail("reads rocks:DIR only, not what --store says", 2);
  }
  const auto interval = parse_duration(given.interval);
  if (!interval) return fail("--interval: " + interval.error(), 2);
  std::string error;
  const auto archive = store::open_mongo_archive(given.mongo, error);
  if (!archive) return fail(error, 2);
  RocksSource source(given.store.substr(kRocks.size()));
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  if (given.all || !given.verify.empty()) return verify(source, *archive, given);
  std::fprintf(stderr, "gavel archive: to %s\n", escape_for_log(archive->describe()).c_str());
  return move(source, *archive, given, std::chrono::duration_cast<milliseconds>(interval.value()));
}

}  // namespace

void add_archive_command(CLI::App& app, std::function<int()>& run) {
  CLI::App* const command =
      app.add_subcommand("archive", "Copy what a store holds to MongoDB, and compare the two")
          ->footer(
              "Nothing is taken away from the store. It may be stopped, killed and started again "
              "at "
              "any time, and run twice: no message is archived twice or left out. Exit status 1: "
              "the archive can't be used, a room can't be archived further, or --verify found a "
              "difference.");
  const auto given = std::make_shared<Given>();
  command->add_option("--store", given->store, "rocks:DIR, also while a server uses it")
      ->capture_default_str();
  command
      ->add_option("--archive-uri", given->mongo.uri,
                   "Of MongoDB. A password belongs into the environment variable, where no other "
                   "user sees it")
      ->envname("GAVEL_ARCHIVE_URI")
      ->type_name("URI");
  command->add_option("--archive-database", given->mongo.database, "Its database")
      ->capture_default_str();
  command
      ->add_option("--archive-write-concern", given->mongo.write_concern,
                   "When a message counts as archived: majority, or on how many servers")
      ->capture_default_str();
  command->add_option("--interval", given->interval, "Look for new messages so often")
      ->capture_default_str();
  command->add_flag("--once", given->once, "One round, then end: for cron");
  CLI::Option* const one = command->add_option(
      "--verify", given->verify, "Compare this room in store and archive: a JSON line an epoch");
  command->add_flag("--verify-all", given->all, "Compare all rooms")->excludes(one);
  command->callback([given, &run] { run = [given] { return run_archive(*given); }; });
}

}  // namespace gavel::cli
