#include "store/read_through/read_through_store.h"

#include <utility>

#include "store/read_through/archive_readers.h"
#include "store/read_through/read_through_log.h"

namespace gavel::store {

ReadThroughStore::ReadThroughStore(std::unique_ptr<Store> hot, std::unique_ptr<Archive> archive,
                                   const ReadThroughOptions& options)
    : hot_(std::move(hot)),
      archive_(std::move(archive)),
      options_(options),
      readers_(std::make_unique<ArchiveReaders>(*archive_, options)) {}

ReadThroughStore::~ReadThroughStore() = default;

std::unique_ptr<room::MessageLog> ReadThroughStore::make_log(unsigned shard, Post post) {
  return std::make_unique<ReadThroughLog>(*hot_, shard, post, *readers_, options_.open_wait);
}

std::string ReadThroughStore::describe() const {
  return hot_->describe() + ", archive " + archive_->describe();
}

ReadThroughFigures ReadThroughStore::figures() const { return readers_->figures(); }

}  // namespace gavel::store
