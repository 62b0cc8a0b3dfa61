#include "app/reload.h"

#include <utility>

#include "app/config/table.h"
#include "app/player_admission.h"
#include "app/server_options.h"
#include "base/log.h"
#include "net/tcp_socket.h"
#include "net/tls_socket.h"

namespace gavel::app {

bool start_log(const Config& config, std::string& error) {
  const auto levels = log::parse_levels(config.log_level);
  if (!levels) {
    error = levels.error();
    return false;
  }
  log::Options options;
  options.levels = levels.value();
  options.format = config.log_format == "json" ? log::Format::json : log::Format::text;
  log::start(options);
  return true;
}

Reloader::Reloader(const Loaded& loaded, std::function<Loaded()> load_again,
                   const store::Store& store)
    : config_(loaded.config), load_again_(std::move(load_again)), store_(store) {}

bool Reloader::start(std::string& error) {
  if (!load_tls(config_, error)) return false;
  auto admission = make_admission(config_, store_, error);
  if (!admission) return false;
  admissions_.push_back(std::move(admission));
  return true;
}

bool Reloader::load_tls(const Config& config, std::string& error) {
  if (config.tls_cert.empty()) return true;
  auto context = net::TlsContext::load_server(config.tls_cert, config.tls_key, error);
  if (!context) return false;
  std::atomic_store(&tls_, std::move(context));
  return true;
}

std::function<std::unique_ptr<net::Socket>(int)> Reloader::socket_maker() {
  if (config_.tls_cert.empty()) {
    return [](int fd) { return std::make_unique<net::TcpSocket>(fd); };
  }
  return [this](int fd) { return std::make_unique<net::TlsSocket>(fd, std::atomic_load(&tls_)); };
}

void Reloader::reload(Server& server) {
  const Loaded loaded = load_again_();
  for (const std::string& warning : loaded.warnings) {
    GAVEL_LOG(app, warning, "reload", {"detail", warning});
  }
  for (const std::string& error : loaded.errors) {
    GAVEL_LOG(app, error, "reload refused: the configuration is wrong, nothing was changed",
              {"detail", error});
  }
  if (!loaded.ok()) return;
  std::string error;
  std::unique_ptr<session::Admission> admission = make_admission(loaded.config, store_, error);
  if (!admission || !load_tls(loaded.config, error)) {
    GAVEL_LOG(app, error, "reload refused, nothing was changed", {"detail", error});
    return;
  }
  admissions_.push_back(std::move(admission));
  if (const auto levels = log::parse_levels(loaded.config.log_level))
    log::set_levels(levels.value());
  for (const Option* option : differences(config_, loaded.config)) {
    if (option->reload) {
      GAVEL_LOG(app, info, "reload: changed", {"option", option->name});
    } else {
      GAVEL_LOG(app, warning, "reload: needs a restart", {"option", option->name});
    }
  }
  server.reconfigure(server_options(loaded.config), *admissions_.back());
  config_ = loaded.config;
  GAVEL_LOG(app, info, "reloaded");
}

}  // namespace gavel::app
