// The archive in MongoDB, or in a server that speaks its protocol: no sessions, transactions or
// aggregation are used, which the smaller of them lack. The documents stand in docs/storage.md.
// Any thread: each call takes a connection of a pool.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/archive.h"

namespace gavel::store {

struct MongoOptions {
  std::string uri = "mongodb://127.0.0.1:27017";  // its own options win over those here
  std::string database = "gavel";
  // "majority", "1", "2", …, or the name of a mode of the replica set. With the journal, where it
  // is not "1": what is acknowledged survives a crash of the machine.
  std::string write_concern = "majority";
  // Of a connection attempt, of finding a server that takes writes, and of an answer.
  std::chrono::milliseconds timeout{10'000};
  unsigned connections_max = 8;  // used at the same time; further calls wait for one
};

// Null with a sentence where the options are wrong; does not connect yet.
std::unique_ptr<Archive> open_mongo_archive(const MongoOptions& options, std::string& error);

}  // namespace gavel::store
