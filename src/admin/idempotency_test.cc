#include "admin/idempotency.h"

#include <gtest/gtest.h>

namespace gavel::admin {
namespace {

using Start = Idempotency::Start;

TEST(Idempotency, GivesTheSameAnswerAgain) {
  Idempotency keys;
  Response answer;
  EXPECT_EQ(keys.start("k", "body", 0, answer), Start::go);
  EXPECT_EQ(keys.start("k", "body", 1, answer), Start::under_way);
  keys.finish("k", {.status = 201, .body = "done"});
  EXPECT_EQ(keys.start("k", "body", 2, answer), Start::repeat);
  EXPECT_EQ(answer.status, 201u);
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(keys.start("k", "other body", 3, answer), Start::other);
}

TEST(Idempotency, FreesTheKeyOfWhatWasNotDone) {
  Idempotency keys;
  Response answer;
  EXPECT_EQ(keys.start("k", "body", 0, answer), Start::go);
  keys.forget("k");
  EXPECT_EQ(keys.start("k", "other body", 0, answer), Start::go);
}

TEST(Idempotency, ForgetsAfterADay) {
  Idempotency keys;
  Response answer;
  EXPECT_EQ(keys.start("k", "body", 0, answer), Start::go);
  keys.finish("k", {});
  EXPECT_EQ(keys.start("k", "body", Idempotency::kKeepMs - 1, answer), Start::repeat);
  EXPECT_EQ(keys.start("k", "body", Idempotency::kKeepMs, answer), Start::go);
}

TEST(Idempotency, IsBoundedAndGivesUpTheOldestThatIsDone) {
  Idempotency keys;
  Response answer;
  for (std::size_t i = 0; i < Idempotency::kKeysMax; ++i) {
    ASSERT_EQ(keys.start(std::to_string(i), "x", 0, answer), Start::go);
  }
  EXPECT_EQ(keys.start("one more", "x", 0, answer), Start::full);
  keys.finish("1", {});
  EXPECT_EQ(keys.start("one more", "x", 0, answer), Start::go);
  EXPECT_EQ(keys.start("1", "x", 0, answer), Start::full);
  EXPECT_EQ(keys.start("0", "x", 0, answer), Start::under_way);
}

}  // namespace
}  // namespace gavel::admin
