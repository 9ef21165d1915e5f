#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/ids.h"
#include "product/server_process.h"

/// The first way through the house, on a real process: a CI job posts results, a person asks what
/// got slower.
namespace bl::product {
namespace {

/// A result of one benchmark on commit number `commit`, hours after the one before.
std::string result_of(int commit, double seconds, const std::string& key = "") {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (!key.empty()) writer.member("submission_key", key);
  writer.member("run_id", fmt::format("run-{}", commit)).member("run_reason", "commit");
  writer.member("timestamp", to_rfc3339(Timestamp::from_seconds(1'700'000'000 + commit * 3600)));
  writer.key("tags").begin_object().member("name", "matrix-multiply").member("n", 512).end_object();
  writer.key("context").begin_object().end_object();
  writer.key("github").begin_object().member("repository", "https://github.com/org/repo/");
  writer.member("commit", fmt::format("{:040x}", commit + 1)).key("commit_info").begin_object();
  writer.member("timestamp", to_rfc3339(Timestamp::from_seconds(1'690'000'000 + commit * 3600)));
  writer.member("message", fmt::format("change {}", commit)).end_object().end_object();
  writer.key("machine_info")
      .begin_object()
      .member("name", "m1")
      .member("memory_bytes", "17179869184");
  writer.member("gpu_count", "0")
      .member("cpu_core_count", "2")
      .member("cpu_thread_count", "4")
      .end_object();
  writer.key("stats").begin_object().key("data").begin_array().value(seconds).end_array().member(
      "unit", "s");
  writer.end_object().end_object();
  return body;
}

class FirstWay : public testing::Test {
 protected:
  /// Twenty quiet commits, then one twice as slow.
  void submit_history() {
    const double noise[] = {0.1, -0.1, 0.05, 0.0, -0.05};
    for (int commit = 0; commit < 20; ++commit) submit(commit, 10.0 + noise[commit % 5]);
    submit(20, 20.0);
  }
  void submit(int commit, double seconds) {
    const Answer answer = server.post("/api/results", result_of(commit, seconds));
    ASSERT_EQ(answer.status, 201) << answer.text;
    ids.push_back(answer.body.find("id")->as_string());
    fingerprint = answer.body.find("history_fingerprint")->as_string();
  }
  /// Series are judged behind the answer of a submit; waits for the first one.
  Answer first_regressed() {
    Answer answer;
    for (int attempt = 0; attempt < 500; ++attempt) {
      answer = server.get("/api/series?status=regressed");
      const json::Value* series = answer.body.find("series");
      if (series == nullptr || !series->items().empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return answer;
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
  std::vector<std::string> ids;
  std::string fingerprint;
};

TEST_F(FirstWay, a_stored_result_is_read_back_whole) {
  submit(0, 10.5);
  const Answer answer = server.get("/api/benchmark-results/" + ids[0]);
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json::Value& result = answer.body;
  EXPECT_EQ(result.find("run_id")->as_string(), "run-0");
  EXPECT_EQ(json::to_text(*result.find("tags")), R"({"name":"matrix-multiply","n":"512"})");
  EXPECT_EQ(result.find("commit_repo_url")->as_string(), "https://github.com/org/repo");
  EXPECT_EQ(result.find("hardware")->find("hash")->as_string(), "m1-0-2-4-17179869184");
  EXPECT_EQ(result.find("single_value_summary")->as_double(), 10.5);
  EXPECT_EQ(result.find("commit")->find("message")->as_string(), "change 0");
  EXPECT_TRUE(is_id(ids[0]));
}

TEST_F(FirstWay, the_slow_commit_is_a_regression_everywhere_it_is_asked_for) {
  submit_history();
  const Answer series = first_regressed();
  ASSERT_EQ(series.status, 200) << series.text;
  ASSERT_EQ(series.body.find("series")->items().size(), 1u) << series.text;
  const json::Value& row = series.body.find("series")->items()[0];
  EXPECT_EQ(row.find("history_fingerprint")->as_string(), fingerprint);
  EXPECT_EQ(row.find("point_count")->as_int64(), 21);
  EXPECT_NEAR(row.find("change_percent")->as_double(), -100, 1);

  const Answer history = server.get("/api/history?fingerprint=" + fingerprint);
  ASSERT_EQ(history.status, 200);
  ASSERT_EQ(history.body.find("samples")->items().size(), 21u);
  EXPECT_TRUE(
      history.body.find("samples")->items()[20].find("zscorestats")->find("is_step")->as_bool());

  const Answer comparison =
      server.get("/api/compare/benchmark-results?baseline_result_id=" + ids[19] +
                 "&contender_result_id=" + ids[20]);
  ASSERT_EQ(comparison.status, 200) << comparison.text;
  const json::Value& analysis = *comparison.body.find("analysis");
  EXPECT_TRUE(analysis.find("pairwise")->find("regression_indicated")->as_bool());
  EXPECT_TRUE(analysis.find("lookback_z_score")->find("regression_indicated")->as_bool());
  EXPECT_LT(analysis.find("lookback_z_score")->find("z_score")->as_double(), -5);
}

TEST_F(FirstWay, pages_of_results_cover_everything_once) {
  submit_history();
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const Answer page = server.get("/api/benchmark-results?page_size=4" +
                                   (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(page.status, 200) << page.text;
    for (const json::Value& row : page.body.find("results")->items())
      seen.push_back(row.find("id")->as_string());
    const json::Value* next = page.body.find("next_page_cursor");
    cursor = next->is_null() ? "" : next->as_string();
  } while (!cursor.empty());
  EXPECT_EQ(seen, std::vector<std::string>(ids.rbegin(), ids.rend()));
}

TEST_F(FirstWay, a_submission_key_replays_and_refuses_other_content) {
  const Answer first = server.post("/api/results", result_of(0, 10, "build-77"));
  ASSERT_EQ(first.status, 201) << first.text;
  const Answer again = server.post("/api/results", result_of(0, 10, "build-77"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body.find("id")->as_string(), first.body.find("id")->as_string());
  const Answer other = server.post("/api/results", result_of(0, 11, "build-77"));
  EXPECT_EQ(other.status, 409) << other.text;
  EXPECT_EQ(other.body.find("code")->as_string(), "conflict");
  EXPECT_EQ(server.get("/api/v1/facts").body.find("results")->as_int64(), 1);
}

TEST_F(FirstWay, one_search_finds_series_runs_results_and_commits) {
  submit(3, 10);
  const auto kinds = [&](const std::string& text) {
    const Answer answer = server.get("/api/v1/search?q=" + text);
    std::string found;
    for (const json::Value& hit : answer.body.find("results")->items())
      found += hit.find("kind")->as_string() + " ";
    return found;
  };
  EXPECT_EQ(kinds("MATRIX%20512"), "series ");
  EXPECT_EQ(kinds("run-3"), "run ");
  EXPECT_EQ(kinds(ids[0]), "result ");
  EXPECT_EQ(kinds(fmt::format("{:040x}", 4)), "commit ");
}

TEST_F(FirstWay, an_orderly_stop_keeps_everything_and_cleans_up) {
  submit_history();
  EXPECT_EQ(server.terminate(), 0);
  ServerProcess second(folder.path() + "/data");
  ASSERT_TRUE(second.ready());
  EXPECT_EQ(second.get("/api/v1/facts").body.find("results")->as_int64(), 21);
}

TEST_F(FirstWay, two_servers_on_one_store_are_refused) {
  const CommandOutcome second =
      run_benchlake({"serve", "--data", folder.path() + "/data", "--http", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_EQ(second.out, "");
  EXPECT_NE(second.err.find(folder.path() + "/data"), std::string::npos) << second.err;
}

}  // namespace
}  // namespace bl::product
