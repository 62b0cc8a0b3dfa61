// What may change while the server runs: SIGHUP reads the configuration again and hands round what
// can be changed (log levels, limits, certificates, token keys), and says what needs a restart. A
// configuration that is wrong changes nothing. Main thread; the certificate in use is read by the
// shards.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config/load.h"
#include "app/server.h"
#include "net/tls_context.h"
#include "session/player.h"
#include "store/store.h"

namespace gavel::app {

bool start_log(const Config& config, std::string& error);

class Reloader {
 public:
  // The store outlives it.
  Reloader(const Loaded& loaded, std::function<Loaded()> load_again, const store::Store& store);

  // The certificate and the token keys of the first configuration. False with a message.
  bool start(std::string& error);
  const session::Admission& admission() const { return *admissions_.back(); }
  // TCP, or TLS with the certificate of the time at which a connection comes. Must not outlive
  // this.
  std::function<std::unique_ptr<net::Socket>(int)> socket_maker();

  void reload(Server& server);

 private:
  bool load_tls(const Config& config, std::string& error);

  Config config_;
  std::function<Loaded()> load_again_;
  const store::Store& store_;
  std::shared_ptr<const net::TlsContext> tls_;  // by std::atomic_load/store
  // Sessions may still use an older one: they stay until the end, a few kilobytes a reload.
  std::vector<std::unique_ptr<session::Admission>> admissions_;
};

}  // namespace gavel::app
