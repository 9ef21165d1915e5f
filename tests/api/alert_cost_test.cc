#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "product/server_process.h"

/// What an alert costs, on the running program: a slowdown is told, then people and reverts say
/// whether it was right.
namespace bl::product {
namespace {

constexpr const char* k_repository = "https://github.com/org/repo";
constexpr int k_slow = 40, k_revert = 48, k_commits = 56;

std::string time_of(int commit) {
  return to_rfc3339(Timestamp::from_seconds(1'780'000'000 + commit * 3600));
}

std::string sha_of(int commit) {
  return fmt::format("{:040x}", commit + 1);
}

std::string result_of(int commit, double seconds) {
  const std::string message = commit == k_revert ? fmt::format("Revert \\\"Change {}\\\"", k_slow)
                                                 : fmt::format("Change {}", commit);
  return fmt::format(
      R"({{"run_id":"run-{0}","run_reason":"commit","timestamp":"{1}","tags":{{"name":"sort"}},)"
      R"("context":{{}},"github":{{"repository":"{2}","commit":"{3}","commit_info":)"
      R"({{"timestamp":"{1}","message":"{4}"}}}},)"
      R"("machine_info":{{"name":"m1"}},"stats":{{"data":[{5}],"unit":"s"}}}})",
      commit, time_of(commit), k_repository, sha_of(commit), message, seconds);
}

class AlertCost : public testing::Test {
 protected:
  /// Ten seconds with a percent of noise; twelve from the slow commit to its revert.
  void submit_history() {
    const double noise[] = {0.1, -0.1, 0.05, 0.0, -0.05, 0.08, -0.02};
    for (int commit = 0; commit < k_commits; ++commit) {
      const double level = commit >= k_slow && commit < k_revert ? 12 : 10;
      const Answer stored =
          server.post("/api/results", result_of(commit, level + noise[commit % 7]));
      ASSERT_EQ(stored.status, 201) << stored.text;
      ids.push_back(stored.body.find("id")->as_string());
    }
  }
  std::string path() const {
    return fmt::format("/api/v1/advice/alert-cost?repository={}&days=365&until={}", k_repository,
                       time_of(k_commits));
  }
  std::int64_t number(const Answer& answer, const char* key) const {
    const json::Value* value = answer.body.find(key);
    return value == nullptr || !value->is_number() ? -1 : value->as_int64().value_or(-1);
  }
  /// Verdicts are made behind the answer of a submit.
  Answer when(const char* key, std::int64_t wanted) const {
    Answer answer;
    for (int attempt = 0; attempt < 1'000; ++attempt) {
      answer = server.get(path());
      if (number(answer, key) == wanted) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return answer;
  }
  void annotate(const std::string& id, const char* name) const {
    net::ApiClient client({server.url(), server.operator_token(), {}});
    const auto changed = client.put("/api/benchmark-results/" + id,
                                    fmt::format(R"({{"change_annotations":{{"{}":true}}}})", name));
    ASSERT_TRUE(changed.ok()) << changed.error().message;
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
  std::vector<std::string> ids;
};

TEST_F(AlertCost, a_reverted_slowdown_was_told_rightly) {
  ASSERT_TRUE(server.ready());
  submit_history();
  const Answer answer = when("confirmed", 1);
  ASSERT_EQ(number(answer, "confirmed"), 1) << answer.text;
  const json::Value alert = answer.body.find("alerts")->items().at(0);
  EXPECT_EQ(alert.find("commit_sha")->as_string(), sha_of(k_slow));
  const json::Value evidence = alert.find("evidence")->items().at(0);
  EXPECT_EQ(evidence.find("kind")->as_string(), "reverted");
  EXPECT_EQ(evidence.find("commit_sha")->as_string(), sha_of(k_revert));

  const CommandOutcome told = run_benchlake({"alert-cost", "--repository", k_repository, "--days",
                                             "3660", "--data", folder.path() + "/data"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_NE(told.out.find("too_few_results"), std::string::npos) << told.out;
}

TEST_F(AlertCost, what_somebody_calls_noise_stays_told_and_disputes_the_revert) {
  ASSERT_TRUE(server.ready());
  submit_history();
  when("confirmed", 1);
  annotate(ids[k_slow], "noise");
  const Answer answer = when("unknown", 1);
  EXPECT_EQ(number(answer, "unknown"), 1) << answer.text;
  EXPECT_EQ(answer.body.find("alerts")->items().at(0).find("evidence")->items().size(), 2u);
}

TEST_F(AlertCost, what_somebody_confirms_and_nothing_told_is_missed) {
  ASSERT_TRUE(server.ready());
  submit_history();
  when("confirmed", 1);
  annotate(ids[20], "confirmed");
  const Answer answer = when("missed", 1);
  ASSERT_EQ(number(answer, "missed"), 1) << answer.text;
  EXPECT_EQ(answer.body.find("misses")->items().at(0).find("commit_sha")->as_string(), sha_of(20));
}

TEST_F(AlertCost, what_is_asked_wrongly_is_refused) {
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(server.get("/api/v1/advice/alert-cost").status, 422);
  EXPECT_EQ(server.get("/api/v1/advice/alert-cost?repository=org/repo&miss_cost=0").status, 422);
  EXPECT_EQ(server.get("/api/v1/advice/alert-cost?repository=org/repo&days=3661").status, 422);
  EXPECT_EQ(server.get("/api/v1/advice/alert-cost?repository=https://github.com/org/none").status,
            404);
  EXPECT_EQ(
      run_benchlake({"alert-cost", "--repository", k_repository, "--data", folder.path() + "/data"})
          .exit_code,
      2);
}

}  // namespace
}  // namespace bl::product
