#include "store/mongo/connecting.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <charconv>

namespace gavel::store::mongo {
namespace {

struct FreeUri {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using Uri = std::unique_ptr<mongoc_uri_t, FreeUri>;

std::string describe(const mongoc_uri_t* uri, const std::string& database) {
  std::string text = "mongodb://";
  if (const char* user = mongoc_uri_get_username(uri); user != nullptr) {
    text += user;
    text += mongoc_uri_get_password(uri) != nullptr ? ":***@" : "@";
  }
  bool first = true;
  for (auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
    text += (first ? "" : ",") + std::string(host->host_and_port);
    first = false;
  }
  if (first && mongoc_uri_get_srv_hostname(uri) != nullptr)
    text += mongoc_uri_get_srv_hostname(uri);
  return text + '/' + database;
}

void set_default(mongoc_uri_t* uri, const char* option, std::int32_t value) {
  if (!mongoc_uri_has_option(uri, option)) mongoc_uri_set_option_as_int32(uri, option, value);
}

bool make_write_options(const MongoOptions& options, Bson& into, std::string& error) {
  const std::string& given = options.write_concern;
  unsigned count = 0;
  const auto [end, fault] = std::from_chars(given.data(), given.data() + given.size(), count);
  const bool is_number = fault == std::errc() && end == given.data() + given.size();
  if (given.empty() || (is_number && (count == 0 || count > 50))) {
    error =
        "the write concern is majority, a mode's name or a number from 1 to 50, since 0 "
        "acknowledges nothing";
    return false;
  }
  Bson concern(bson_new());
  if (is_number) {
    bson_append_int32(concern.get(), "w", -1, static_cast<std::int32_t>(count));
  } else {
    append(concern.get(), "w", given);
  }
  if (!is_number || count > 1) bson_append_bool(concern.get(), "j", -1, true);
  bson_append_int32(concern.get(), "wtimeout", -1,
                    static_cast<std::int32_t>(options.timeout.count()));
  append(into.get(), "writeConcern", concern.get());
  return true;
}

}  // namespace

bool make_connections(const MongoOptions& options, Connections& into, std::string& error) {
  bson_error_t fault;
  const Uri uri(mongoc_uri_new_with_error(options.uri.c_str(), &fault));
  if (!uri) {
    error = "the URI of the archive is wrong";
    if (options.uri.find('@') == options.uri.npos) error += std::string(": ") + fault.message;
    error +=
        ": write mongodb://[USER:PASSWORD@]HOST[:PORT][,…]/[?OPTIONS], with %40 for an @ in "
        "user or password";
    return false;
  }
  if (options.database.empty() || options.database.size() > 63 ||
      options.database.find_first_of("/\\. \"$*<>:|?") != std::string::npos) {
    error = "the name of the archive's database has 1 to 63 bytes and none of /\\. \"$*<>:|?";
    return false;
  }
  const auto timeout_ms = static_cast<std::int32_t>(
      std::clamp<std::chrono::milliseconds::rep>(options.timeout.count(), 100, 3'600'000));
  set_default(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, timeout_ms);
  set_default(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, timeout_ms);
  // An answer may wait for the write concern, which has the same limit.
  set_default(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 2 * timeout_ms);
  set_default(uri.get(), MONGOC_URI_MAXPOOLSIZE,
              static_cast<std::int32_t>(options.connections_max));
  // We write again ourselves, and the smaller servers know no such writes.
  if (!mongoc_uri_has_option(uri.get(), MONGOC_URI_RETRYWRITES)) {
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES, false);
  }
  if (mongoc_uri_get_appname(uri.get()) == nullptr) mongoc_uri_set_appname(uri.get(), "gavel");
  into.write_options = Bson(bson_new());
  if (!mongoc_uri_has_option(uri.get(), MONGOC_URI_W) &&
      !make_write_options(options, into.write_options, error)) {
    return false;
  }
  into.pool.reset(mongoc_client_pool_new_with_error(uri.get(), &fault));
  if (!into.pool) {
    error = std::string("the archive can't be used: ") + fault.message;
    return false;
  }
  mongoc_client_pool_set_error_api(into.pool.get(), MONGOC_ERROR_API_VERSION_2);
  into.description = describe(uri.get(), options.database);
  return true;
}

}  // namespace gavel::store::mongo
