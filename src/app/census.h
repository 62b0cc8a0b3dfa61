// Counts what is going on, shard by shard, on their threads: the snapshots that operators see. Any thread but a shard's.
#pragma once

#include <string_view>
#include <vector>

#include "admin/snapshot.h"
#include "app/server.h"

namespace gavel::app {

admin::TotalsSnapshot count_totals(Server& server);
std::vector<admin::RoomSnapshot> count_rooms(Server& server);
// False where the room is not open here.
bool look_at_room(Server& server, std::string_view name, admin::RoomSnapshot& room,
                  std::vector<admin::MemberSnapshot>& members);

}  // namespace gavel::app
