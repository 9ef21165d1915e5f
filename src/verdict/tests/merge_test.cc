#include "verdict/merge.h"

#include <gtest/gtest.h>

#include <limits>

namespace bl::verdict {
namespace {

TEST(Merge, believes_the_most_probable_while_few_are_expected_false) {
  const std::vector<SeriesVerdict> verdicts = {
      {0.99, 0.1, true}, {0.5, 0.1, true}, {0.95, 0.1, true}, {0.01, 0.1, true}};
  const CommitStatement statement = merge(verdicts, 0.1);
  EXPECT_EQ(statement.changed, (std::vector<std::size_t>{0, 2}));
  EXPECT_NEAR(statement.false_share, 0.03, 1e-9);
}

TEST(Merge, thousands_of_doubtful_series_make_no_statement) {
  const std::vector<SeriesVerdict> verdicts(5000, {0.6, 0.1, true});
  EXPECT_TRUE(merge(verdicts, 0.1).changed.empty());
}

TEST(Merge, one_direction_and_one_size_are_one_cause) {
  const std::vector<SeriesVerdict> same = {
      {0.99, 0.1, true}, {0.99, 0.11, true}, {0.99, 0.09, true}};
  EXPECT_TRUE(merge(same).common_cause);
  EXPECT_NEAR(merge(same).common_change, 0.1, 1e-9);
  const std::vector<SeriesVerdict> mixed = {{0.99, 0.1, true}, {0.99, -0.1, false}};
  EXPECT_FALSE(merge(mixed).common_cause);
}

TEST(Merge, a_confidence_that_is_none_is_left_out) {
  const std::vector<SeriesVerdict> verdicts = {
      {std::numeric_limits<double>::quiet_NaN(), 0.1, true}, {2, 0.1, true}, {-1, 0.1, true}};
  EXPECT_TRUE(merge(verdicts).changed.empty());
  EXPECT_TRUE(merge({}).changed.empty());
}

}  // namespace
}  // namespace bl::verdict
