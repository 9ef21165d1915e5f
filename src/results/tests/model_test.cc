#include "results/model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

// Golden values are those of spec/results-conbench.md, or numpy's for the same samples.
namespace bl::results {
namespace {

json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

Hardware machine() {
  Hardware hardware;
  hardware.name = "m1";
  hardware.gpu_count = 0;
  hardware.cpu_core_count = 2;
  hardware.cpu_thread_count = 4;
  hardware.memory_bytes = 17179869184;
  return hardware;
}

Hardware cluster(std::string_view info) {
  Hardware hardware;
  hardware.type = Hardware::Type::cluster;
  hardware.name = "cl";
  hardware.info = parsed(info);
  hardware.optional_info = json::Value::object();
  return hardware;
}

TEST(Units, five_are_known_and_per_second_is_better_when_more) {
  EXPECT_EQ(known_units().size(), 5u);
  EXPECT_EQ(find_unit("B/s")->long_name, "bytes per second");
  EXPECT_EQ(find_unit("b/s"), nullptr);
  EXPECT_EQ(find_unit("us"), nullptr);
  for (const Unit& unit : known_units()) EXPECT_EQ(unit.direction, direction_of(unit.symbol));
  EXPECT_EQ(direction_of("rows/s"), verdict::Direction::more_is_better);
  EXPECT_EQ(direction_of("kg"), verdict::Direction::less_is_better);
}

TEST(Hardware, machine_hash_golden) {
  EXPECT_EQ(machine().hash(), "m1-0-2-4-17179869184");
}

TEST(Hardware, machine_hash_ignores_everything_else) {
  Hardware other = machine();
  other.cpu_model_name = "another";
  other.cpu_l3_cache_bytes = 1;
  EXPECT_EQ(other.hash(), machine().hash());
  EXPECT_NE(other.identity(), machine().identity());
}

TEST(Hardware, missing_counts_hash_as_zero_and_are_another_row) {
  Hardware other = machine();
  other.gpu_count.reset();
  EXPECT_EQ(other.hash(), machine().hash());
  EXPECT_NE(other.identity(), machine().identity());
}

TEST(Hardware, cluster_hash_golden) {
  EXPECT_EQ(cluster(R"({"b":2,"a":[1,2]})").hash(), "cl-a81c5444fbf095a1a5001299859fbe87");
  EXPECT_EQ(cluster(R"({"b":2,"a":[1,2],"é":1.0,"n":null,"t":true})").hash(),
            "cl-993f62e14016001892996cd2e9c30d48");
}

TEST(Hardware, cluster_identity_includes_optional_info_but_hash_does_not) {
  Hardware a = cluster("{}");
  Hardware b = cluster("{}");
  b.optional_info = parsed(R"({"rack":1})");
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_NE(a.identity(), b.identity());
}

TEST(Hardware, cluster_identity_is_that_of_jsonb) {
  EXPECT_EQ(cluster(R"({"a":1,"b":[2.0]})").identity(), cluster(R"({"b":[2],"a":1.0})").identity());
}

TEST(Hardware, an_empty_list_of_products_is_not_an_absent_one) {
  Hardware with = machine();
  with.gpu_product_names.emplace();
  EXPECT_NE(with.identity(), machine().identity());
}

TEST(Repository, ssh_form_and_slashes_go_and_the_rest_is_identity) {
  EXPECT_EQ(*normalise_repository("git@github.com:org/repo"), "https://github.com/org/repo");
  EXPECT_EQ(*normalise_repository("https://github.com/org/repo.git/"),
            "https://github.com/org/repo.git");
  EXPECT_EQ(*normalise_repository("https://github.com/org/repo//"), "https://github.com/org/repo");
  EXPECT_EQ(*normalise_repository("https://git.example.org/x"), "https://git.example.org/x");
}

TEST(Repository, anything_but_https_is_refused) {
  for (const char* text :
       {"", "org/repo", "http://github.com/org/repo", "https://", "https:///x",
        "git@gitlab.com:org/repo", "https://github.com/a b", "https://github.com/\n"}) {
    EXPECT_FALSE(normalise_repository(text).ok()) << text;
  }
}

TEST(Tags, texts_are_pythons) {
  const std::pair<const char*, const char*> golden[] = {
      {"true", "True"},
      {"false", "False"},
      {"1", "1"},
      {"2.0", "2.0"},
      {"1.5", "1.5"},
      {"1e-05", "1e-05"},
      {"0.0001", "0.0001"},
      {"1e16", "1e+16"},
      {"1e15", "1000000000000000.0"},
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"\"x\"", "x"},
      {"\" \"", " "}};
  for (const auto& [token, text] : golden) EXPECT_EQ(tag_text(parsed(token)), text) << token;
}

TEST(Tags, null_and_empty_drop_the_key) {
  EXPECT_FALSE(tag_text(parsed("null")));
  EXPECT_FALSE(tag_text(parsed("\"\"")));
}

TEST(Tags, permutation_is_sorted_pairs) {
  EXPECT_EQ(case_permutation({"n", parsed(R"({"b":"2","a":"x"})")}), "a=x, b=2");
  EXPECT_EQ(case_permutation({"n", json::Value::object()}), "no-permutations");
}

TEST(Aggregates, golden_of_three_samples) {
  Stats stats;
  set_aggregates(stats, {1.5, 2, 3});
  EXPECT_EQ(stats.mean, 2.1666666666666665);
  EXPECT_EQ(stats.min, 1.5);
  EXPECT_EQ(stats.max, 3);
  EXPECT_EQ(stats.median, 2);
  EXPECT_EQ(stats.q1, 1.75);
  EXPECT_EQ(stats.q3, 2.5);
  EXPECT_EQ(stats.iqr, 0.75);
  EXPECT_EQ(stats.stdev, 0.7637626158259733);
}

TEST(Aggregates, agree_with_numpy_to_the_last_digit) {
  Stats stats;
  std::vector<double> samples(10, 0.1);
  samples.insert(samples.end(), {0.3, 0.7, 1.1});
  set_aggregates(stats, samples);
  EXPECT_EQ(stats.mean, 0.23846153846153847);
  EXPECT_EQ(stats.median, 0.1);
  EXPECT_EQ(stats.stdev, 0.30967311135685627);
  EXPECT_EQ(stats.iqr, 0.0);

  samples.clear();
  for (int i = 1; i <= 300; ++i) samples.push_back(0.1 * i * i + 1.0 / 3);
  set_aggregates(stats, samples);
  EXPECT_EQ(stats.mean, 3015.35);
  EXPECT_EQ(stats.median, 2265.3833333333337);
  EXPECT_EQ(stats.stdev, 2696.1463579214933);
  EXPECT_EQ(stats.q1, 574.1583333333334);
  EXPECT_EQ(stats.q3, 5074.108333333334);

  set_aggregates(stats, {3.3, 1.1, 2.2, 9.9});
  EXPECT_EQ(stats.q1, 1.9250000000000003);
  EXPECT_EQ(stats.iqr, 3.025);
  EXPECT_EQ(stats.stdev, 3.9533740863554345);
}

TEST(Aggregates, fewer_than_three_samples_have_only_a_mean) {
  Stats stats;
  stats.min = 7;
  set_aggregates(stats, {1, 2});
  EXPECT_EQ(stats.mean, 1.5);
  for (const auto& other : {stats.min, stats.max, stats.median, stats.stdev, stats.q1, stats.q3}) {
    EXPECT_FALSE(other);
  }
}

TEST(Aggregates, huge_samples_have_a_finite_mean_and_no_infinities) {
  Stats stats;
  set_aggregates(stats, {1.7e308, 1.7e308, -1.7e308, 1.7e308});
  ASSERT_TRUE(stats.mean);
  EXPECT_NEAR(*stats.mean, 0.85e308, 1e294);
  EXPECT_FALSE(stats.stdev);
  EXPECT_EQ(stats.median, 1.7e308);
}

RC_GTEST_PROP(Aggregates, are_ordered_and_within_the_samples, ()) {
  const auto whole = *rc::gen::suchThat(rc::gen::arbitrary<std::vector<int>>(),
                                        [](const auto& v) { return v.size() >= 3; });
  const std::vector<double> samples(whole.begin(), whole.end());
  Stats stats;
  set_aggregates(stats, samples);
  RC_ASSERT(*stats.min <= *stats.q1);
  RC_ASSERT(*stats.q1 <= *stats.median);
  RC_ASSERT(*stats.median <= *stats.q3);
  RC_ASSERT(*stats.q3 <= *stats.max);
  RC_ASSERT(*stats.stdev >= 0);
  RC_ASSERT(std::abs(*stats.iqr - (*stats.q3 - *stats.q1)) == 0);
}

BenchmarkResult with(std::string_view data, std::optional<std::string> unit) {
  BenchmarkResult result;
  result.stats.data = parsed(data).items();
  result.stats.unit = std::move(unit);
  return result;
}

TEST(Summary, best_is_the_least_or_the_most_by_unit) {
  EXPECT_EQ(with("[3,1,2]", "s").summary(SummaryMode::best).value, 1);
  EXPECT_EQ(with("[3,1,2]", "s").summary(SummaryMode::best).type, "min");
  EXPECT_EQ(with("[3,1,2]", "i/s").summary(SummaryMode::best).value, 3);
  EXPECT_EQ(with("[3,1,2]", "i/s").summary(SummaryMode::best).type, "max");
  EXPECT_EQ(with("[3,1,2]", "s").summary(SummaryMode::mean).value, 2);
  EXPECT_EQ(with("[3,1,2]", "s").summary(SummaryMode::mean).type, "mean");
}

TEST(Summary, a_stored_aggregate_wins) {
  BenchmarkResult result = with("[3,1,2]", "s");
  result.stats.min = 0.5;
  result.stats.mean = 9;
  EXPECT_EQ(result.summary(SummaryMode::best).value, 0.5);
  EXPECT_EQ(result.summary(SummaryMode::mean).value, 9);
}

TEST(Summary, a_failed_result_has_none) {
  EXPECT_FALSE(with("[1,null]", "s").summary(SummaryMode::best).value);
  EXPECT_FALSE(with("[]", "s").summary(SummaryMode::best).value);
  const Summary unitless = with("[1]", std::nullopt).summary(SummaryMode::best);
  EXPECT_FALSE(unitless.value);
  EXPECT_EQ(unitless.type, "n/a");
  BenchmarkResult errored = with("[1]", "s");
  errored.error = json::Value::object();
  EXPECT_TRUE(errored.failed());
  EXPECT_FALSE(errored.summary(SummaryMode::mean).value);
}

TEST(Annotations, only_true_begins_a_change) {
  BenchmarkResult result;
  EXPECT_FALSE(result.begins_distribution_change());
  result.change_annotations = parsed(R"({"begins_distribution_change":false})");
  EXPECT_FALSE(result.begins_distribution_change());
  result.change_annotations = parsed(R"({"begins_distribution_change":true})");
  EXPECT_TRUE(result.begins_distribution_change());
}

TEST(Fingerprint, golden) {
  EXPECT_EQ(
      history_fingerprint("case0", "ctx0", "m1-0-2-4-17179869184", "https://github.com/org/repo"),
      "9cdca36daa687c971208be35b6e2c33f");
}

TEST(Fingerprint, depends_on_hardware_hash_not_on_the_row) {
  Hardware other = machine();
  other.kernel_name = "6.1";
  EXPECT_EQ(history_fingerprint("c", "x", other.hash(), "r"),
            history_fingerprint("c", "x", machine().hash(), "r"));
}

}  // namespace
}  // namespace bl::results
