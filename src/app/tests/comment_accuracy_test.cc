// The short form of comment_bench: wrong comments are rare, slowdowns are told. On the half of the
// series that no threshold was chosen by, and on a raw history.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "app/tests/quiet_pull_requests.h"

namespace bl::app {
namespace {

class CommentAccuracy : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("BENCHLAKE_SHARED");
    if (shared == nullptr) GTEST_SKIP() << "BENCHLAKE_SHARED is not set";
    shared_ = shared;
    auto read = noisy_series(shared_ + "/accuracy", 4);
    ASSERT_TRUE(read.ok()) << read.error().message;
    all_ = std::move(read).value();
    held_out_ = half_of(all_, Half::held_out);
    ASSERT_GT(held_out_.size(), 25u);
  }

  std::string shared_;
  std::vector<NoisySeries> all_, held_out_;
};

TEST_F(CommentAccuracy, no_source_of_noise_is_in_both_halves) {
  const auto first = half_of(all_, Half::to_choose_by);
  EXPECT_EQ(first.size() + held_out_.size(), all_.size());
  std::set<std::string> sources;
  for (const NoisySeries& one : first) sources.insert(one.source);
  for (const NoisySeries& one : held_out_) EXPECT_FALSE(sources.contains(one.source)) << one.id;
}

TEST_F(CommentAccuracy, quiet_pull_requests_get_at_most_five_wrong_comments_in_a_thousand) {
  const Told told = PullRequestMaker(held_out_).tell({.count = 400, .benchmarks = 8});
  EXPECT_EQ(told.pull_requests, 400);
  EXPECT_LE(told.wrong, 2);
}

TEST_F(CommentAccuracy, a_bad_day_of_the_machine_is_no_slowdown_of_all_benchmarks) {
  auto raw = asv_series(shared_ + "/data/histories/django-asv/results/ubuntu-latest", 4);
  ASSERT_TRUE(raw.ok()) << raw.error().message;
  const Told told = PullRequestMaker(std::move(raw).value())
                        .tell({.count = 200, .benchmarks = 8, .together = true});
  EXPECT_EQ(told.pull_requests, 200);
  EXPECT_LE(told.wrong, 1);
}

TEST_F(CommentAccuracy, large_slowdowns_are_told_after_three_runs) {
  const Told told = PullRequestMaker(held_out_).tell(
      {.count = 60, .benchmarks = 8, .own_runs = 3, .planted = 1, .slowdown = 0.2});
  EXPECT_GE(told.found, told.planted / 2);
  EXPECT_LE(told.wrong, 1);
}

}  // namespace
}  // namespace bl::app
