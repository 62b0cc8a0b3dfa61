#include "base/histogram.h"

#include <gtest/gtest.h>

namespace gavel {
namespace {

TEST(LatencyHistogram, CountsIntoTheBucketWhoseBoundIsNotBelow) {
  LatencyHistogram times;
  times.record(0);
  times.record(10);
  times.record(11, 3);
  times.record(99'000'000);
  EXPECT_EQ(times.in_bucket(0), 2u);
  EXPECT_EQ(times.in_bucket(1), 3u);
  EXPECT_EQ(times.in_bucket(LatencyHistogram::buckets() - 1), 1u);
  EXPECT_EQ(times.count(), 6u);
  EXPECT_EQ(times.sum_us(), 99'000'043u);
}

TEST(LatencyHistogram, FindsQuantilesWithinABucket) {
  LatencyHistogram times;
  EXPECT_EQ(times.quantile_us(0.5), 0);
  times.record(20, 50);
  times.record(900, 50);
  EXPECT_NEAR(times.quantile_us(0.25), 17.5, 0.1);
  EXPECT_NEAR(times.quantile_us(0.5), 25, 0.1);
  EXPECT_NEAR(times.quantile_us(0.99), 990, 1);
}

TEST(LatencyHistogram, TellsWhatCameSinceAnEarlierCopy) {
  LatencyHistogram times;
  times.record(30);
  const LatencyHistogram earlier = times;
  times.record(700, 2);
  const LatencyHistogram since = times.since(earlier);
  EXPECT_EQ(since.count(), 2u);
  EXPECT_EQ(since.sum_us(), 1400u);
  EXPECT_EQ(since.in_bucket(2), 0u);
}

}  // namespace
}  // namespace gavel
