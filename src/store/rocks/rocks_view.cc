#include "store/rocks/rocks_view.h"

#include <algorithm>
#include <filesystem>

#include "store/rocks/database.h"
#include "store/rocks/keys.h"

namespace gavel::store {
namespace {

using namespace rocks;

constexpr int kTriesMax = 5;

StoredRoom look_at(const Database& database, RoomNumber number, const RoomRecord& record) {
  StoredRoom room;
  room.name = record.name;
  room.epoch = record.epoch;
  room.first = record.floor;
  const Place place{number, record.epoch};
  MessageId first;
  std::string value;
  const Outcome outcome = database.block_at(place, MessageId{~std::uint64_t{0}}, first, value);
  if (outcome != Outcome::ok || !room::verify_block(block_of(value))) {
    room.damaged = true;
    return room;
  }
  room.last = first + (room::BlockReader(block_of(value)).header().count - 1);
  const std::uint64_t end = bytes_before(value) + block_of(value).size();
  const Outcome oldest =
      database.scan_blocks(place, record.floor, [&](MessageId at, std::string_view bytes) {
        room.first = std::max(room.first, at);
        if (room.first <= room.last) room.bytes = end - bytes_before(bytes);
        return false;
      });
  room.damaged = oldest != Outcome::ok;
  return room;
}

}  // namespace

struct RocksView::Impl {
  std::unique_ptr<Database> database;

  bool find(std::string_view name, RoomNumber& number, RoomRecord& record) const {
    std::string value;
    if (database->get_meta(name_key(name), value) != Outcome::ok) return false;
    const auto found = decode_u64(value);
    if (!found || database->get_meta(room_key(RoomNumber{*found}), value) != Outcome::ok) {
      return false;
    }
    const auto decoded = decode_room(value);
    if (!decoded) return false;
    number = RoomNumber{*found};
    record = *decoded;
    return true;
  }
};

RocksView::RocksView(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksView::~RocksView() = default;

std::unique_ptr<RocksView> RocksView::open(const std::string& directory, std::string& error) {
  DatabaseOptions options;
  options.path = directory + "/db";
  options.read_only = true;
  if (!std::filesystem::exists(options.path)) {
    error = directory + " is not a gavel store: it has no folder db";
    return nullptr;
  }
  auto impl = std::make_unique<Impl>();
  // A server that uses it may take a file away between two looks of ours.
  for (int i = 0; i < kTriesMax && !impl->database; ++i) {
    Outcome outcome = Outcome::ok;
    impl->database = Database::open(options, outcome, error);
  }
  if (!impl->database) {
    error = "can't read the store " + directory + ": " + error;
    return nullptr;
  }
  return std::unique_ptr<RocksView>(new RocksView(std::move(impl)));
}

bool RocksView::rooms(const std::function<bool(const StoredRoom&)>& visit,
                      std::string& error) const {
  const Outcome outcome =
      impl_->database->scan_meta(kRoomKeys, [&](std::string_view key, std::string_view value) {
        const auto number = parse_room_key(key);
        const auto record = decode_room(value);
        return !number || !record || visit(look_at(*impl_->database, *number, *record));
      });
  if (outcome == Outcome::ok) return true;
  error = "the list of rooms can't be read to its end";
  return false;
}

std::vector<Epoch> RocksView::epochs(std::string_view room) const {
  RoomNumber number;
  RoomRecord record;
  std::vector<Epoch> epochs;
  if (!impl_->find(room, number, record) ||
      impl_->database->epochs(number, epochs) != Outcome::ok) {
    return {};
  }
  return epochs;
}

bool RocksView::replay(std::string_view room, std::optional<Epoch> epoch, MessageId after,
                       const std::function<bool(MessageId, const room::Entry&)>& visit,
                       std::string& error) const {
  RoomNumber number;
  RoomRecord record;
  if (!impl_->find(room, number, record)) {
    error = "the store knows no room of this name";
    return false;
  }
  const Place place{number, epoch.value_or(record.epoch)};
  const MessageId from =
      place.epoch == record.epoch ? std::max(after + 1, record.floor) : after + 1;
  MessageId next;
  bool whole = true;
  const Outcome outcome =
      impl_->database->scan_blocks(place, from, [&](MessageId first, std::string_view value) {
        whole = (!next || first == next) && room::verify_block(block_of(value));
        if (!whole) return false;
        room::BlockReader reader(block_of(value));
        room::Entry entry;
        for (next = first; reader.next(entry); next = next + 1) {
          if (next >= from && !visit(next, entry)) return false;
        }
        return true;
      });
  if (outcome == Outcome::ok && whole) return true;
  error =
      "the record behind message " + std::to_string(next.value - (next ? 1 : 0)) + " can't be read";
  return false;
}

}  // namespace gavel::store
