#include "objects/s3/retry.h"

#include <gtest/gtest.h>

#include "objects/tests/world.h"

namespace bl::objects {
namespace {

using namespace std::chrono_literals;
using testing::code_of;

struct Retrying {
  testing::TestWorld world;
  S3Limits limits;
  RetryMetrics metrics{world.metrics};
  RetryTokens tokens{limits};
  Wait wait = world.world().wait;

  /// How many attempts there are, when none succeeds.
  int attempts(std::chrono::milliseconds each_takes, std::chrono::milliseconds asked_for = 0ms) {
    Attempts one(limits, tokens, metrics, world.clock, world.random, wait);
    for (int made = 1;; ++made) {
      world.clock.advance(each_takes);
      if (!one.again(asked_for).value()) return made;
    }
  }
};

TEST(Attempts, pauses_double_up_to_a_bound_and_half_of_each_is_chance) {
  Retrying retrying;
  retrying.limits.first_wait = 100ms;
  retrying.limits.wait_max = 500ms;
  retrying.limits.attempts_max = 6;
  std::set<std::int64_t> firsts;
  for (int round = 0; round < 20; ++round) {
    retrying.world.pauses.clear();
    EXPECT_EQ(retrying.attempts(0ms), 6);
    const auto& pauses = retrying.world.pauses;
    ASSERT_EQ(pauses.size(), 5u);
    const std::vector<std::chrono::milliseconds> most = {100ms, 200ms, 400ms, 500ms, 500ms};
    for (std::size_t i = 0; i < pauses.size(); ++i) {
      EXPECT_GE(pauses[i], most[i] / 2);
      EXPECT_LE(pauses[i], most[i]);
    }
    firsts.insert(pauses[0].count());
  }
  EXPECT_GT(firsts.size(), 5u);
  EXPECT_EQ(retrying.world.limit_hits("attempts_max"), 20);
  EXPECT_EQ(retrying.world.metric("bl_objects_s3_retries_total"), 100);
}

TEST(Attempts, wait_as_long_as_the_server_asks_within_the_bound) {
  Retrying retrying;
  retrying.limits.attempts_max = 2;
  retrying.limits.wait_max = 2s;
  EXPECT_EQ(retrying.attempts(0ms, 1s), 2);
  EXPECT_EQ(retrying.attempts(0ms, 1h), 2);
  EXPECT_EQ(retrying.world.pauses, (std::vector<std::chrono::milliseconds>{1s, 2s}));
}

TEST(Attempts, none_begins_after_the_calls_time) {
  Retrying retrying;
  retrying.limits.attempts_max = 1'000;
  retrying.limits.call_time_max = 10s;
  EXPECT_EQ(retrying.attempts(4s), 3);
  EXPECT_EQ(retrying.world.limit_hits("call_time_max"), 1);
}

TEST(Attempts, end_when_the_store_has_no_tokens_and_come_back_with_successes) {
  Retrying retrying;
  retrying.limits.attempts_max = 1'000;
  retrying.limits.call_time_max = 1h;
  EXPECT_EQ(retrying.attempts(0ms), 101);  // 500 tokens, 5 each
  EXPECT_EQ(retrying.attempts(0ms), 1);
  EXPECT_EQ(retrying.world.limit_hits("retry_tokens_max"), 2);
  for (int i = 0; i < 5; ++i) retrying.tokens.give_back();
  EXPECT_EQ(retrying.attempts(0ms), 2);
}

TEST(Attempts, are_cancelled_when_the_program_stops) {
  Retrying retrying;
  retrying.wait = [](std::chrono::milliseconds) { return false; };
  Attempts one(retrying.limits, retrying.tokens, retrying.metrics, retrying.world.clock,
               retrying.world.random, retrying.wait);
  EXPECT_EQ(code_of(one.again(0ms)), "cancelled");
}

}  // namespace
}  // namespace bl::objects
