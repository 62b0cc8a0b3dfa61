#include "store/mongo/mongo_archive.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <cassert>
#include <set>
#include <utility>

#include "base/clock.h"
#include "store/mongo/connecting.h"
#include "store/mongo/document.h"
#include "store/mongo/handles.h"
#include "store/mongo/pages.h"

namespace gavel::store {
namespace {

using namespace mongo;

constexpr const char* kMessages = "messages";
constexpr const char* kQuarantine = "quarantine";
constexpr const char* kRooms = "rooms";
constexpr const char* kLeases = "leases";

// A document of MongoDB has at most 16 MB; one with sub-documents may be five times its text.
constexpr std::size_t kDocumentBytesMax = 15 * 1024 * 1024;
constexpr std::size_t kScanBatch = 1000;

// A document that a server did not take.
struct Refusal {
  std::size_t index = 0;
  int code = 0;
  std::string what;
};

struct Inserted {
  std::vector<Refusal> refusals;
  bool all_told = true;  // the others are there for sure; where not, each has to be looked for
};

class MongoArchive final : public Archive {
 public:
  MongoArchive(std::string database, Connections connections)
      : database_(std::move(database)), connections_(std::move(connections)) {}

  Archived<void> prepare() override;
  Archived<ArchiveWrite> write(std::string_view room, Epoch epoch,
                               std::span<const ArchiveMessage> messages) override;
  Archived<std::optional<ArchivedRoom>> find(std::string_view room, Epoch epoch) override;
  Archived<std::vector<ArchivedRoom>> epochs(std::string_view room) override;
  Archived<void> rooms(const std::function<bool(const ArchivedRoom&)>& visit) override;
  Archived<bool> mark(const ArchivedRoom& room, MessageId expected_last) override;
  Archived<ArchivePage> read(std::string_view room, Epoch epoch, MessageId after,
                             std::size_t bytes_max) override;
  Archived<void> scan(std::string_view room, Epoch epoch, MessageId after,
                      const std::function<bool(const ArchivedMessage&)>& visit) override;
  Archived<bool> lease(std::string_view room, std::string_view owner,
                       std::chrono::milliseconds ttl) override;
  Archived<void> release(std::string_view room, std::string_view owner) override;
  std::string describe() const override { return connections_.description; }

 private:
  Collection collection(const Client& client, const char* name) const {
    return Collection(mongoc_client_get_collection(client.get(), database_.c_str(), name));
  }
  bool has_indexes(const Client& client, const char* name) const;
  Bson write_options() const { return Bson(bson_copy(connections_.write_options.get())); }

  Archived<Inserted> insert(const Client& client, const char* collection,
                            std::span<const std::string> documents) const;
  Archived<void> compare(const Client& client, const char* collection, std::string_view room,
                         Epoch epoch, std::span<const ArchiveMessage* const> messages,
                         ArchiveWrite& result, std::vector<const ArchiveMessage*>& missing) const;
  Archived<void> write_otherwise(const Client& client, std::string_view room, Epoch epoch,
                                 const ArchiveMessage& message, const std::string& why,
                                 ArchiveWrite& result) const;
  Archived<void> write_missing(const Client& client, std::string_view room, Epoch epoch,
                               std::span<const ArchiveMessage* const> messages,
                               ArchiveWrite& result) const;
  // Shows the documents of a collection that `filter` finds while `visit` returns true.
  template <class Visit>
  Archived<void> query(const Client& client, const char* collection, const bson_t* filter,
                       const bson_t* options, Visit visit) const;
  Archived<std::vector<MessageDocument>> documents(const Client& client, const char* collection,
                                                   std::string_view room, Epoch epoch,
                                                   MessageId after, std::size_t count_max,
                                                   std::size_t bytes_max) const;
  Archived<std::vector<ArchivedRoom>> find_rooms(const bson_t* filter);

  const std::string database_;
  const Connections connections_;
};

std::string_view bytes_of(const bson_t* bson) {
  return {reinterpret_cast<const char*>(bson_get_data(bson)), bson->len};
}

Bson messages_behind(std::string_view room, Epoch epoch, MessageId after) {
  Bson filter(bson_new());
  append(filter.get(), "room", room);
  append(filter.get(), "epoch", epoch.value);
  Bson behind(bson_new());
  append(behind.get(), "$gt", after.value);
  append(filter.get(), "msg_id", behind.get());
  return filter;
}

std::uint64_t count_in(const bson_t& reply, const char* name) {
  bson_iter_t at;
  return bson_iter_init_find(&at, &reply, name)
             ? static_cast<std::uint64_t>(bson_iter_as_int64(&at))
             : 0;
}

// A command's reply, which the library fills in whatever happens.
struct Reply {
  bson_t bson;
  bson_error_t error{};
  ~Reply() { bson_destroy(&bson); }
};

std::vector<Refusal> refusals_in(const bson_t& reply) {
  std::vector<Refusal> refusals;
  bson_iter_t errors;
  bson_iter_t child;
  if (!bson_iter_init_find(&errors, &reply, "writeErrors") || !BSON_ITER_HOLDS_ARRAY(&errors) ||
      !bson_iter_recurse(&errors, &child)) {
    return refusals;
  }
  while (bson_iter_next(&child)) {
    Refusal refusal;
    bson_iter_t field;
    if (!BSON_ITER_HOLDS_DOCUMENT(&child) || !bson_iter_recurse(&child, &field)) continue;
    while (bson_iter_next(&field)) {
      const std::string_view name = bson_iter_key(&field);
      if (name == "index") refusal.index = static_cast<std::size_t>(bson_iter_as_int64(&field));
      if (name == "code") refusal.code = static_cast<int>(bson_iter_as_int64(&field));
      if (name == "errmsg" && BSON_ITER_HOLDS_UTF8(&field)) {
        refusal.what = bson_iter_utf8(&field, nullptr);
      }
    }
    refusals.push_back(std::move(refusal));
  }
  return refusals;
}

// What a write concern error says, or nothing.
std::string write_concern_error_in(const bson_t& reply) {
  bson_iter_t errors;
  bson_iter_t one;
  bson_iter_t what;
  if (!bson_iter_init_find(&errors, &reply, "writeConcernErrors") ||
      !BSON_ITER_HOLDS_ARRAY(&errors) || !bson_iter_recurse(&errors, &one) ||
      !bson_iter_next(&one)) {
    return {};
  }
  std::string text = "not acknowledged at the write concern";
  if (BSON_ITER_HOLDS_DOCUMENT(&one) && bson_iter_recurse(&one, &what) &&
      bson_iter_find(&what, "errmsg") && BSON_ITER_HOLDS_UTF8(&what)) {
    text += std::string(": ") + bson_iter_utf8(&what, nullptr);
  }
  return text;
}

// Whether somebody has made our indexes already; false also where it can't be found out.
bool MongoArchive::has_indexes(const Client& client, const char* name) const {
  const Collection of = collection(client, name);
  const Cursor cursor(mongoc_collection_find_indexes_with_opts(of.get(), nullptr));
  const std::set<std::string> wanted =
      name == std::string_view(kMessages)     ? std::set<std::string>{"room_by_id", "room_by_time"}
      : name == std::string_view(kQuarantine) ? std::set<std::string>{"room_by_id"}
                                              : std::set<std::string>{"room"};
  std::size_t found = 0;
  const bson_t* index = nullptr;
  while (mongoc_cursor_next(cursor.get(), &index)) {
    bson_iter_t at;
    if (bson_iter_init_find(&at, index, "name") && BSON_ITER_HOLDS_UTF8(&at) &&
        wanted.contains(bson_iter_utf8(&at, nullptr))) {
      ++found;
    }
  }
  return found == wanted.size();
}

Archived<void> MongoArchive::prepare() {
  Client client(connections_.pool.get());
  constexpr std::pair<const char*, const char*> kIndexes[] = {
      {kMessages, R"([{"name":"room_by_id","key":{"room":1,"epoch":1,"msg_id":1}},
                      {"name":"room_by_time","key":{"room":1,"ts":1}}])"},
      {kQuarantine, R"([{"name":"room_by_id","key":{"room":1,"epoch":1,"msg_id":1}}])"},
      {kRooms, R"([{"name":"room","key":{"room":1,"epoch":1}}])"},
  };
  for (const auto& [name, indexes] : kIndexes) {
    // A small server of the protocol falls over where it is asked for an index that it has.
    if (has_indexes(client, name)) continue;
    const Bson command =
        from_json(std::string(R"({"createIndexes":")") + name + R"(","indexes":)" + indexes + '}');
    Reply reply;
    if (!mongoc_client_write_command_with_opts(client.get(), database_.c_str(), command.get(),
                                               nullptr, &reply.bson, &reply.error)) {
      return failure_of(reply.error);
    }
  }
  return success();
}

Archived<Inserted> MongoArchive::insert(const Client& client, const char* name,
                                        std::span<const std::string> documents) const {
  struct View {
    bson_t bson;
  };
  std::vector<View> views(documents.size());
  const auto pointers = std::make_unique<const bson_t*[]>(documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    bson_init_static(&views[i].bson, reinterpret_cast<const std::uint8_t*>(documents[i].data()),
                     documents[i].size());
    pointers[i] = &views[i].bson;
  }
  Bson options = write_options();
  bson_append_bool(options.get(), "ordered", -1, false);
  bson_append_bool(options.get(), "validate", -1, false);
  const Collection into = collection(client, name);
  Reply reply;
  const bool ok = mongoc_collection_insert_many(into.get(), pointers.get(), documents.size(),
                                                options.get(), &reply.bson, &reply.error);
  if (std::string what = write_concern_error_in(reply.bson); !what.empty()) {
    return ArchiveFailure{ArchiveError::unavailable, std::move(what)};
  }
  std::vector<Refusal> refusals = refusals_in(reply.bson);
  if (!ok && refusals.empty()) return failure_of(reply.error);
  for (const Refusal& refusal : refusals) {
    if (refusal.index >= documents.size()) {
      return ArchiveFailure{ArchiveError::unavailable, "it refused a document that was not sent"};
    }
    if (is_about_the_server(refusal.code)) {
      return ArchiveFailure{error_of(refusal.code),
                            refusal.what + " (code " + std::to_string(refusal.code) + ')'};
    }
  }
  const bool all_told = count_in(reply.bson, "insertedCount") + refusals.size() == documents.size();
  return Inserted{std::move(refusals), all_told};
}

Archived<ArchiveWrite> MongoArchive::write(std::string_view room, Epoch epoch,
                                           std::span<const ArchiveMessage> messages) {
  assert(messages.size() <= kArchiveBatchMax);
  ArchiveWrite result;
  if (messages.empty()) return result;
  Client client(connections_.pool.get());
  std::vector<std::string> documents;
  documents.reserve(messages.size());
  for (const ArchiveMessage& message : messages) {
    documents.push_back(message_document(room, epoch, message, Form::queryable));
    if (documents.back().size() > kDocumentBytesMax) {
      documents.back() = message_document(room, epoch, message, Form::text_only);
    }
  }
  auto inserted = insert(client, kMessages, documents);
  if (!inserted) return std::move(inserted).error();
  const std::vector<Refusal>& refusals = inserted.value().refusals;
  const bool all_told = inserted.value().all_told;
  // Where it told of a part of the batch only, all the others have to be looked for.
  std::vector<char> to_compare(messages.size(), all_told ? 0 : 1);
  for (const Refusal& refusal : refusals) {
    to_compare[refusal.index] = refusal.code == kDuplicateKey ? 1 : 0;
  }
  if (all_told) result.written = messages.size() - refusals.size();
  std::vector<const ArchiveMessage*> known;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (to_compare[i] != 0) known.push_back(&messages[i]);
  }
  std::vector<const ArchiveMessage*> missing;
  auto compared = compare(client, kMessages, room, epoch, known, result, missing);
  if (!compared) return std::move(compared).error();
  if (auto done = write_missing(client, room, epoch, missing, result); !done) {
    return std::move(done).error();
  }
  for (const Refusal& refusal : refusals) {
    if (refusal.code == kDuplicateKey) continue;
    auto done = write_otherwise(client, room, epoch, messages[refusal.index], refusal.what, result);
    if (!done) return std::move(done).error();
  }
  return result;
}

// What a server that told of a part only did not take.
Archived<void> MongoArchive::write_missing(const Client& client, std::string_view room, Epoch epoch,
                                           std::span<const ArchiveMessage* const> messages,
                                           ArchiveWrite& result) const {
  if (messages.empty()) return success();
  std::vector<std::string> documents;
  for (const ArchiveMessage* message : messages) {
    documents.push_back(message_document(room, epoch, *message, Form::queryable));
  }
  auto inserted = insert(client, kMessages, documents);
  if (!inserted) return std::move(inserted).error();
  if (!inserted.value().all_told || !inserted.value().refusals.empty()) {
    return ArchiveFailure{ArchiveError::unavailable, "it took a part of the batch only"};
  }
  result.written += messages.size();
  return success();
}

// A document that is refused for what it is: without the sub-document, which may be the reason;
// then in quarantine, where the server's rules for the collection don't hold.
Archived<void> MongoArchive::write_otherwise(const Client& client, std::string_view room,
                                             Epoch epoch, const ArchiveMessage& message,
                                             const std::string& why, ArchiveWrite& result) const {
  std::string reason = why;
  const ArchiveMessage* const one = &message;
  for (const Form form : {Form::text_only, Form::quarantined}) {
    const char* const into = form == Form::text_only ? kMessages : kQuarantine;
    const std::string document = message_document(room, epoch, message, form, reason);
    auto inserted = insert(client, into, {&document, 1});
    if (!inserted) return std::move(inserted).error();
    const std::vector<Refusal>& refusals = inserted.value().refusals;
    if (form == Form::quarantined && (refusals.empty() || refusals[0].code == kDuplicateKey)) {
      ++result.quarantined;
    }
    if (refusals.empty()) {
      ++result.written;
      return success();
    }
    if (refusals[0].code == kDuplicateKey) {
      std::vector<const ArchiveMessage*> missing;
      auto compared = compare(client, into, room, epoch, {&one, 1}, result, missing);
      if (!compared || missing.empty()) return compared;
      return ArchiveFailure{ArchiveError::unavailable,
                            "it refused a message as a duplicate and does not have it"};
    }
    reason = refusals[0].what;
  }
  return ArchiveFailure{ArchiveError::refused,
                        "message " + std::to_string(message.id.value) + ": " + reason};
}

Archived<void> MongoArchive::compare(const Client& client, const char* name, std::string_view room,
                                     Epoch epoch, std::span<const ArchiveMessage* const> messages,
                                     ArchiveWrite& result,
                                     std::vector<const ArchiveMessage*>& missing) const {
  if (messages.empty()) return success();
  Bson keys(bson_new());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    append(keys.get(), std::to_string(i).c_str(), message_key(room, epoch, messages[i]->id));
  }
  Bson among(bson_new());
  bson_append_array(among.get(), "$in", -1, keys.get());
  Bson filter(bson_new());
  append(filter.get(), "_id", among.get());
  std::vector<char> found(messages.size(), 0);
  MessageDocument document;
  auto queried = query(client, name, filter.get(), nullptr, [&](const bson_t* bson) {
    read_message(bytes_of(bson), document);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const ArchiveMessage* const message = messages[i];
      if (document.id != message->id || document.key != message_key(room, epoch, message->id)) {
        continue;
      }
      found[i] = 1;
      if (!document.damaged && document.raw == raw_text(*message) &&
          document.entry.ref == message->entry.ref) {
        ++result.present;
      } else {
        result.differing.push_back(message->id);
      }
      break;
    }
    return true;
  });
  if (!queried) return std::move(queried).error();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (found[i] == 0) missing.push_back(messages[i]);
  }
  std::sort(result.differing.begin(), result.differing.end());
  return success();
}

template <class Visit>
Archived<void> MongoArchive::query(const Client& client, const char* name, const bson_t* filter,
                                   const bson_t* options, Visit visit) const {
  const Collection from = collection(client, name);
  const Cursor cursor(mongoc_collection_find_with_opts(from.get(), filter, options, nullptr));
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) {
    if (!visit(document)) return success();
  }
  bson_error_t error;
  if (mongoc_cursor_error(cursor.get(), &error)) return failure_of(error);
  return success();
}

Archived<std::vector<MessageDocument>> MongoArchive::documents(
    const Client& client, const char* name, std::string_view room, Epoch epoch, MessageId after,
    std::size_t count_max, std::size_t bytes_max) const {
  Bson options = from_json(
      R"({"sort":{"msg_id":1},"projection":{"msg_id":1,"client_id":1,"ts":1,"ref":1,"raw":1}})");
  append(options.get(), "limit", count_max);
  append(options.get(), "batchSize", count_max);
  const Bson filter = messages_behind(room, epoch, after);
  std::vector<MessageDocument> found;
  std::size_t bytes = 0;
  auto queried = query(client, name, filter.get(), options.get(), [&](const bson_t* bson) {
    read_message(bytes_of(bson), found.emplace_back());
    bytes += found.back().raw.size();
    return bytes < bytes_max;
  });
  if (!queried) return std::move(queried).error();
  return found;
}

Archived<ArchivePage> MongoArchive::read(std::string_view room, Epoch epoch, MessageId after,
                                         std::size_t bytes_max) {
  Client client(connections_.pool.get());
  const std::size_t count_max = page_messages(bytes_max);
  auto found = documents(client, kMessages, room, epoch, after, count_max, bytes_max);
  if (!found) return std::move(found).error();
  std::vector<MessageDocument> page = std::move(found).value();
  if (has_jump(page, after)) {
    // What is missing may lie in quarantine.
    auto more = documents(client, kQuarantine, room, epoch, after, count_max, bytes_max);
    if (!more) return std::move(more).error();
    merge(page, std::move(more).value());
  }
  return page_of(page, bytes_max);
}

Archived<void> MongoArchive::scan(std::string_view room, Epoch epoch, MessageId after,
                                  const std::function<bool(const ArchivedMessage&)>& visit) {
  Client client(connections_.pool.get());
  const Bson filter = messages_behind(room, epoch, after);
  const Bson options = from_json(R"({"sort":{"msg_id":1},"batchSize":)" +
                                 std::to_string(kScanBatch) + R"(,"projection":{"message":0}})");
  std::vector<MessageDocument> quarantined;
  auto queried = query(client, kQuarantine, filter.get(), options.get(), [&](const bson_t* bson) {
    read_message(bytes_of(bson), quarantined.emplace_back());
    quarantined.back().quarantined = true;
    return true;
  });
  if (!queried) return queried;
  auto next = quarantined.begin();
  bool goes_on = true;
  const auto visit_quarantined = [&](std::uint64_t before) {
    while (goes_on && next != quarantined.end() && next->id.value < before) {
      goes_on = visit((next++)->message());
    }
  };
  MessageDocument document;
  queried = query(client, kMessages, filter.get(), options.get(), [&](const bson_t* bson) {
    read_message(bytes_of(bson), document);
    visit_quarantined(document.id.value);
    goes_on = goes_on && visit(document.message());
    return goes_on;
  });
  if (queried) visit_quarantined(~std::uint64_t{0});
  return queried;
}

Archived<std::vector<ArchivedRoom>> MongoArchive::find_rooms(const bson_t* filter) {
  Client client(connections_.pool.get());
  const Bson options = from_json(R"({"sort":{"_id":1}})");
  std::vector<ArchivedRoom> rooms;
  bool damaged = false;
  auto queried = query(client, kRooms, filter, options.get(), [&](const bson_t* bson) {
    auto room = read_room(bytes_of(bson));
    damaged = damaged || !room;
    if (room) rooms.push_back(std::move(*room));
    return !damaged;
  });
  if (!queried) return std::move(queried).error();
  if (damaged) {
    return ArchiveFailure{ArchiveError::damaged, "a document of the collection rooms is no room"};
  }
  return rooms;
}

Archived<std::optional<ArchivedRoom>> MongoArchive::find(std::string_view room, Epoch epoch) {
  Bson filter(bson_new());
  append(filter.get(), "_id", room_key(room, epoch));
  auto rooms = find_rooms(filter.get());
  if (!rooms) return std::move(rooms).error();
  if (rooms.value().empty()) return std::optional<ArchivedRoom>();
  return std::optional<ArchivedRoom>(std::move(rooms.value().front()));
}

Archived<std::vector<ArchivedRoom>> MongoArchive::epochs(std::string_view room) {
  Bson filter(bson_new());
  append(filter.get(), "room", room);
  return find_rooms(filter.get());
}

Archived<void> MongoArchive::rooms(const std::function<bool(const ArchivedRoom&)>& visit) {
  // All of them before the first is shown: a visitor may take its time, and ask for messages.
  const Bson all(bson_new());
  auto found = find_rooms(all.get());
  if (!found) return std::move(found).error();
  for (const ArchivedRoom& room : found.value()) {
    if (!visit(room)) break;
  }
  return success();
}

Archived<bool> MongoArchive::mark(const ArchivedRoom& room, MessageId expected_last) {
  Client client(connections_.pool.get());
  const std::string document = room_document(room);
  if (!expected_last) {
    auto refusals = insert(client, kRooms, {&document, 1});
    if (!refusals) return std::move(refusals).error();
    if (refusals.value().refusals.empty()) return true;
    if (refusals.value().refusals[0].code == kDuplicateKey) return false;
    return ArchiveFailure{ArchiveError::refused, refusals.value().refusals[0].what};
  }
  Bson filter(bson_new());
  append(filter.get(), "_id", room_key(room.room, room.epoch));
  append(filter.get(), "last", expected_last.value);
  bson_t bson;
  bson_init_static(&bson, reinterpret_cast<const std::uint8_t*>(document.data()), document.size());
  const Collection rooms = collection(client, kRooms);
  const Bson options = write_options();
  Reply reply;
  if (!mongoc_collection_replace_one(rooms.get(), filter.get(), &bson, options.get(), &reply.bson,
                                     &reply.error)) {
    return failure_of(reply.error);
  }
  return count_in(reply.bson, "matchedCount") != 0;
}

Archived<bool> MongoArchive::lease(std::string_view room, std::string_view owner,
                                   std::chrono::milliseconds ttl) {
  Client client(connections_.pool.get());
  const std::int64_t now_ms = SystemClock().wall_ms();
  Bson ours(bson_new());
  append(ours.get(), "owner", owner);
  Bson past(bson_new());
  bson_append_date_time(past.get(), "$lt", -1, now_ms);
  Bson over(bson_new());
  append(over.get(), "until", past.get());
  Bson either(bson_new());
  append(either.get(), "0", ours.get());
  append(either.get(), "1", over.get());
  Bson filter(bson_new());
  append(filter.get(), "_id", room);
  bson_append_array(filter.get(), "$or", -1, either.get());
  Bson lease(bson_new());
  append(lease.get(), "owner", owner);
  bson_append_date_time(lease.get(), "until", -1, now_ms + ttl.count());
  Bson update(bson_new());
  append(update.get(), "$set", lease.get());
  const Collection leases = collection(client, kLeases);
  const Bson options = write_options();
  Reply reply;
  if (!mongoc_collection_update_one(leases.get(), filter.get(), update.get(), options.get(),
                                    &reply.bson, &reply.error)) {
    return failure_of(reply.error);
  }
  if (count_in(reply.bson, "matchedCount") != 0) return true;
  Bson document(bson_new());
  append(document.get(), "_id", room);
  bson_concat(document.get(), lease.get());
  const std::string bytes(bytes_of(document.get()));
  auto refusals = insert(client, kLeases, {&bytes, 1});
  if (!refusals) return std::move(refusals).error();
  return refusals.value().refusals.empty();
}

Archived<void> MongoArchive::release(std::string_view room, std::string_view owner) {
  Client client(connections_.pool.get());
  Bson filter(bson_new());
  append(filter.get(), "_id", room);
  append(filter.get(), "owner", owner);
  const Collection leases = collection(client, kLeases);
  const Bson options = write_options();
  Reply reply;
  if (!mongoc_collection_delete_one(leases.get(), filter.get(), options.get(), &reply.bson,
                                    &reply.error)) {
    return failure_of(reply.error);
  }
  return success();
}

}  // namespace

std::unique_ptr<Archive> open_mongo_archive(const MongoOptions& options, std::string& error) {
  start_library();
  Connections connections;
  if (!make_connections(options, connections, error)) return nullptr;
  return std::make_unique<MongoArchive>(options.database, std::move(connections));
}

}  // namespace gavel::store
