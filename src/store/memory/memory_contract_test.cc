#include "store/contract.h"
#include "store/memory/memory_store.h"

namespace gavel::store::testing {
namespace {

class MemoryPlace final : public StorePlace {
 public:
  std::unique_ptr<Store> open(const Retention& retention) override {
    MemoryOptions options;
    options.retention = retention;
    return std::make_unique<MemoryStore>(options);
  }
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         ::testing::Values(StoreUnderTest{
                             .name = "memory",
                             .make_place = [] { return std::make_unique<MemoryPlace>(); },
                             .outlasts_close = false,
                             .outlasts_process = false,
                             .remembers_refs = false,
                             .slack = 2500}),
                         name_of);

}  // namespace
}  // namespace gavel::store::testing
