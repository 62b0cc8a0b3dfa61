#include "store/contract.h"
#include "store/rocks/rocks_store.h"
#include "store/rocks/temporary_directory.h"

namespace gavel::store::testing {
namespace {

class RocksPlace final : public StorePlace {
 public:
  explicit RocksPlace(bool synced) : synced_(synced) {}
  std::unique_ptr<Store> open(const Retention& retention) override {
    RocksOptions options;
    options.directory = directory_.store();
    options.synced = synced_;
    options.retention = retention;
    options.write_buffer_bytes = 64 << 10;  // so that much of it is read from tables
    options.free_bytes_min = 1 << 20;
    std::string error;
    auto store = open_rocks(options, error);
    EXPECT_NE(store, nullptr) << error;
    return store;
  }

 private:
  rocks::TemporaryDirectory directory_;
  const bool synced_;
};

INSTANTIATE_TEST_SUITE_P(
    Rocks, StoreContract,
    ::testing::Values(
        StoreUnderTest{.name = "written",
                       .make_place = [] { return std::make_unique<RocksPlace>(false); },
                       .slack = 125},
        StoreUnderTest{.name = "synced",
                       .make_place = [] { return std::make_unique<RocksPlace>(true); },
                       .slack = 125}),
    name_of);

}  // namespace
}  // namespace gavel::store::testing
