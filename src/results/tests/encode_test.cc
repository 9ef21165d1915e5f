#include "results/encode.h"

#include <gtest/gtest.h>

#include <limits>

// The keys are those of spec/results-conbench.md 3.5, all of them and no others.
namespace bl::results {
namespace {

json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

std::vector<std::string> keys_of(const json::Value& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.members()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, ""));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

constexpr std::string_view k_list_commit =
    "hash repository message author_name author_login author_avatar timestamp";

StoredCommit commit() {
  StoredCommit commit;
  commit.id = "c1";
  commit.sha = "abc";
  commit.repository = "https://github.com/org/repo";
  commit.message = "first \"line\"";
  commit.timestamp = Timestamp::from_seconds(1'700'000'000);
  return commit;
}

StoredResult result() {
  StoredResult result;
  result.id = "r1";
  result.run_id = "run";
  result.timestamp = Timestamp{1'700'000'000'123'456};
  result.benchmark_case = {"sort", parsed(R"({"size":"10"})")};
  result.hardware.name = "m1";
  result.hardware_id = "h1";
  result.hardware_hash = "m1-0-2-4-1";
  result.stats.data = parsed("[1.50,2]").items();
  result.stats.unit = "s";
  result.stored_commit = commit();
  return result;
}

TEST(EncodeResult, has_the_keys_of_the_contract) {
  const json::Value detail = parsed(encode_result(result(), SummaryMode::best));
  EXPECT_EQ(keys_of(detail),
            words("id run_id run_tags run_reason batch_id timestamp commit_repo_url "
                  "history_fingerprint tags context info hardware commit unit less_is_better "
                  "time_unit iterations data times stats error optional_benchmark_info validation "
                  "change_annotations single_value_summary single_value_summary_type"));
  EXPECT_EQ(keys_of(*detail.find("hardware")), words("id type name hash"));
  EXPECT_EQ(keys_of(*detail.find("commit")), words("id sha repository message timestamp"));
  EXPECT_EQ(keys_of(*detail.find("stats")), words("min max mean median stdev q1 q3 iqr"));
}

TEST(EncodeResult, values) {
  const json::Value detail = parsed(encode_result(result(), SummaryMode::best));
  EXPECT_EQ(detail.find("timestamp")->as_string(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(json::to_text(*detail.find("tags")), R"({"name":"sort","size":"10"})");
  EXPECT_EQ(json::to_text(*detail.find("data")), "[1.50,2]");
  EXPECT_TRUE(detail.find("less_is_better")->as_bool());
  EXPECT_EQ(detail.find("single_value_summary")->as_double(), 1.5);
  EXPECT_EQ(detail.find("single_value_summary_type")->as_string(), "min");
  EXPECT_EQ(detail.find("commit")->find("message")->as_string(), "first \"line\"");
  EXPECT_EQ(json::to_text(*detail.find("context")), "{}");
  EXPECT_TRUE(detail.find("validation")->is_null());
}

TEST(EncodeResult, without_commit_and_unit) {
  StoredResult bare = result();
  bare.stored_commit.reset();
  bare.stats.unit.reset();
  const json::Value detail = parsed(encode_result(bare, SummaryMode::mean));
  EXPECT_TRUE(detail.find("commit")->is_null());
  EXPECT_TRUE(detail.find("less_is_better")->is_null());
  EXPECT_TRUE(detail.find("single_value_summary")->is_null());
  EXPECT_EQ(detail.find("single_value_summary_type")->as_string(), "n/a");
}

TEST(EncodeResults, has_the_keys_of_the_contract) {
  ResultRow row;
  row.commit = commit();
  row.summary = {1.5, "min"};
  const json::Value page = parsed(encode_results(std::vector<ResultRow>{row}, "cursor"));
  EXPECT_EQ(keys_of(page), words("results next_page_cursor"));
  EXPECT_EQ(page.find("next_page_cursor")->as_string(), "cursor");
  const json::Value& item = page.find("results")->items()[0];
  EXPECT_EQ(keys_of(item),
            words("id run_id run_reason run_tags batch_id timestamp unit single_value_summary "
                  "single_value_summary_type history_fingerprint case_name case_tags commit "
                  "has_error"));
  EXPECT_EQ(keys_of(*item.find("commit")), words(k_list_commit));
  EXPECT_TRUE(parsed(encode_results({}, std::nullopt)).find("next_page_cursor")->is_null());
}

History history(int points) {
  History history{.fingerprint = "f", .repository = "https://github.com/org/repo"};
  history.infos["info-1"] = R"({"compiler":"gcc"})";
  for (int i = 0; i < points; ++i) {
    HistoryPoint point;
    point.result_id =
        history.texts.keep("06518b680000700080000000000000" + std::to_string(10 + i % 90));
    point.result_timestamp = Timestamp{1'700'000'000'500'000};
    point.commit_timestamp = Timestamp::from_seconds(1'600'000'000);
    point.mean = 1.25;
    point.summary = {1.5, "min"};
    point.unit = "s";
    point.data_json = "[1.50, null]";
    point.run_tags_json = R"({"name":"n"})";
    point.info_id = "info-1";
    point.lookback.segment = 2;
    point.lookback.rolling_mean = 0.1 * i;
    history.points.push_back(std::move(point));
  }
  return history;
}

TEST(EncodeHistory, has_the_keys_of_the_contract_and_one_of_ours) {
  const json::Value body = parsed(encode_history(history(1)));
  EXPECT_EQ(keys_of(body), words("history_fingerprint samples verdict"));
  const json::Value& sample = body.find("samples")->items()[0];
  EXPECT_EQ(
      keys_of(sample),
      words("benchmark_result_id result_timestamp mean single_value_summary "
            "single_value_summary_type unit hardware_hash commit_hash commit_repository "
            "commit_message commit_timestamp zscorestats data run_tags info change_annotations"));
  EXPECT_EQ(keys_of(*sample.find("zscorestats")),
            words("begins_distribution_change is_step is_outlier segment_id "
                  "rolling_mean_excluding_this_commit rolling_mean residual rolling_stddev"));
  EXPECT_EQ(sample.find("zscorestats")->find("segment_id")->number_text(), "2");
  EXPECT_TRUE(sample.find("zscorestats")->find("rolling_stddev")->is_null());
  EXPECT_EQ(sample.find("result_timestamp")->as_string(), "2023-11-14T22:13:20.500000Z");
  EXPECT_EQ(json::to_text(*sample.find("data")), "[1.50,null]");
  EXPECT_EQ(json::to_text(*sample.find("info")), R"({"compiler":"gcc"})");
  EXPECT_EQ(json::to_text(*sample.find("change_annotations")), "{}") << "absent in old rows";
}

CompareInput comparable() {
  CompareInput input;
  input.baseline.unit = input.contender.unit = "s";
  input.baseline.summary = {10.25, "min"};
  input.contender.summary = {20, "min"};
  input.distribution = {.mean = 10.15, .stddev = 0.0717};
  return input;
}

TEST(EncodeComparison, has_the_keys_of_the_contract_and_one_of_ours) {
  const json::Value body = parsed(encode_comparison(compare(comparable(), {})));
  EXPECT_EQ(keys_of(body), words("unit less_is_better baseline contender analysis verdict"));
  EXPECT_EQ(keys_of(*body.find("baseline")),
            words("benchmark_result_id single_value_summary run_id"));
  const json::Value& analysis = *body.find("analysis");
  EXPECT_EQ(keys_of(analysis), words("pairwise lookback_z_score"));
  EXPECT_EQ(keys_of(*analysis.find("pairwise")),
            words("percent_change percent_threshold regression_indicated improvement_indicated"));
  EXPECT_EQ(keys_of(*analysis.find("lookback_z_score")),
            words("z_score z_threshold regression_indicated improvement_indicated"));
  EXPECT_NEAR(analysis.find("pairwise")->find("percent_change")->as_double(), -95.12, 0.005);
  EXPECT_TRUE(analysis.find("lookback_z_score")->find("regression_indicated")->as_bool());
}

TEST(Comparison, a_failed_side_is_not_judged) {
  CompareInput input = comparable();
  input.baseline.failed = true;
  EXPECT_FALSE(compare(input, {}).pairwise);
  EXPECT_TRUE(compare(input, {}).lookback) << "the distribution is not the baseline's own value";
  input.contender.failed = true;
  EXPECT_FALSE(compare(input, {}).lookback);
}

TEST(Comparison, thresholds_are_the_callers) {
  const Comparison loose = compare(comparable(), {.percent = 1000, .z = 1000});
  EXPECT_FALSE(loose.pairwise->regression);
  EXPECT_EQ(loose.pairwise->threshold, 1000);
  EXPECT_FALSE(loose.lookback->regression);
}

TEST(Comparison, more_is_better_by_unit) {
  CompareInput input = comparable();
  input.baseline.unit = input.contender.unit = "i/s";
  const Comparison comparison = compare(input, {});
  EXPECT_EQ(comparison.less_is_better, false);
  EXPECT_TRUE(comparison.pairwise->improvement);
}

TEST(EncodeSeries, has_the_keys_of_the_contract_and_three_of_ours) {
  SeriesRow row;
  row.status = SeriesStatus::regressed;
  row.unit = "i/s";
  row.latest_summary = {2, "max"};
  row.sparkline = {1, 1.5};
  row.z_score = -7;
  SeriesPage page;
  page.series.push_back(row);
  const json::Value body = parsed(encode_series(page));
  EXPECT_EQ(keys_of(body), words("series next_page_cursor"));
  const json::Value& item = body.find("series")->items()[0];
  EXPECT_EQ(keys_of(item),
            words("history_fingerprint name tags context hardware repository unit less_is_better "
                  "status latest_result_id latest_single_value_summary "
                  "latest_single_value_summary_type latest_commit_sha latest_commit_timestamp "
                  "latest_result_timestamp point_count sparkline z_score change_percent verdict"));
  EXPECT_TRUE(item.find("verdict")->is_null());
  EXPECT_EQ(item.find("status")->as_string(), "regressed");
  EXPECT_FALSE(item.find("less_is_better")->as_bool());
  EXPECT_EQ(json::to_text(*item.find("sparkline")), "[1,1.5]");
}

TEST(EncodeSeries, a_series_shows_its_own_verdict) {
  SeriesPage page;
  for (const char* fingerprint : {"a", "b"}) {
    SeriesRow row;
    row.history_fingerprint = fingerprint;
    page.series.push_back(row);
  }
  const StoredVerdicts verdicts = {{"b", {VerdictDecision::steady, 0, R"({"decision":"steady"})"}}};
  const json::Value body = parsed(encode_series(page, verdicts));
  const auto& items = body.find("series")->items();
  EXPECT_TRUE(items[0].find("verdict")->is_null());
  EXPECT_EQ(json::to_text(*items[1].find("verdict")), R"({"decision":"steady"})");
}

struct NoVerdicts : VerdictReader {
  Result<VerdictPicture> picture(std::string_view, int) override { return error(); }
  Result<StoredVerdicts> verdicts(std::span<const std::string_view>) override { return error(); }
  Result<std::vector<RunVerdict>> runs(std::span<const RunKey>) override { return error(); }
  Result<StoredVerdicts> contenders(const BranchRun&) override { return error(); }
  Result<CommitVerdict> commit(std::string_view, std::string_view) override { return error(); }
  static Error error() { return {Code::unavailable, "no such table"}; }
};

TEST(ShownVerdicts, an_additional_member_fails_no_answer) {
  NoVerdicts reader;
  const std::string_view fingerprint = "f";
  const RunKey run{"r", "x"};
  EXPECT_TRUE(shown_verdicts(&reader, std::span(&fingerprint, 1)).empty());
  EXPECT_TRUE(shown_verdicts(&reader, std::span(&run, 1)).empty());
  EXPECT_TRUE(shown_verdicts(nullptr, std::span(&fingerprint, 1)).empty());
  BranchRun contender;
  contender.series.push_back({"f", "s", {}});
  EXPECT_TRUE(shown_verdicts(&reader, contender).empty());
}

TEST(EncodeRecentRuns, has_the_keys_of_the_contract_and_one_of_ours) {
  RunRow run;
  run.run_id = "r";
  run.commit = commit();
  const json::Value body =
      parsed(encode_recent_runs(std::vector<RunRow>{run}, {}, WithAttention::yes));
  const json::Value& item = body.find("runs")->items()[0];
  EXPECT_EQ(keys_of(item),
            words("run_id run_reason run_tags batch_count latest_batch_id result_count error_count "
                  "series_count latest_result_id repository commit_sha first_result_at "
                  "last_result_at commit attention verdict"));
  EXPECT_EQ(keys_of(*item.find("commit")), words(k_list_commit));
  const json::Value& attention = *item.find("attention");
  EXPECT_EQ(keys_of(attention), words("status status_reason report_url summary"));
  EXPECT_EQ(keys_of(*attention.find("summary")),
            words("compared regressions benchmark_errors missing_baseline not_comparable"));
}

TEST(Attention, has_the_precedence_of_a_ci_report) {
  RunRow run;
  run.series_count = 5;
  run.result_count = 6;
  run.insufficient_count = 5;
  EXPECT_STREQ(attention_of(run).status, "skipped");
  run.insufficient_count = 2;
  run.stable_count = 3;
  EXPECT_STREQ(attention_of(run).status, "success");
  EXPECT_EQ(attention_of(run).missing_baseline, 2);
  run.insufficient_count = 1;
  run.regressed_count = 1;
  EXPECT_STREQ(attention_of(run).status, "failure");
  EXPECT_EQ(attention_of(run).compared, 4);
  EXPECT_EQ(attention_of(run).regressions, 1);
  run.error_count = 2;
  EXPECT_STREQ(attention_of(run).status, "action_required");
  EXPECT_EQ(attention_of(run).reason, "2 of 6 results failed; 1 of 4 compared series regressed");
}

TEST(Attention, of_a_run_that_others_followed_does_not_speak_of_missing_history) {
  RunRow run;
  run.series_count = 66;
  EXPECT_STREQ(attention_of(run).status, "skipped");
  EXPECT_EQ(attention_of(run).reason, "the newest points of this run's series are of other runs");
  EXPECT_EQ(attention_of(run).missing_baseline, 0);
  EXPECT_EQ(attention_of(run).not_comparable, 66);
  run.insufficient_count = 2;
  EXPECT_EQ(attention_of(run).reason,
            "2 series of this run do not have enough history to be compared; the newest points of "
            "the other 64 are of other runs");
}

TEST(Encode, no_infinity_reaches_the_wire) {
  History broken = history(1);
  broken.points[0].mean = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(parsed(encode_history(broken)).find("samples")->items()[0].find("mean")->is_null());
}

}  // namespace
}  // namespace bl::results
