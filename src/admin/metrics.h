// The metrics page for Prometheus, made from a snapshot when it is asked for: nothing is counted
// twice, and the way of a message pays nothing for it. Labels are few and bounded: shard, error
// code, close code; never a room, a player or an address, since those come from outside and would
// grow without end (row B70). Any thread.
#pragma once

#include <string>

#include "admin/source.h"

namespace gavel::admin {

// Prometheus' text format 0.0.4.
std::string metrics_page(const ServerFacts& facts, const StoreState& store, bool draining,
                         const TotalsSnapshot& totals);

}  // namespace gavel::admin
