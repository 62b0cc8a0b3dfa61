#include "store/mongo/handles.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace gavel::store::mongo {
namespace {

bool is_among(int code, std::initializer_list<int> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// Not allowed: Unauthorized, AuthenticationFailed, MechanismUnavailable.
constexpr std::initializer_list<int> kDenied = {13, 18, 334};

// What comes back the same however often it is asked: BadValue, FailedToParse, CommandNotFound,
// InvalidOptions, InvalidNamespace, UnknownReplWriteConcern, IndexOptionsConflict,
// IndexKeySpecsConflict.
constexpr std::initializer_list<int> kForGood = {2, 9, 59, 72, 73, 79, 85, 86};

// Host unreachable or not found, network time-out, shutting down, not primary, interrupted, a write
// concern that was not met, no disk left, a time limit.
constexpr std::initializer_list<int> kServerState = {
    6,     7,     43,    50,    64,    89,    91,    100,   189,   262,  9001,
    10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031, 17507};

void write_log(mongoc_log_level_t level, const char* domain, const char* message, void*) {
  if (level <= MONGOC_LOG_LEVEL_WARNING) {
    GAVEL_LOG(archive, debug, "libmongoc", {"domain", domain}, {"says", message});
  }
}

}  // namespace

Bson::~Bson() {
  if (bson_ != nullptr) bson_destroy(bson_);
}
void Free::operator()(mongoc_collection_t* collection) const {
  mongoc_collection_destroy(collection);
}
void Free::operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
void Free::operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }

Client::Client(mongoc_client_pool_t* pool) : pool_(pool), client_(mongoc_client_pool_pop(pool)) {}
Client::~Client() {
  if (client_ != nullptr) mongoc_client_pool_push(pool_, client_);
}

Bson from_json(std::string_view json) {
  bson_error_t error;
  bson_t* const bson = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()),
                                          static_cast<ssize_t>(json.size()), &error);
  if (bson == nullptr) {
    std::fprintf(stderr, "gavel: a document of our own is no JSON: %s\n", error.message);
    std::abort();
  }
  return Bson(bson);
}

void append(bson_t* into, const char* name, std::string_view text) {
  bson_append_utf8(into, name, -1, text.data(), static_cast<int>(text.size()));
}
void append(bson_t* into, const char* name, std::uint64_t number) {
  bson_append_int64(into, name, -1, static_cast<std::int64_t>(number));
}
void append(bson_t* into, const char* name, const bson_t* document) {
  bson_append_document(into, name, -1, document);
}

ArchiveError error_of(int server_code) {
  if (is_among(server_code, kDenied)) return ArchiveError::denied;
  if (is_among(server_code, kForGood)) return ArchiveError::refused;
  return ArchiveError::unavailable;
}

bool is_about_the_server(int code) {
  return is_among(code, kServerState) || is_among(code, kDenied);
}

ArchiveFailure failure_of(const bson_error_t& error) {
  ArchiveFailure failure;
  failure.what = error.message;
  if (error.domain == MONGOC_ERROR_SERVER) {
    failure.error = error_of(static_cast<int>(error.code));
    failure.what += " (code " + std::to_string(error.code) + ')';
  } else if (error.domain == MONGOC_ERROR_CLIENT &&
             error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) {
    failure.error = ArchiveError::denied;
  } else if (error.domain == MONGOC_ERROR_BSON) {
    failure.error = ArchiveError::refused;
  }
  return failure;
}

void start_library() {
  [[maybe_unused]] static const bool started = [] {
    mongoc_init();
    mongoc_log_set_handler(write_log, nullptr);
    return true;
  }();
}

}  // namespace gavel::store::mongo
