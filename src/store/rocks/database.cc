#include "store/rocks/database.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "base/crc32c.h"
#include "base/log.h"
#include "room/block.h"

namespace gavel::store::rocks {
namespace {

using rocksdb::Slice;

constexpr std::size_t kTableBlockBytes = 16 * 1024;
constexpr std::size_t kCrcOffset = 4;  // in a block

Slice slice(std::string_view text) { return {text.data(), text.size()}; }
Slice slice(const BlockKey& key) { return {key.data(), key.size()}; }
std::string_view view(const Slice& bytes) { return {bytes.data(), bytes.size()}; }

Outcome outcome_of(const rocksdb::Status& status) {
  if (status.ok()) return Outcome::ok;
  if (status.IsNotFound()) return Outcome::absent;
  if (status.IsNoSpace()) return Outcome::full;
  if (status.IsCorruption()) return Outcome::corrupt;
  return Outcome::failed;
}

// What RocksDB has to say goes into our log, above the level of a mere event. Its own log file
// would be one more that can't be written on a full disk, and its code takes that badly.
class OurLog final : public rocksdb::Logger {
 public:
  OurLog() : Logger(rocksdb::WARN_LEVEL) {}
  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[500];
    std::vsnprintf(text, sizeof text, format, arguments);
    GAVEL_LOG(store, debug, "rocksdb", {"text", text});
  }
};

// The room's part of a key that begins a message. Not of one that begins a range to drop (its
// message id is 0): RocksDB would look for both kinds' neighbours in one place, though it keeps
// them in two.
class InsertHint final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "gavel.InsertHint"; }
  Slice Transform(const Slice& key) const override { return {key.data(), kRoomPrefixBytes}; }
  bool InDomain(const Slice& key) const override {
    const auto name = parse_block_key(view(key));
    return name && name->first;
  }
};

rocksdb::DBOptions process_options(const DatabaseOptions& wanted) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_total_wal_size = wanted.wal_bytes_max;
  // A damaged record is told, not skipped: only an unfinished one at the very end is a crash's.
  options.wal_recovery_mode = wanted.up_to_the_damage
                                  ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                  : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // One thread writes: none of what serves several is needed.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.max_bgerror_resume_count = 0;  // recover() does it
  // Space is taken when it is used, so that a nearly full disk tells the truth.
  options.allow_fallocate = false;
  // What is in the write-ahead log need not be written twice to stop.
  options.avoid_flush_during_shutdown = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<OurLog>();
  return options;
}

rocksdb::ColumnFamilyOptions block_options(const DatabaseOptions& wanted) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = wanted.write_buffer_bytes;
  options.max_write_buffer_number = wanted.write_buffers;
  options.compression = rocksdb::kLZ4Compression;
  // What is young is rewritten soon: to compress it would be done twice.
  options.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression,
                                   rocksdb::kLZ4Compression};
  // Fewer, larger merges.
  options.level0_file_num_compaction_trigger = 8;
  options.max_bytes_for_level_base = 8 * wanted.write_buffer_bytes;
  options.target_file_size_base = 2 * wanted.write_buffer_bytes;
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kRoomPrefixBytes));
  // A room's blocks come in order: each goes right behind the last one, without a search.
  options.memtable_insert_with_hint_prefix_extractor = std::make_shared<InsertHint>();
  rocksdb::BlockBasedTableOptions table;
  table.block_size = kTableBlockBytes;
  table.block_cache = rocksdb::NewLRUCache(wanted.cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = false;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions meta_options() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 4 << 20;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

struct Database::Impl {
  DatabaseOptions options;
  // Held shared by readers, and alone while the database is opened anew.
  mutable std::shared_mutex mutex;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;

  ~Impl() { close(); }
  rocksdb::ColumnFamilyHandle* blocks() const { return families[0]; }
  rocksdb::ColumnFamilyHandle* meta() const { return families[1]; }

  rocksdb::Status open() {
    const std::vector<rocksdb::ColumnFamilyDescriptor> wanted{
        {rocksdb::kDefaultColumnFamilyName, block_options(options)}, {"meta", meta_options()}};
    rocksdb::DB* opened = nullptr;
    const rocksdb::DBOptions process = process_options(options);
    const rocksdb::Status status =
        options.read_only
            ? rocksdb::DB::OpenForReadOnly(process, options.path, wanted, &families, &opened)
            : rocksdb::DB::Open(process, options.path, wanted, &families, &opened);
    db.reset(opened);
    return status;
  }

  void close() {
    if (!db) return;
    for (auto* family : families) db->DestroyColumnFamilyHandle(family);
    families.clear();
    db->Close();
    db.reset();
  }
};

struct WriteSet::Impl {
  rocksdb::WriteBatch batch;
};

WriteSet::WriteSet(Database& database) : database_(database), impl_(std::make_unique<Impl>()) {}
WriteSet::~WriteSet() = default;

void WriteSet::put_block(const Place& place, MessageId first, std::string_view block,
                         std::uint64_t bytes_before) {
  // Sealed on the way (room::seal_block() wants a copy), so that the block is copied only once.
  std::array<char, room::kBlockHeaderBytes> head;
  std::memcpy(head.data(), block.data(), head.size());
  std::uint32_t crc = crc32c(block.substr(kCrcOffset + sizeof(std::uint32_t)));
  if (crc == 0) crc = 1;
  std::memcpy(head.data() + kCrcOffset, &crc, sizeof crc);
  const BlockKey key = block_key(place, first);
  const std::string tail = encode_u64(bytes_before);
  const Slice key_part = slice(key);
  const Slice parts[] = {{head.data(), head.size()}, slice(block.substr(head.size())), slice(tail)};
  impl_->batch.Put(database_.impl_->blocks(), rocksdb::SliceParts(&key_part, 1),
                   rocksdb::SliceParts(parts, 3));
}

void WriteSet::put_meta(std::string_view key, std::string_view value) {
  impl_->batch.Put(database_.impl_->meta(), slice(key), slice(value));
}

void WriteSet::drop_blocks(const BlockKey& from, const BlockKey& to) {
  impl_->batch.DeleteRange(database_.impl_->blocks(), slice(from), slice(to));
}

void WriteSet::clear() { impl_->batch.Clear(); }
bool WriteSet::empty() const { return impl_->batch.Count() == 0; }

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

std::unique_ptr<Database> Database::open(const DatabaseOptions& options, Outcome& outcome,
                                         std::string& error) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  const rocksdb::Status status = impl->open();
  outcome = outcome_of(status);
  if (!status.ok()) {
    error = status.ToString();
    return nullptr;
  }
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Outcome Database::write(WriteSet& set, std::string& detail) {
  if (!impl_->db) return Outcome::failed;
  const rocksdb::Status status = impl_->db->Write(rocksdb::WriteOptions(), &set.impl_->batch);
  if (!status.ok()) detail = status.ToString();
  return outcome_of(status);
}

Outcome Database::sync(std::string& detail) {
  if (!impl_->db) return Outcome::failed;
  const rocksdb::Status status = impl_->db->SyncWAL();
  if (!status.ok()) detail = status.ToString();
  return outcome_of(status);
}

bool Database::recover(std::string& detail) {
  // Not DB::Resume(): it goes on with the file that failed, and aborts where RocksDB was built with
  // its assertions.
  const std::unique_lock alone(impl_->mutex);
  impl_->close();
  const rocksdb::Status opened = impl_->open();
  if (!opened.ok()) detail = opened.ToString();
  return opened.ok();
}

Outcome Database::get_meta(std::string_view key, std::string& value) const {
  const std::shared_lock shared(impl_->mutex);
  if (!impl_->db) return Outcome::failed;
  return outcome_of(impl_->db->Get(rocksdb::ReadOptions(), impl_->meta(), slice(key), &value));
}

Outcome Database::scan_meta(
    std::string_view prefix,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const std::shared_lock shared(impl_->mutex);
  if (!impl_->db) return Outcome::failed;
  const std::unique_ptr<rocksdb::Iterator> it(
      impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->meta()));
  for (it->Seek(slice(prefix)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    if (!visit(view(it->key()), view(it->value()))) break;
  }
  return outcome_of(it->status());
}

Outcome Database::last_meta(std::string_view prefix, std::string& key) const {
  const std::shared_lock shared(impl_->mutex);
  if (!impl_->db) return Outcome::failed;
  const std::unique_ptr<rocksdb::Iterator> it(
      impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->meta()));
  it->SeekForPrev(std::string(prefix) + "\xff");
  if (!it->status().ok()) return outcome_of(it->status());
  if (!it->Valid() || !it->key().starts_with(slice(prefix))) return Outcome::absent;
  key = it->key().ToString();
  return Outcome::ok;
}

Outcome Database::scan_blocks(const Place& place, MessageId from,
                              const std::function<bool(MessageId, std::string_view)>& visit) const {
  const std::shared_lock shared(impl_->mutex);
  if (!impl_->db) return Outcome::failed;
  const BlockKey lower = block_key(place, MessageId{0});
  const BlockKey upper = block_key({place.room, Epoch{place.epoch.value + 1}}, MessageId{0});
  const Slice lower_bound = slice(lower);
  const Slice upper_bound = slice(upper);
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  options.iterate_lower_bound = &lower_bound;
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(options, impl_->blocks()));
  it->SeekForPrev(slice(block_key(place, from)));
  if (!it->Valid() && it->status().ok()) it->Seek(lower_bound);
  for (; it->Valid(); it->Next()) {
    const auto name = parse_block_key(view(it->key()));
    if (!name) return Outcome::corrupt;
    if (!visit(name->first, view(it->value()))) break;
  }
  return outcome_of(it->status());
}

Outcome Database::block_at(const Place& place, MessageId id, MessageId& first,
                           std::string& value) const {
  Outcome found = Outcome::absent;
  const Outcome outcome = scan_blocks(place, id, [&](MessageId at, std::string_view bytes) {
    if (at > id) return false;
    first = at;
    value = bytes;
    found = Outcome::ok;
    return false;
  });
  return outcome == Outcome::ok ? found : outcome;
}

Outcome Database::epochs(RoomNumber room, std::vector<Epoch>& epochs) const {
  const std::shared_lock shared(impl_->mutex);
  if (!impl_->db) return Outcome::failed;
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(options, impl_->blocks()));
  it->Seek(slice(block_key({room, Epoch{0}}, MessageId{0})));
  while (it->Valid()) {
    const auto name = parse_block_key(view(it->key()));
    if (!name) return Outcome::corrupt;
    epochs.push_back(name->place.epoch);
    it->Seek(slice(block_key({room, Epoch{name->place.epoch.value + 1}}, MessageId{0})));
  }
  return outcome_of(it->status());
}

}  // namespace gavel::store::rocks
