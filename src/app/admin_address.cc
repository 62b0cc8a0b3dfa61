#include "app/admin_address.h"

#include <utility>

#include "admin/http_server.h"
#include "app/admin_source.h"
#include "base/config_file.h"

namespace gavel::app {
namespace {

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

AdminAddress::AdminAddress(const Config& config, Server& server, const store::Store& store)
    : config_(config), server_(server), store_(store) {}

AdminAddress::~AdminAddress() = default;

bool AdminAddress::start(std::string& error) {
  if (config_.admin.empty()) return true;
  admin::HttpOptions options;
  // The configuration was checked: it is HOST:PORT.
  const std::size_t colon = config_.admin.rfind(':');
  options.host = config_.admin.substr(0, colon);
  if (options.host.starts_with('[')) options.host = options.host.substr(1, options.host.size() - 2);
  options.port = static_cast<std::uint16_t>(std::stoul(config_.admin.substr(colon + 1)));
  if (!config_.admin_key_file.empty()) {
    auto key = read_secret_line(config_.admin_key_file, error);
    if (!key) return false;
    options.key = std::move(*key);
  }
  admin::ServerFacts facts{.version = GAVEL_VERSION,
                           .store = store_.describe(),
                           .threads = server_.threads(),
                           .listen = {}};
  for (const Endpoint& endpoint : server_.listening()) {
    facts.listen.push_back(bracketed(endpoint.host) + ":" + std::to_string(endpoint.port));
  }
  source_ = std::make_unique<AdminSource>(server_, store_, std::move(facts));
  http_ = std::make_unique<admin::HttpServer>(std::move(options), *source_);
  if (http_->start(error)) return true;
  http_.reset();
  return false;
}

std::string AdminAddress::url() const { return http_ ? http_->url() : std::string(); }

void AdminAddress::stop() {
  if (http_) http_->stop();
}

}  // namespace gavel::app
