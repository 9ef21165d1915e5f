#include "formats/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using testing::reasons_of;
using testing::stats_of;

/// 3 in that unit, in ours.
std::string three(std::string_view unit) {
  const std::optional<Scale> scale = scale_of(unit);
  if (!scale) return "(none)";
  return json::to_text(*scaled(testing::parsed("3"), scale->factor)) + " " + scale->unit;
}

TEST(Scale, times_below_a_second_are_nanoseconds) {
  EXPECT_EQ(three("ns"), "3 ns");
  EXPECT_EQ(three("us"), "3000 ns");
  EXPECT_EQ(three("\u00b5s/op"), "3000 ns");
  EXPECT_EQ(three("ms/op"), "3000000 ns");
  EXPECT_EQ(three("ps"), "0.003 ns");
  EXPECT_EQ(three("s/op"), "3 s");
  EXPECT_EQ(three("seconds"), "3 s");
  EXPECT_EQ(three("min/op"), "180 s");
  EXPECT_EQ(three("day/op"), "259200 s");
}

TEST(Scale, what_a_quantity_is_called_does_not_change_its_unit) {
  EXPECT_EQ(three("p99-ns"), "3 ns");
  EXPECT_EQ(three("p99-latency-ms/key"), "3000000 ns");
  EXPECT_EQ(three("heap-B"), "3 B");
}

TEST(Scale, bytes_and_their_multiples_are_bytes) {
  EXPECT_EQ(three("B/op"), "3 B");
  EXPECT_EQ(three("KB"), "3000 B");
  EXPECT_EQ(three("KiB"), "3072 B");
  EXPECT_EQ(three("MB/s"), "3000000 B/s");
  EXPECT_EQ(three("GiB/sec"), "3221225472 B/s");
}

TEST(Scale, a_count_per_time_is_a_rate_per_second) {
  EXPECT_EQ(three("ops/s"), "3 i/s");
  EXPECT_EQ(three("ops/ms"), "3000 i/s");
  EXPECT_EQ(three("ops/us"), "3000000 i/s");
  EXPECT_EQ(three("ops/ns"), "3000000000 i/s");
  EXPECT_EQ(three("ops/min"), "0.05 i/s");
}

TEST(Scale, what_the_stores_have_no_unit_for_has_none) {
  for (const char* unit : {"", "/", "allocs/op", "counts", "%", "%/s", "s/s", "/s", "ratio", "#/op",
                           "NS", "bits", "---", "min", "rtt-min", "rtt-min/op"}) {
    EXPECT_EQ(three(unit), "(none)") << unit;
  }
}

TEST(Scaled, numbers_that_need_no_conversion_keep_their_text) {
  EXPECT_EQ(json::to_text(*scaled(testing::parsed("2.50"), 1)), "2.50");
  EXPECT_EQ(scaled(testing::parsed("\"NaN\""), 1), std::nullopt);
  EXPECT_EQ(scaled(testing::parsed("1e308"), 1e3), std::nullopt);
}

Draft a_draft() {
  Draft draft;
  draft.name = "sort";
  draft.run_id = "r1";
  draft.optional_benchmark_info = testing::parsed(R"({"options":1})");
  return draft;
}

json::Array one(const char* value) {
  return {testing::parsed(value)};
}

TEST(Metrics, each_with_a_unit_is_a_result_and_the_others_are_named_and_kept) {
  Reading reading;
  add_results(a_draft(),
              {{.unit = "us", .values = one("1.5"), .place = "f:1"},
               {.name = "memory", .unit = "B", .values = one("7"), .place = "f:2"},
               {.name = "allocs/op", .unit = "allocs/op", .values = one("3"), .place = "f:3"},
               {.name = "wide", .unit = "ns", .values = one("\"NaN\""), .place = "f:4"},
               {.name = "none", .unit = "ns", .place = "f:5"},
               {.name = "rate", .unit = "B/s", .place = "f:6", .refused = "no"}},
              {}, reading);
  EXPECT_THAT(stats_of(reading), ElementsAre("[1500] ns", "[7] B"));
  EXPECT_EQ(at(reading.submissions[0], "tags"), R"({"name":"sort"})");
  EXPECT_EQ(at(reading.submissions[1], "tags"), R"({"metric":"memory","name":"sort"})");
  EXPECT_THAT(reasons_of(reading),
              ElementsAre("f:3: allocs/op: the stores have no such unit: allocs/op",
                          "f:4: wide: not a number that a double holds: \"NaN\"",
                          "f:5: none: has no value", "f:6: rate: no"));
  EXPECT_EQ(at(reading.submissions[0], "optional_benchmark_info"),
            R"({"options":1,"metrics":{"allocs/op":{"unit":"allocs/op","values":[3]},)"
            R"("wide":{"unit":"ns","values":["NaN"]},"none":{"unit":"ns","values":[]},)"
            R"("rate":{"unit":"B/s","values":[]}}})");
  EXPECT_EQ(at(reading.submissions[1], "optional_benchmark_info"), "(none)");
}

TEST(Metrics, beyond_the_limit_are_skipped_in_one_word) {
  std::vector<Metric> metrics(k_metrics_max + 7, {.unit = "B", .values = one("1"), .place = "f"});
  for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i].name = std::to_string(i);
  Reading reading;
  add_results(a_draft(), metrics, {}, reading);
  EXPECT_EQ(reading.submissions.size(), k_metrics_max);
  EXPECT_THAT(reasons_of(reading), ElementsAre("f: this and what follows: more than 256 metrics"));
}

TEST(Metrics, of_one_name_are_one_batch_of_their_run) {
  const auto batches = [](const Facts& facts) {
    Reading reading;
    add_results(a_draft(),
                {{.unit = "s", .values = one("1")}, {.name = "m", .unit = "B", .values = one("1")}},
                facts, reading);
    add_error(a_draft(), error_object("no"), facts, reading);
    std::vector<std::string> found;
    for (const json::Value& document : reading.submissions)
      found.push_back(at(document, "batch_id"));
    return found;
  };
  const auto first = batches({});
  EXPECT_EQ(first, std::vector<std::string>(3, first[0]));
  Facts facts;
  facts.run_id = "r2";
  EXPECT_NE(batches(facts)[0], first[0]);
}

TEST(Parameters, whose_key_is_taken_get_another_one) {
  Draft draft;
  for (const char* key : {"size", "size", "name", "metric", ""})
    add_parameter(draft, key, json::Value::string("x"));
  add_parameter(draft, "list", testing::parsed("[1,2]"));
  add_parameter(draft, "number", testing::parsed("2.0"));
  EXPECT_EQ(json::to_text(draft.tags),
            R"({"size":"x","param_size":"x","param_name":"x","param_metric":"x","param":"x",)"
            R"("list":"[1,2]","number":2.0})");
}

TEST(CommitOfAFile, wins_over_a_detected_one_and_takes_none_of_its_facts) {
  Facts facts;
  facts.commit = "aaaaaaa";
  facts.branch = "me:feature";
  facts.pr_number = 7;
  facts.repository = "https://github.com/me/it";
  facts.commit_info = testing::parsed(R"({"message":"mine"})");
  const auto github = [&](const char* commit) {
    Draft draft;
    if (commit != nullptr) draft.commit = commit;
    draft.commit_info = testing::parsed(R"({"message":"the file's"})");
    return at(to_submission(draft, facts), "github");
  };
  const char* of_facts = R"({"repository":"https://github.com/me/it","commit":"aaaaaaa",)"
                         R"("branch":"me:feature","pr_number":7,"commit_info":{"message":"mine"}})";
  for (const char* commit : {"aaaaaaa", "bbbbbbb"}) {
    EXPECT_EQ(testing::parsed(github(commit)), testing::parsed(of_facts))
        << "it was named: " << github(commit);
  }
  facts.commit_is_detected = true;
  EXPECT_EQ(github("bbbbbbb"), R"({"commit":"bbbbbbb","repository":"https://github.com/me/it",)"
                               R"("commit_info":{"message":"the file's"}})");
  EXPECT_EQ(testing::parsed(github("aaaaaaa")), testing::parsed(of_facts));
  EXPECT_EQ(testing::parsed(github(nullptr)), testing::parsed(of_facts));
}

}  // namespace
}  // namespace bl::formats
