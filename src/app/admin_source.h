// What operators see and do, over the server: asks the shards on their own threads and waits for
// their answers. Called from the admin server's threads; the server outlives it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/source.h"
#include "app/server.h"

namespace gavel::app {

class AdminSource final : public admin::Source {
 public:
  AdminSource(Server& server, const store::Store& store, admin::ServerFacts facts);

  const admin::ServerFacts& describe() const override { return facts_; }
  bool ready(std::string& reason) override;
  bool draining() override { return server_.draining(); }
  admin::StoreState store() override;
  admin::TotalsSnapshot totals() override;
  std::vector<admin::RoomSnapshot> rooms() override;

  admin::Status room(std::string_view name, admin::RoomView& view) override;
  admin::Status history(std::string_view name, const admin::HistoryQuery& query,
                        admin::HistoryPage& page) override;
  admin::Status publish(std::string_view name, std::string_view json, bool create,
                        admin::Published& published, admin::PublishLate late) override;
  admin::Status kick(std::string_view name, const admin::Kick& kick,
                     admin::Kicked& kicked) override;
  admin::Status close_room(std::string_view name, std::string_view reason, bool lock,
                           std::uint64_t& members) override;
  admin::Status set_room(std::string_view name, const admin::RoomChange& change,
                         admin::RoomSettings& settings) override;
  void drain() override;

 private:
  Server& server_;
  const store::Store& store_;
  const admin::ServerFacts facts_;
};

}  // namespace gavel::app
