// The admin address of a server: the HTTP server and what it asks, as the configuration wants them.
// Main's thread.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "app/server.h"

namespace gavel::admin {
class HttpServer;
}

namespace gavel::app {

class AdminSource;

class AdminAddress {
 public:
  AdminAddress(const Config& config, Server& server, const store::Store& store);
  AdminAddress(const AdminAddress&) = delete;
  AdminAddress& operator=(const AdminAddress&) = delete;
  ~AdminAddress();

  // Nothing where the configuration wants none. False with a sentence where it can't be had.
  bool start(std::string& error);
  // "http://127.0.0.1:8766"; empty where there is none.
  std::string url() const;
  // Before the server stops: requests under way need its shards.
  void stop();

 private:
  const Config& config_;
  Server& server_;
  const store::Store& store_;
  std::unique_ptr<AdminSource> source_;
  std::unique_ptr<admin::HttpServer> http_;
};

}  // namespace gavel::app
