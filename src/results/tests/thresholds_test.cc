#include "results/thresholds.h"

#include <gtest/gtest.h>

namespace bl::results {
namespace {

ThresholdRule rule(const char* fingerprint, std::optional<double> percent,
                   std::optional<double> z) {
  ThresholdRule rule;
  rule.history_fingerprint = fingerprint;
  rule.percent = percent;
  rule.z = z;
  return rule;
}

TEST(Thresholds, the_closest_rule_that_says_a_value_gives_it) {
  const ThresholdRules rules({rule("", 10, 8), rule("noisy", std::nullopt, 30)});

  const UsedThresholds project = rules.of_project({}, {});
  EXPECT_EQ(project.values.percent, 10);
  EXPECT_EQ(project.values.z, 8);
  EXPECT_EQ(project.source, ThresholdSource::project);

  const UsedThresholds noisy = rules.of_series("noisy", {}, {});
  EXPECT_EQ(noisy.values.percent, 10) << "the series leaves it to the project";
  EXPECT_EQ(noisy.values.z, 30);
  EXPECT_EQ(noisy.source, ThresholdSource::series);

  EXPECT_EQ(rules.of_series("other", {}, {}).values.z, 8);
}

TEST(Thresholds, what_the_request_says_wins) {
  const ThresholdRules rules({rule("", 10, 8), rule("noisy", 20, 30)});
  const UsedThresholds asked = rules.of_series("noisy", {}, 3.0);
  EXPECT_EQ(asked.values.percent, 20);
  EXPECT_EQ(asked.values.z, 3);
  EXPECT_EQ(asked.source, ThresholdSource::request);
}

TEST(Thresholds, without_rules_they_are_five) {
  const UsedThresholds used = ThresholdRules().of_project({}, {});
  EXPECT_EQ(used.values.percent, 5);
  EXPECT_EQ(used.values.z, 5);
  EXPECT_EQ(used.source, ThresholdSource::built_in);
}

}  // namespace
}  // namespace bl::results
