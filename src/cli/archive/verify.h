// Compares what the archive says that it holds with what it holds, and with the store. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "cli/archive/mover.h"

namespace gavel::cli {

struct Differences {
  std::uint64_t archived = 0;   // messages up to the mark
  std::uint64_t missing = 0;    // up to the mark, and not in the archive
  std::uint64_t doubled = 0;    // more than one document for an id
  std::uint64_t different = 0;  // another text than the store's, or one that can't be
  std::uint64_t waiting = 0;    // in the store, behind the mark
  bool none() const { return missing + doubled + different == 0; }
};

// False with a sentence where the two can't be read. A room that the store does not hold any more
// is judged by the archive alone.
bool compare(Source& source, store::Archive& archive, const std::string& room, Epoch epoch,
             bool in_store, Differences& into, std::string& error);

}  // namespace gavel::cli
