// Counts what is going on, shard by shard, on their threads: the snapshots that operators see.
// Any thread but a shard's.
#pragma once

#include <vector>

#include "admin/source.h"
#include "app/server.h"

namespace gavel::app {

admin::TotalsSnapshot count_totals(Server& server);
std::vector<admin::RoomSnapshot> count_rooms(Server& server);
// On the room's shard. Fills in the room and its members.
void look_at_room(shard::Shard& shard, net::Gateway& gateway, const room::Room& room,
                  admin::RoomView& view);

}  // namespace gavel::app
