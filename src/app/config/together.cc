// What can only be judged when all values are known.
#include <string>

#include "app/config/load.h"

namespace gavel::app {
namespace {

class Together {
 public:
  explicit Together(Loaded& loaded) : loaded_(loaded), config_(loaded.config) {}

  void check() {
    check_tls();
    check_token();
    check_admin();
    check_memory();
    check_redis();
    check_archive();
    if (config_.listen.empty()) tell("listen", "no address for players: write e.g. 127.0.0.1:8765");
  }

 private:
  void check_tls() {
    if (config_.tls_cert.empty() == config_.tls_key.empty()) return;
    if (config_.tls_cert.empty()) tell("tls-key", "a key without its certificate: set tls-cert");
    if (config_.tls_key.empty()) tell("tls-cert", "a certificate without its key: set tls-key");
  }

  void check_token() {
    const bool has_key = !config_.token_key_file.empty();
    const bool has_set = !config_.token_jwks_file.empty();
    if (config_.token_alg.empty()) {
      if (config_.token_required) tell("token-required", "no token can be checked: set token-alg");
      if (has_key) tell("token-key-file", "a key without its use: set token-alg");
      if (has_set) tell("token-jwks-file", "keys without their use: set token-alg");
      return;
    }
    if (has_key && has_set) {
      tell("token-jwks-file", "token-key-file is set as well: keep one of the two");
    }
    if (!has_key && !has_set) {
      tell("token-alg", "no key to check tokens with: set token-key-file or token-jwks-file");
    }
  }

  void check_admin() {
    const std::string& admin = config_.admin;
    const bool loopback = admin.empty() || admin.starts_with("127.") ||
                          admin.starts_with("[::1]:") || admin.starts_with("localhost:");
    if (!loopback && config_.admin_key_file.empty()) {
      tell("admin", '"' + admin +
                        "\" can be reached from other machines, and no key is asked for: set "
                        "admin-key-file, or listen on 127.0.0.1");
    }
  }

  void check_memory() {
    if (config_.backlog_bytes < config_.message_bytes_max) {
      tell("backlog-bytes", "smaller than message-bytes-max: the longest message doesn't fit");
    }
    if (config_.room_unkept_bytes_max < config_.message_bytes_max) {
      tell("room-unkept-bytes-max",
           "smaller than message-bytes-max: the longest message doesn't fit");
    }
  }

  void check_redis() {
    if (config_.redis_sentinel.empty() != config_.redis_sentinel_master.empty()) {
      tell(config_.redis_sentinel.empty() ? "redis-sentinel-master" : "redis-sentinel",
           "redis-sentinel and redis-sentinel-master belong together: set both");
    }
    if (config_.redis_wait_replicas > 0 && !uses_redis()) {
      tell("redis-wait-replicas", "the store is not Redis");
    }
  }

  void check_archive() {
    if (!config_.archive_uri.empty() && config_.store == "memory") {
      tell("archive-uri", "the memory store can't be archived: choose another store");
    }
  }

  bool uses_redis() const {
    return !config_.store.starts_with("rocks:") && config_.store != "memory";
  }

  // The line names the place where the option was set; where it was not, the option.
  void tell(std::string_view name, const std::string& what) {
    const auto table = options();
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table[i].name != name) continue;
      const Origin& origin = loaded_.origins[i];
      std::string line = origin.kind == Origin::Kind::built_in ? std::string(name) : origin.where;
      if (origin.kind == Origin::Kind::file) {
        line += ": " + std::string(table[i].section) + '.' + std::string(table[i].key);
      }
      loaded_.errors.push_back(line + ": " + what);
      return;
    }
  }

  Loaded& loaded_;
  const Config& config_;
};

}  // namespace

void check_together(Loaded& loaded) { Together(loaded).check(); }

}  // namespace gavel::app
