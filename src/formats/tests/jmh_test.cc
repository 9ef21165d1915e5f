#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::reasons_of;
using testing::stats_of;

Reading read(const std::string& benchmarks) {
  auto reading = read_jmh("[" + benchmarks + "]", "f.json", {});
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

/// One benchmark whose primary metric has these members.
std::string benchmark_of(const std::string& primary, const std::string& more = "") {
  return fmt::format(R"({{"benchmark":"a.B.c","mode":"m","threads":1,"primaryMetric":{{{}}}{}}})",
                     primary, more);
}

TEST(Jmh, golden_document) {
  const Reading reading =
      read(R"({"jmhVersion":"1.37","benchmark":"a.B.c","mode":"avgt","threads":4,"forks":2,)"
           R"("jvm":"/usr/bin/java","jdkVersion":"17","params":{"size":"10","mode":"x"},)"
           R"("primaryMetric":{"score":2,"scoreError":"NaN","scoreUnit":"us/op",)"
           R"("rawData":[[1.5,2],[2.5]]},"secondaryMetrics":{}})");
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_EQ(json::to_text(reading.submissions[0]),
            R"({"tags":{"mode":"avgt","threads":4,"size":"10","param_mode":"x","name":"a.B.c"},)"
            R"("context":{"benchmark_language":"Java"},)"
            R"("info":{"jmhVersion":"1.37","threads":4,"forks":2,"jdkVersion":"17"},"github":{},)"
            R"("stats":{"data":[1500,2000,2500],"unit":"ns"},"optional_benchmark_info":)"
            R"({"statistics":{"score":2,"scoreError":"NaN","scoreUnit":"us/op"}}})");
}

TEST(Jmh, the_unit_decides_the_direction) {
  const auto stats = [](const char* unit) {
    return stats_of(read(benchmark_of(fmt::format(R"("score":2,"scoreUnit":"{}")", unit)))).at(0);
  };
  EXPECT_EQ(stats("ops/s"), "[2] i/s");
  EXPECT_EQ(stats("ops/ms"), "[2000] i/s");
  EXPECT_EQ(stats("ops/ns"), "[2000000000] i/s");
  EXPECT_EQ(stats("ns/op"), "[2] ns");
  EXPECT_EQ(stats("ms/op"), "[2000000] ns");
  EXPECT_EQ(stats("s/op"), "[2] s");
}

TEST(Jmh, of_histograms_the_mean_of_each_iteration_is_the_sample) {
  const Reading reading = read(benchmark_of(
      R"("score":2,"scoreUnit":"ns/op","rawDataHistogram":[[[[1,3],[5,1]],[[4,2]]],[[[7,1]]]])"));
  EXPECT_THAT(stats_of(reading), ElementsAre("[2,4,7] ns"));
  EXPECT_THAT(at(reading.submissions[0], "info/samples"), HasSubstr("histogram"));
}

TEST(Jmh, without_samples_the_score_stands_for_them) {
  const Reading reading = read(benchmark_of(R"("score":2,"scoreUnit":"ns/op")"));
  EXPECT_THAT(at(reading.submissions.at(0), "info/samples"), HasSubstr("not in the file"));
}

TEST(Jmh, secondary_metrics_are_results_of_their_own) {
  const Reading reading = read(benchmark_of(
      R"("score":2,"scoreUnit":"ns/op")",
      R"(,"secondaryMetrics":{"\u00b7gc.alloc.rate.norm":{"scoreUnit":"B/op","rawData":[[56,57]]},)"
      R"("gc.alloc.rate":{"scoreUnit":"MB/sec","rawData":[[1]]},)"
      R"("gc.count":{"scoreUnit":"counts","rawData":[[1,0]]},)"
      R"("gc.time":{"scoreUnit":"ms","score":4},"bad":7})"));
  EXPECT_THAT(stats_of(reading), ElementsAre("[2] ns", "[56,57] B", "[4000000] ns"));
  EXPECT_EQ(at(reading.submissions[1], "tags"),
            R"({"mode":"m","metric":"gc.alloc.rate.norm","name":"a.B.c"})");
  EXPECT_THAT(
      reasons_of(reading),
      ElementsAre("f.json#/0/secondaryMetrics/gc.alloc.rate: gc.alloc.rate: of a rate of bytes "
                  "the stores would say that more is better: MB/sec",
                  "f.json#/0/secondaryMetrics/gc.count: gc.count: the stores have no such unit: "
                  "counts",
                  "f.json#/0/secondaryMetrics/bad: bad: the stores have no such unit: "));
}

TEST(Jmh, what_gives_no_value_is_named) {
  const Reading reading =
      read("7,{\"benchmark\":\"a\"}," + benchmark_of(R"("score":"NaN","scoreUnit":"ns/op")") + "," +
           benchmark_of(R"("scoreUnit":"ns/op","rawData":[[1,"NaN"]])") + "," +
           benchmark_of(R"("scoreUnit":"ns/op","rawData":[7])") + "," +
           benchmark_of(R"("scoreUnit":"ns/op","rawDataHistogram":[[[[1,0]]]])") + "," +
           benchmark_of(R"("scoreUnit":"ns/op","rawDataHistogram":[["x"]])") + "," +
           benchmark_of(R"("scoreUnit":"ns/op","rawData":[["x"]])") + "," +
           benchmark_of(R"("score":1e308,"scoreUnit":"ms/op")"));
  EXPECT_THAT(stats_of(reading), ElementsAre("[7] ns"));
  EXPECT_THAT(
      reasons_of(reading),
      ElementsAre("f.json#/0: has no name", "f.json#/1: has no primaryMetric",
                  "f.json#/2/primaryMetric: ns/op: not a number that a double holds: \"NaN\"",
                  "f.json#/3/primaryMetric: ns/op: not a number that a double holds: \"NaN\"",
                  "f.json#/5/primaryMetric: ns/op: not a number that a double holds: null",
                  "f.json#/6/primaryMetric: ns/op: not a number that a double holds: null",
                  "f.json#/7/primaryMetric: ns/op: not a number that a double holds: \"x\"",
                  "f.json#/8/primaryMetric: ms/op: not a number that a double holds: 1e308"));
}

TEST(Jmh, other_documents_are_refused) {
  for (const char* bytes : {"", "{", "{}", "7"}) {
    const auto reading = read_jmh(bytes, "f.json", {});
    ASSERT_FALSE(reading.ok()) << bytes;
    EXPECT_THAT(reading.error().message, HasSubstr("f.json"));
  }
}

}  // namespace
}  // namespace bl::formats
