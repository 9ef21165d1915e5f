#include "verdict/series_lines.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bl::verdict {
namespace {

TEST(SeriesLines, read_values_machines_and_annotations) {
  const auto line =
      read_series_line(R"({"id":"s","direction":"higher","value":[1,null,3],"env":["a","b","a"],)"
                       R"("annotations":[{"i":2,"kind":"expected"}]})");
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line.value().direction, Direction::more_is_better);
  ASSERT_EQ(line.value().results.size(), 3u);
  EXPECT_TRUE(std::isnan(line.value().results[1].value));
  EXPECT_EQ(line.value().results[1].machine, 1u);
  EXPECT_EQ(line.value().results[2].machine, 0u);
  EXPECT_EQ(line.value().results[2].lesson, Lesson::expected);
}

TEST(SeriesLines, replicates_of_one_result_count_by_their_median) {
  const auto line =
      read_series_line(R"({"id":"s","direction":"lower","value":[[3,1,50],[4,2],[],[1,null],7]})");
  ASSERT_TRUE(line.ok());
  const auto& results = line.value().results;
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[0].value, 3);
  EXPECT_EQ(results[1].value, 3);
  EXPECT_TRUE(std::isnan(results[2].value));
  EXPECT_TRUE(std::isnan(results[3].value));
  EXPECT_EQ(results[4].value, 7);
}

TEST(SeriesLines, another_benchmark_is_a_new_baseline) {
  const auto line = read_series_line(R"({"id":"s","direction":"lower","value":[1,2,3,4],)"
                                     R"("benchmark":["v1","v1",{"n":2},{"n":2}]})");
  ASSERT_TRUE(line.ok());
  const auto& results = line.value().results;
  EXPECT_FALSE(results[0].benchmark_changed || results[1].benchmark_changed);
  EXPECT_TRUE(results[2].benchmark_changed);
  EXPECT_FALSE(results[3].benchmark_changed);
}

TEST(SeriesLines, refuse_by_name_what_is_not_a_series) {
  for (const char* bad :
       {"", "[]", R"({"id":"s","direction":"lower"})", R"({"id":"s","direction":"up","value":[1]})",
        R"({"id":"s","direction":"lower","value":["1"]})",
        R"({"id":"s","direction":"lower","value":[NaN]})",
        R"({"id":"s","direction":"lower","value":[1e400]})",
        R"({"id":"s","direction":"lower","value":[1],"env":[]})",
        R"({"id":"s","direction":"lower","value":[["1"]]})",
        R"({"id":"s","direction":"lower","value":[1],"benchmark":["v1","v2"]})",
        R"({"direction":"lower","value":[1]})"}) {
    EXPECT_FALSE(read_series_line(bad).ok()) << bad;
  }
}

TEST(SeriesLines, one_result_has_no_verdict) {
  const auto line = read_series_line(R"({"id":"s","direction":"lower","value":[1]})");
  std::string text;
  append_verdict_line(line.value(), text);
  EXPECT_EQ(text, R"({"id":"s","offline":[],"online":[]})");
}

}  // namespace
}  // namespace bl::verdict
