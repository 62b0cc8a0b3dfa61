#include "app/stores.h"

#include <chrono>

#include "base/config_file.h"
#include "store/memory/memory_store.h"
#include "store/mongo/mongo_archive.h"
#include "store/read_through/read_through_store.h"
#include "store/redis/redis_store.h"
#include "store/rocks/rocks_store.h"

namespace gavel::app {
namespace {

store::Retention retention_of(const Config& config) {
  store::Retention retention;
  retention.messages = static_cast<std::uint64_t>(config.retain_messages);
  retention.bytes = static_cast<std::uint64_t>(config.retain_bytes);
  retention.age_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(config.retain_age).count();
  return retention;
}

std::unique_ptr<store::Store> open_memory(const Config& config) {
  store::MemoryOptions options;
  const store::Retention wanted = retention_of(config);
  // Memory has an end: where nothing was said, its own bound stays.
  if (wanted.messages != 0 || wanted.bytes != 0 || wanted.age_ms != 0) {
    options.retention = wanted;
    if (wanted.bytes == 0) options.retention.bytes = store::MemoryOptions{}.retention.bytes;
  }
  return std::make_unique<store::MemoryStore>(options);
}

std::unique_ptr<store::Store> open_rocks(const Config& config, std::string_view directory,
                                         std::string& error) {
  store::RocksOptions options;
  options.directory = directory;
  options.synced = config.durability == "synced";
  options.retention = retention_of(config);
  return store::open_rocks(options, error);
}

std::unique_ptr<store::Store> open_redis(const Config& config, std::string& error) {
  store::RedisOptions options;
  options.url = config.store;
  options.username = config.redis_username;
  if (!config.redis_password_file.empty()) {
    const auto password = read_secret_line(config.redis_password_file, error);
    if (!password) return nullptr;
    options.password = *password;
  }
  options.sentinels = config.redis_sentinel;
  options.sentinel_master = config.redis_sentinel_master;
  options.tls_ca_file = config.redis_tls_ca;
  options.wait_replicas = static_cast<unsigned>(config.redis_wait_replicas);
  options.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config.redis_timeout);
  options.retention = retention_of(config);
  return store::open_redis_store(options, error);
}

std::unique_ptr<store::Store> open_hot(const Config& config, std::string& error) {
  if (config.store == "memory") return open_memory(config);
  constexpr std::string_view kRocks = "rocks:";
  if (config.store.starts_with(kRocks)) {
    return open_rocks(config, std::string_view(config.store).substr(kRocks.size()), error);
  }
  if (config.store.starts_with("redis") || config.store.starts_with("unix:")) {
    return open_redis(config, error);
  }
  error = "this build has no store for --store " + config.store;
  return nullptr;
}

}  // namespace

std::unique_ptr<store::Store> open_store(const Config& config, std::string& error) {
  std::unique_ptr<store::Store> hot = open_hot(config, error);
  if (!hot || config.archive_uri.empty()) return hot;
  store::MongoOptions options;
  options.uri = config.archive_uri;
  options.database = config.archive_database;
  options.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config.archive_timeout);
  std::unique_ptr<store::Archive> archive = store::open_mongo_archive(options, error);
  if (!archive) {
    error = "archive-uri: " + error;
    return nullptr;
  }
  return std::make_unique<store::ReadThroughStore>(std::move(hot), std::move(archive));
}

}  // namespace gavel::app
