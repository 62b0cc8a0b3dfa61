#include "store/contract.h"
#include "store/redis/redis_store.h"
#include "store/redis/testing/redis_process.h"

namespace gavel::store::testing {
namespace {

class RedisPlace final : public StorePlace {
 public:
  std::unique_ptr<Store> open(const Retention& retention) override {
    RedisOptions options;
    options.url = redis_.url();
    options.retention = retention;
    std::string error;
    auto store = open_redis_store(options, error);
    EXPECT_NE(store, nullptr) << error;
    return store;
  }

 private:
  redis::RedisProcess redis_;
};

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract,
                         ::testing::Values(StoreUnderTest{
                             .name = "redis",
                             .make_place = [] { return std::make_unique<RedisPlace>(); },
                             .slack = 256}),
                         name_of);

}  // namespace
}  // namespace gavel::store::testing
