// A store in front of an archive: history that the store let go is read from the archive. Wraps
// any Store; the archive is asked on threads of its own, so an event loop never waits for it.
//
// 1. What the store still has never comes from the archive; messages of one epoch never from
// another's archive.
// 2. An archive that is away costs live play nothing: a room opens without it after
// ReadThroughOptions::open_wait, and only pages of old history fail (LogError::unavailable).
// 3. A page's place is looked up in the store first; what went meanwhile is in the archive, since
// nothing is trimmed before it lies there (promises P4, P9).
//
// Owned by main; the logs that it made are destroyed before it, and it before the store that it
// wraps. figures() from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "store/archive.h"
#include "store/store.h"

namespace gavel::store {

struct ReadThroughOptions {
  unsigned threads = 4;                       // calls to the archive at a time
  std::size_t calls_max = 1024;               // that wait; more are answered as unavailable
  std::chrono::milliseconds open_wait{1000};  // a room opens without the archive after so long
  // After a failure nothing is asked for so long: what comes is answered as unavailable at once.
  std::chrono::milliseconds pause{1000};
};

struct ReadThroughFigures {
  std::uint64_t pages = 0;     // that came from the archive
  std::uint64_t failures = 0;  // calls that it did not answer, those not made in a pause included
  bool ok = true;              // how the last call ended
};

class ArchiveReaders;

class ReadThroughStore final : public Store {
 public:
  ReadThroughStore(std::unique_ptr<Store> hot, std::unique_ptr<Archive> archive,
                   const ReadThroughOptions& options = {});
  ~ReadThroughStore() override;
  std::unique_ptr<room::MessageLog> make_log(unsigned shard, Post post) override;
  SigningKey signing_key() const override { return hot_->signing_key(); }
  // The store's own: without the archive everybody can play on.
  Health health() const override { return hot_->health(); }
  std::string describe() const override;
  ReadThroughFigures figures() const;

 private:
  std::unique_ptr<Store> hot_;
  std::unique_ptr<Archive> archive_;
  const ReadThroughOptions options_;
  std::unique_ptr<ArchiveReaders> readers_;
};

}  // namespace gavel::store
