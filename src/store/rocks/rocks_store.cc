#include "store/rocks/rocks_store.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "store/rocks/database.h"
#include "store/rocks/directory.h"
#include "store/rocks/reader.h"
#include "store/rocks/rocks_log.h"
#include "store/rocks/writer.h"

namespace gavel::store {
namespace {

using namespace rocks;

void end_process(const std::string& why) {
  GAVEL_LOG(store, error, "the store ends the process", {"reason", why});
  std::_Exit(EXIT_FAILURE);
}

class RocksStore final : public Store {
 public:
  explicit RocksStore(const RocksOptions& options) : options_(options) {}
  ~RocksStore() override;
  bool open(std::string& error);

  std::unique_ptr<room::MessageLog> make_log(unsigned, Post post) override {
    return std::make_unique<RocksLog>(*writer_, *reader_, std::move(post));
  }
  SigningKey signing_key() const override { return key_; }
  Health health() const override { return writer_->health(); }
  std::string describe() const override {
    return "rocks:" + options_.directory + (options_.synced ? " (synced)" : " (written)");
  }

 private:
  bool open_database(std::string& error);
  bool read_settings(std::string& error);
  void make_threads(std::uint64_t generation, ClientId next_client, RoomNumber next_room);
  std::int64_t wall_ms() const {
    return options_.wall_ms ? options_.wall_ms() : SystemClock().wall_ms();
  }

  const RocksOptions options_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Reader> reader_;
  SigningKey key_{};
  bool lost_past_ = false;  // shown messages may be missing: all rooms begin a new life
};

bool RocksStore::open(std::string& error) {
  directory_ = Directory::open(options_.directory, options_.lock_wait, options_.boot_id, error);
  if (!directory_) return false;
  const Past& past = directory_->past();
  if (!past.fresh && !past.same_directory) {
    lost_past_ = true;
    GAVEL_LOG(store, warning, "the directory is a copy or was restored: all rooms get a new epoch",
              {"directory", options_.directory});
  } else if (!past.fresh && !past.clean && !past.same_boot && !past.synced) {
    lost_past_ = true;
    GAVEL_LOG(store, warning,
              "the machine stopped before everything was on the disk: all rooms get a new epoch",
              {"directory", options_.directory});
  }
  return open_database(error) && read_settings(error) &&
         directory_->mark(true, options_.synced, error);
}

bool RocksStore::open_database(std::string& error) {
  DatabaseOptions wanted;
  wanted.path = directory_->database_path();
  wanted.write_buffer_bytes = options_.write_buffer_bytes;
  wanted.cache_bytes = options_.cache_bytes;
  // After a crash of the machine the log may end anywhere, also with holes in it; after any other
  // one it may not.
  const Past& past = directory_->past();
  const bool machine_crashed = !past.fresh && !past.clean && !past.same_boot;
  wanted.up_to_the_damage = machine_crashed && !past.synced;
  Outcome outcome = Outcome::ok;
  std::string detail;
  database_ = Database::open(wanted, outcome, detail);
  if (database_) return true;
  if (outcome == Outcome::corrupt && (machine_crashed || directory_->loss_accepted())) {
    GAVEL_LOG(store, error, "the log is damaged: what stands behind the damage is given up",
              {"reason", detail});
    lost_past_ = true;
    wanted.up_to_the_damage = true;
    database_ = Database::open(wanted, outcome, detail);
    if (database_) return true;
  }
  error = "can't open the store " + options_.directory + ": " + detail;
  if (outcome == Outcome::corrupt) {
    error +=
        "; restore the directory from a copy, or, to give up what stands behind the damage, create "
        "the file " +
        options_.directory + "/gavel.accept-loss and start again";
  }
  return false;
}

bool RocksStore::read_settings(std::string& error) {
  std::string value;
  const auto number = [&](std::string_view key, std::uint64_t otherwise) {
    if (database_->get_meta(key, value) != Outcome::ok) return otherwise;
    return decode_u64(value).value_or(otherwise);
  };
  if (number(kFormatKey, kFormatVersion) > kFormatVersion) {
    error = options_.directory +
            " was written by a newer gavel; run that version, or choose another directory";
    return false;
  }
  std::uint64_t generation = number(kGenerationKey, 0);
  const std::uint64_t next_client = number(kClientIdsKey, 1);
  std::uint64_t next_room = 1;
  const Outcome rooms = database_->last_meta(kRoomKeys, value);
  if (const auto room = parse_room_key(value); rooms == Outcome::ok && room) {
    next_room = room->value + 1;
  }
  WriteSet set(*database_);
  if (database_->get_meta(kSigningKeyKey, value) == Outcome::ok && value.size() == key_.size()) {
    std::memcpy(key_.data(), value.data(), key_.size());
  } else {
    SystemRandom().fill(key_);
    set.put_meta(kSigningKeyKey, {reinterpret_cast<const char*>(key_.data()), key_.size()});
    set.put_meta(kFormatKey, encode_u64(kFormatVersion));
  }
  if (lost_past_) {
    set.put_meta(kGenerationKey, encode_u64(++generation));
  }
  std::string detail;
  if ((rooms != Outcome::ok && rooms != Outcome::absent) ||
      (!set.empty() &&
       (database_->write(set, detail) != Outcome::ok || database_->sync(detail) != Outcome::ok))) {
    error = "can't read and write the store " + options_.directory + ": " + detail;
    return false;
  }
  if (lost_past_) directory_->forget_acceptance();
  make_threads(generation, ClientId{next_client}, RoomNumber{next_room});
  return true;
}

void RocksStore::make_threads(std::uint64_t generation, ClientId next_client,
                              RoomNumber next_room) {
  WriterOptions writer;
  writer.synced = options_.synced;
  writer.retention = options_.retention;
  writer.free_bytes_min = options_.free_bytes_min;
  writer.disk_space = [path = options_.directory, free = options_.free_bytes] {
    return free ? DiskSpace{free(), std::uint64_t{1} << 40} : disk_space(path);
  };
  writer.wall_ms = [this] { return wall_ms(); };
  writer.die = options_.die ? options_.die : end_process;
  writer_ = std::make_unique<Writer>(writer, *database_,
                                     [this](Request request) { reader_->ask(std::move(request)); });
  ReaderOptions reader;
  reader.retention = options_.retention;
  reader.generation = generation;
  reader.wall_ms = [this] { return wall_ms(); };
  reader_ = std::make_unique<Reader>(reader, *database_, [this](std::unique_ptr<Commit> commit) {
    writer_->submit(std::move(commit));
  });
  writer_->set_next_client(next_client);
  reader_->set_next_room(next_room);
  reader_->start();
  writer_->start();
}

RocksStore::~RocksStore() {
  if (!writer_) return;
  reader_->stop();
  writer_->stop();
  std::string detail;
  // A clean stop is on the disk, whatever the durability, so that the machine's next start loses
  // nothing.
  const bool on_disk = database_->sync(detail) == Outcome::ok;
  database_.reset();
  if (on_disk && writer_->health().ok) directory_->mark(false, options_.synced, detail);
}

}  // namespace

std::unique_ptr<Store> open_rocks(const RocksOptions& options, std::string& error) {
  auto store = std::make_unique<RocksStore>(options);
  if (!store->open(error)) return nullptr;
  return store;
}

}  // namespace gavel::store
