#include "cli/replay.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/escape.h"
#include "base/stamp.h"
#include "store/mongo/mongo_archive.h"
#include "store/rocks/rocks_view.h"
#include "wire/outgoing.h"

namespace gavel::cli {
namespace {

struct Given {
  std::string store = "rocks:./gavel-data";
  std::string room;
  std::uint64_t after = 0;
  std::uint64_t count = 0;
  std::uint64_t epoch = 0;
  bool list_epochs = false;
  store::MongoOptions archive{.uri = ""};
};

int fail(const char* command, const std::string& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "gavel %s: %s\n", command, escape_for_log(error).c_str());
  return 1;
}

std::unique_ptr<store::RocksView> open(const std::string& store, std::string& error) {
  constexpr std::string_view kRocks = "rocks:";
  if (!store.starts_with(kRocks)) {
    error = "reads rocks:DIR only, not " + store;
    return nullptr;
  }
  return store::RocksView::open(store.substr(kRocks.size()), error);
}

// White space between a message's tokens may hold line breaks; a line is one message.
bool write_message(std::string& line, MessageId id, const room::Entry& entry) {
  line.resize(kStampBytesMax);
  line.resize(static_cast<std::size_t>(write_stamp(line.data(), id, entry.client, entry.ts_ms) -
                                       line.data()));
  const std::size_t body = line.size();
  line.append(entry.body);
  for (std::size_t i = body; i < line.size(); ++i) {
    if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
  }
  line.push_back('\n');
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size();
}

unsigned long long number(std::uint64_t value) { return value; }

int rooms_of_archive(const Given& given) {
  std::string error;
  const auto archive = store::open_mongo_archive(given.archive, error);
  if (!archive) return fail("rooms", error);
  const auto listed = archive->rooms([](const store::ArchivedRoom& room) {
    std::string name;
    wire::escape_json(name, room.room);
    return std::printf(
               "{\"room\":\"%s\",\"epoch\":\"%llu\",\"first\":%llu,\"msg_id\":%llu,"
               "\"bytes\":%llu}\n",
               name.c_str(), number(room.epoch.value), number(room.first.value),
               number(room.last.value), number(room.bytes)) > 0;
  });
  return listed ? 0 : fail("rooms", listed.error().what);
}

// The newest epoch, where none was asked for.
int replay_of_archive(const Given& given) {
  std::string error;
  const auto archive = store::open_mongo_archive(given.archive, error);
  if (!archive) return fail("replay", error);
  const auto epochs = archive->epochs(given.room);
  if (!epochs) return fail("replay", epochs.error().what);
  if (epochs.value().empty()) return fail("replay", given.room + ": not in the archive");
  if (given.list_epochs) {
    for (const store::ArchivedRoom& room : epochs.value()) {
      std::printf("{\"epoch\":\"%llu\"}\n", number(room.epoch.value));
    }
    return 0;
  }
  const Epoch epoch = given.epoch != 0 ? Epoch{given.epoch} : epochs.value().back().epoch;
  std::string line;
  std::uint64_t left = given.count;
  const auto scanned = archive->scan(
      given.room, epoch, MessageId{given.after}, [&](const store::ArchivedMessage& message) {
        if (message.damaged) {
          error = "the document " + std::string(message.key) + " can't be read";
          return false;
        }
        return write_message(line, message.id, message.entry) && (given.count == 0 || --left != 0);
      });
  if (!scanned) error = scanned.error().what;
  return error.empty() ? 0 : fail("replay", given.room + ": " + error);
}

int run_rooms(const Given& given) {
  if (!given.archive.uri.empty()) return rooms_of_archive(given);
  std::string error;
  const auto view = open(given.store, error);
  if (!view) return fail("rooms", error);
  const bool ok = view->rooms(
      [](const store::StoredRoom& room) {
        std::string name;
        wire::escape_json(name, room.name);
        return std::printf(
                   "{\"room\":\"%s\",\"epoch\":\"%llu\",\"first\":%llu,\"msg_id\":%llu,"
                   "\"bytes\":%llu,\"damaged\":%s}\n",
                   name.c_str(), static_cast<unsigned long long>(room.epoch.value),
                   static_cast<unsigned long long>(room.first.value),
                   static_cast<unsigned long long>(room.last.value),
                   static_cast<unsigned long long>(room.bytes),
                   room.damaged ? "true" : "false") > 0;
      },
      error);
  return ok ? 0 : fail("rooms", error);
}

int run_replay(const Given& given) {
  if (!given.archive.uri.empty()) return replay_of_archive(given);
  std::string error;
  const auto view = open(given.store, error);
  if (!view) return fail("replay", error);
  if (given.list_epochs) {
    for (const Epoch epoch : view->epochs(given.room)) {
      std::printf("{\"epoch\":\"%llu\"}\n", static_cast<unsigned long long>(epoch.value));
    }
    return 0;
  }
  std::optional<Epoch> epoch;
  if (given.epoch != 0) epoch = Epoch{given.epoch};
  std::string line;
  std::uint64_t left = given.count;
  const bool ok = view->replay(
      given.room, epoch, MessageId{given.after},
      [&](MessageId id, const room::Entry& entry) {
        return write_message(line, id, entry) && (given.count == 0 || --left != 0);
      },
      error);
  return ok ? 0 : fail("replay", given.room + ": " + error);
}

}  // namespace

namespace {

void add_archive_options(CLI::App& command, Given& given) {
  command.add_option("--from", given.archive.uri, "Read the archive instead: mongodb://HOST:PORT")
      ->type_name("URI");
  command.add_option("--archive-database", given.archive.database, "Its database")
      ->capture_default_str();
}

}  // namespace

void add_rooms_command(CLI::App& app, std::function<int()>& run) {
  CLI::App* command = app.add_subcommand("rooms", "List the rooms that a store holds");
  auto given = std::make_shared<Given>();
  command->add_option("--store", given->store, "rocks:DIR, also while a server uses it")
      ->capture_default_str();
  add_archive_options(*command, *given);
  command->callback([given, &run] { run = [given] { return run_rooms(*given); }; });
}

void add_replay_command(CLI::App& app, std::function<int()>& run) {
  CLI::App* command = app.add_subcommand("replay", "Write out the messages of a room");
  auto given = std::make_shared<Given>();
  command->add_option("room", given->room, "Its name")->required();
  command->add_option("--store", given->store, "rocks:DIR, also while a server uses it")
      ->capture_default_str();
  command->add_option("--since", given->after, "Only messages behind this msg_id");
  command->add_option("--count", given->count, "At most so many; 0: all");
  command->add_option("--epoch", given->epoch, "Of this epoch; 0: the current one");
  command->add_flag("--epochs", given->list_epochs, "List the epochs of which something is kept");
  add_archive_options(*command, *given);
  command->callback([given, &run] { run = [given] { return run_replay(*given); }; });
}

}  // namespace gavel::cli
