// From options to a pool of connections. Start-up; nothing is connected yet.
#pragma once

#include <string>

#include "store/mongo/handles.h"
#include "store/mongo/mongo_archive.h"

namespace gavel::store::mongo {

struct Connections {
  Pool pool;
  Bson write_options;       // the write concern, where the URI has none of its own
  std::string description;  // without secrets
};

// False with a sentence; it does not repeat the URI, which may hold a password.
bool make_connections(const MongoOptions& options, Connections& into, std::string& error);

}  // namespace gavel::store::mongo
