#include "store/mongo/document.h"

#include <bson/bson.h>

#include <algorithm>
#include <cstdio>

#include "base/stamp.h"
#include "store/mongo/json_to_bson.h"

namespace gavel::store::mongo {
namespace {

// What BSON calls a whole number has a sign; ids keep their bits.
std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t unsigned_of(std::int64_t value) { return static_cast<std::uint64_t>(value); }

void append_hex(std::string& out, std::uint64_t value) {
  char digits[18];
  std::snprintf(digits, sizeof digits, ":%016llx", static_cast<unsigned long long>(value));
  out += digits;
}

// A document in the making, with names as string literals.
class Document {
 public:
  Document() { bson_init(&bson_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document() { bson_destroy(&bson_); }

  void text(const char* name, std::string_view value) {
    bson_append_utf8(&bson_, name, -1, value.data(), static_cast<int>(value.size()));
  }
  void number(const char* name, std::uint64_t value) {
    bson_append_int64(&bson_, name, -1, signed_of(value));
  }
  void time(const char* name, std::int64_t ms) { bson_append_date_time(&bson_, name, -1, ms); }
  void boolean(const char* name, bool value) { bson_append_bool(&bson_, name, -1, value); }
  void bytes(const char* name, std::string_view value) {
    bson_append_binary(&bson_, name, -1, BSON_SUBTYPE_BINARY,
                       reinterpret_cast<const std::uint8_t*>(value.data()),
                       static_cast<std::uint32_t>(value.size()));
  }
  void document(const char* name, std::string_view value, bool array = false) {
    bson_t child;
    bson_init_static(&child, reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
    if (array) {
      bson_append_array(&bson_, name, -1, &child);
    } else {
      bson_append_document(&bson_, name, -1, &child);
    }
  }
  std::string take() const {
    return {reinterpret_cast<const char*>(bson_get_data(&bson_)), bson_.len};
  }

 private:
  bson_t bson_;
};

bool view(bson_t& document, std::string_view bytes) {
  return bson_init_static(&document, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                          bytes.size());
}

// An array's element has its number for a name.
template <class Items, class Append>
std::string array_of(const Items& items, Append append) {
  Document array;
  std::size_t index = 0;
  for (const auto& item : items) append(array, std::to_string(index++).c_str(), item);
  return array.take();
}

std::string text_of(const bson_iter_t& at) {
  std::uint32_t size = 0;
  const char* const text = bson_iter_utf8(&at, &size);
  return text == nullptr ? std::string() : std::string(text, size);
}

// Some servers and most people's tools make other numbers of small whole ones.
std::uint64_t number_of(const bson_iter_t& at) { return unsigned_of(bson_iter_as_int64(&at)); }

std::vector<ClientId> members_of(const bson_iter_t& at) {
  std::vector<ClientId> members;
  bson_iter_t child;
  if (!BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &child)) return members;
  while (bson_iter_next(&child)) members.push_back(ClientId{number_of(child)});
  return members;
}

std::vector<ArchiveHole> holes_of(const bson_iter_t& at) {
  std::vector<ArchiveHole> holes;
  bson_iter_t child;
  if (!BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &child)) return holes;
  while (bson_iter_next(&child)) {
    bson_iter_t field;
    ArchiveHole hole;
    if (!BSON_ITER_HOLDS_DOCUMENT(&child)) continue;
    if (bson_iter_recurse(&child, &field) && bson_iter_find(&field, "first")) {
      hole.first = MessageId{number_of(field)};
    }
    if (bson_iter_recurse(&child, &field) && bson_iter_find(&field, "last")) {
      hole.last = MessageId{number_of(field)};
    }
    holes.push_back(hole);
  }
  return holes;
}

}  // namespace

std::string room_key(std::string_view room, Epoch epoch) {
  std::string key(room);
  append_hex(key, epoch.value);
  return key;
}

std::string message_key(std::string_view room, Epoch epoch, MessageId id) {
  std::string key = room_key(room, epoch);
  append_hex(key, id.value);
  return key;
}

std::string raw_text(const ArchiveMessage& message) {
  const room::Entry& entry = message.entry;
  std::string raw;
  raw.resize(kStampBytesMax);
  const char* const end = write_stamp(raw.data(), message.id, entry.client, entry.ts_ms);
  raw.resize(static_cast<std::size_t>(end - raw.data()));
  raw += entry.body;
  return raw;
}

std::string message_document(std::string_view room, Epoch epoch, const ArchiveMessage& message,
                             Form form, std::string_view reason) {
  const room::Entry& entry = message.entry;
  Document document;
  document.text("_id", message_key(room, epoch, message.id));
  document.text("room", room);
  document.number("epoch", epoch.value);
  document.number("msg_id", message.id.value);
  document.number("client_id", entry.client.value);
  if (entry.ref) document.number("ref", entry.ref.value);
  document.time("ts", entry.ts_ms);
  if (form == Form::quarantined) document.text("reason", reason);
  if (form == Form::queryable) {
    if (const auto fields = body_to_bson(entry.body)) document.document("message", *fields);
  }
  document.bytes("raw", raw_text(message));
  return document.take();
}

ArchivedMessage MessageDocument::message() const {
  ArchivedMessage message{id, entry, raw, key, quarantined, damaged};
  if (!damaged) message.entry.body = message.raw.substr(body_at);
  return message;
}

void read_message(std::string_view bson, MessageDocument& into) {
  into = {};
  bson_t document;
  bson_iter_t at;
  if (view(document, bson) && bson_iter_init(&at, &document)) {
    while (bson_iter_next(&at)) {
      const std::string_view name = bson_iter_key(&at);
      if (name == "_id") into.key = text_of(at);
      if (name == "msg_id") into.id = MessageId{number_of(at)};
      if (name == "client_id") into.entry.client = ClientId{number_of(at)};
      if (name == "ref") into.entry.ref = Ref{number_of(at)};
      if (name == "ts" && BSON_ITER_HOLDS_DATE_TIME(&at)) {
        into.entry.ts_ms = bson_iter_date_time(&at);
      }
      if (name == "raw" && BSON_ITER_HOLDS_BINARY(&at)) {
        std::uint32_t bytes = 0;
        const std::uint8_t* data = nullptr;
        bson_iter_binary(&at, nullptr, &bytes, &data);
        into.raw.assign(reinterpret_cast<const char*>(data), bytes);
      }
    }
  }
  const std::string stamp = raw_text({into.id, into.entry});
  into.body_at = stamp.size();
  into.damaged = !into.id || !into.raw.starts_with(stamp) || into.raw.size() == stamp.size();
}

std::string room_document(const ArchivedRoom& room) {
  Document document;
  document.text("_id", room_key(room.room, room.epoch));
  document.text("room", room.room);
  document.number("epoch", room.epoch.value);
  document.number("first", room.first.value);
  document.number("last", room.last.value);
  document.time("first_ts", room.first_ts_ms);
  document.time("last_ts", room.last_ts_ms);
  document.number("messages", room.messages);
  document.number("bytes", room.bytes);
  document.document(
      "members",
      array_of(room.members, [](Document& array, const char* name,
                                ClientId member) { array.number(name, member.value); }),
      true);
  document.boolean("more_members", room.more_members);
  document.document("holes",
                    array_of(room.holes,
                             [](Document& array, const char* name, const ArchiveHole& hole) {
                               Document one;
                               one.number("first", hole.first.value);
                               one.number("last", hole.last.value);
                               array.document(name, one.take());
                             }),
                    true);
  document.boolean("finished", room.finished);
  return document.take();
}

std::optional<ArchivedRoom> read_room(std::string_view bson) {
  bson_t document;
  bson_iter_t at;
  if (!view(document, bson) || !bson_iter_init(&at, &document)) return {};
  ArchivedRoom room;
  unsigned known = 0;
  while (bson_iter_next(&at)) {
    const std::string_view name = bson_iter_key(&at);
    if (name == "room") room.room = text_of(at), ++known;
    if (name == "epoch") room.epoch = Epoch{number_of(at)}, ++known;
    if (name == "first") room.first = MessageId{number_of(at)}, ++known;
    if (name == "last") room.last = MessageId{number_of(at)}, ++known;
    if (name == "first_ts") room.first_ts_ms = bson_iter_date_time(&at);
    if (name == "last_ts") room.last_ts_ms = bson_iter_date_time(&at);
    if (name == "messages") room.messages = number_of(at);
    if (name == "bytes") room.bytes = number_of(at);
    if (name == "members") room.members = members_of(at);
    if (name == "more_members") room.more_members = bson_iter_as_bool(&at);
    if (name == "holes") room.holes = holes_of(at);
    if (name == "finished") room.finished = bson_iter_as_bool(&at);
  }
  if (known != 4) return {};
  std::sort(room.members.begin(), room.members.end());
  return room;
}

}  // namespace gavel::store::mongo
