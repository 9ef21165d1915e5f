// The short form of comment_bench: wrong comments are rare, slowdowns are told.
#include <gtest/gtest.h>

#include <cstdlib>

#include "app/tests/quiet_pull_requests.h"

namespace bl::app {
namespace {

class CommentAccuracy : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("BENCHLAKE_SHARED");
    if (shared == nullptr) GTEST_SKIP() << "BENCHLAKE_SHARED is not set";
    auto read = noisy_series(std::string(shared) + "/accuracy", 4);
    ASSERT_TRUE(read.ok()) << read.error().message;
    series_ = std::move(read).value();
    ASSERT_GT(series_.size(), 40u);
  }

  std::vector<NoisySeries> series_;
};

TEST_F(CommentAccuracy, quiet_pull_requests_get_at_most_five_wrong_comments_in_a_thousand) {
  const Told told = tell(series_, {.count = 400, .benchmarks = 8});
  EXPECT_EQ(told.pull_requests, 400);
  EXPECT_LE(told.wrong, 2);
}

TEST_F(CommentAccuracy, large_slowdowns_are_told_after_three_runs) {
  const Told told =
      tell(series_, {.count = 60, .benchmarks = 8, .own_runs = 3, .planted = 1, .slowdown = 0.2});
  EXPECT_GE(told.found, told.planted / 2);
  EXPECT_LE(told.wrong, 1);
}

}  // namespace
}  // namespace bl::app
