// libmongoc's objects with an owner, and its errors in our words. Included by this folder's sources
// only. Any thread, but each object is for one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/archive.h"

typedef struct _bson_t bson_t;
typedef struct _bson_error_t bson_error_t;
typedef struct _mongoc_client_t mongoc_client_t;
typedef struct _mongoc_client_pool_t mongoc_client_pool_t;
typedef struct _mongoc_collection_t mongoc_collection_t;
typedef struct _mongoc_cursor_t mongoc_cursor_t;

namespace gavel::store::mongo {

// A document. Not a unique_ptr, which would drop the type's alignment.
class Bson {
 public:
  explicit Bson(bson_t* bson = nullptr) : bson_(bson) {}
  Bson(Bson&& other) noexcept : bson_(std::exchange(other.bson_, nullptr)) {}
  Bson& operator=(Bson&& other) noexcept {
    std::swap(bson_, other.bson_);
    return *this;
  }
  ~Bson();
  bson_t* get() const { return bson_; }

 private:
  bson_t* bson_;
};

struct Free {
  void operator()(mongoc_collection_t* collection) const;
  void operator()(mongoc_cursor_t* cursor) const;
  void operator()(mongoc_client_pool_t* pool) const;
};
using Collection = std::unique_ptr<mongoc_collection_t, Free>;
using Cursor = std::unique_ptr<mongoc_cursor_t, Free>;
using Pool = std::unique_ptr<mongoc_client_pool_t, Free>;

// A connection of the pool for one call; waits for one.
class Client {
 public:
  explicit Client(mongoc_client_pool_t* pool);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  mongoc_client_t* get() const { return client_; }

 private:
  mongoc_client_pool_t* pool_;
  mongoc_client_t* client_;
};

// A document from relaxed JSON of ours: '{"msg_id":1}'. A mistake in it ends the process.
Bson from_json(std::string_view json);

void append(bson_t* into, const char* name, std::string_view text);
void append(bson_t* into, const char* name, std::uint64_t number);
void append(bson_t* into, const char* name, const bson_t* document);

// What went wrong with a command as a whole.
ArchiveFailure failure_of(const bson_error_t& error);
// Whether a server's error code, given for one document of many, is about the server's state and
// not about that document.
bool is_about_the_server(int code);
ArchiveError error_of(int server_code);

inline constexpr int kDuplicateKey = 11000;

// Once a process, before anything else of the library; its log lines become ours.
void start_library();

}  // namespace gavel::store::mongo
