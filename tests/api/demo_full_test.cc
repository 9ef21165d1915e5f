#include <gtest/gtest.h>

#include <set>

#include "base/uri.h"
#include "product/server_process.h"

/// `benchlake demo --full`: all domains of a real server have their part, and the parts name each
/// other.
namespace bl::product {
namespace {

constexpr const char* k_until = "2026-11-01T12:00:00Z";

const json::Value& at(const json::Value& value, std::initializer_list<const char*> keys) {
  const json::Value* found = &value;
  for (const char* key : keys) {
    static const json::Value none;
    const json::Value* next = found->find(key);
    found = next != nullptr ? next : &none;
  }
  return *found;
}
std::string text(const json::Value& value, std::initializer_list<const char*> keys) {
  const json::Value& found = at(value, keys);
  return found.is_string() ? found.as_string() : "";
}

class FullDemo : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server.ready());
    const CommandOutcome outcome = run();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    auto parsed = json::parse(outcome.out);
    ASSERT_TRUE(parsed.ok()) << outcome.out;
    said = *std::move(parsed);
  }
  CommandOutcome run(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"demo",   "--full", "--json",
                                      "--seed", "5",      "--until",
                                      k_until,  "--data", folder.path() + "/data"};
    words.insert(words.end(), more.begin(), more.end());
    return run_benchlake(words);
  }
  json::Value get(const std::string& path) const {
    const Answer answer = server.get(path);
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.text;
    return answer.body;
  }
  std::string commit_query() const {
    return "?repository=" + percent_encode(text(said, {"repository"})) +
           "&sha=" + text(said, {"guilty", "sha"});
  }

  const TemporaryFolder folder;
  const ServerProcess server{folder.path() + "/data"};
  json::Value said;
};

TEST_F(FullDemo, three_series_are_slower_since_the_planted_commit_and_no_other_is) {
  EXPECT_TRUE(at(said, {"is_judged"}).as_bool());
  const json::Value verdict = get("/api/v1/commits/verdict" + commit_query());
  EXPECT_EQ(at(verdict, {"slower"}).as_int64(), 3) << json::to_text(verdict);
  EXPECT_EQ(at(verdict, {"faster"}).as_int64(), 0);
  std::set<std::string> names;
  for (const json::Value& row : at(verdict, {"changed"}).items()) names.insert(text(row, {"name"}));
  EXPECT_EQ(names, (std::set<std::string>{"cart", "checkout", "product-page"}));

  const json::Value regressed = get("/api/series?status=regressed");
  names.clear();
  for (const json::Value& series : at(regressed, {"series"}).items()) {
    names.insert(text(series, {"name"}));
    EXPECT_EQ(text(series, {"verdict", "change", "commit_sha"}), text(said, {"guilty", "sha"}));
  }
  EXPECT_EQ(names, (std::set<std::string>{"cart", "checkout", "product-page"}));
}

TEST_F(FullDemo, the_comment_of_the_planted_commit_names_the_span_that_grew) {
  const json::Value comment = get("/api/v1/advice/comment" + commit_query());
  EXPECT_EQ(text(comment, {"status"}), "slower") << json::to_text(comment);
  EXPECT_EQ(text(comment, {"base_sha"}), text(said, {"before", "sha"}));
  EXPECT_EQ(at(comment, {"findings"}).items().size(), 3u);
  ASSERT_EQ(at(comment, {"groups"}).items().size(), 1u);
  EXPECT_EQ(text(at(comment, {"groups"}).items().front(), {"cause"}), "same_span");
  ASSERT_EQ(at(comment, {"spans"}).items().size(), 3u);
  for (const json::Value& span : at(comment, {"spans"}).items()) {
    EXPECT_EQ(text(span, {"name"}), "price lines");
  }
  EXPECT_EQ(text(comment, {"reproduce", "source"}), "recorded");
  // The pull request that changed nothing is told of as such.
  const json::Value quiet =
      get("/api/v1/advice/comment?repository=" + percent_encode(text(said, {"repository"})) +
          "&sha=" + text(said, {"pull_request", "sha"}));
  EXPECT_EQ(text(quiet, {"status"}), "steady") << json::to_text(quiet);
}

TEST_F(FullDemo, results_traces_builds_and_sweeps_name_each_other) {
  // A result names traces, and they are there, of the same run.
  const std::string run = text(said, {"guilty", "run_id"});
  const json::Value results = get("/api/benchmark-results?run_id=" + run);
  std::string result;
  for (const json::Value& one : at(results, {"results"}).items()) {
    if (text(one, {"case_name"}) == "checkout") result = text(one, {"id"});
  }
  ASSERT_FALSE(result.empty()) << json::to_text(results);
  const json::Value links = get("/api/v1/results/" + result + "/traces");
  ASSERT_FALSE(at(links, {"exemplars"}).items().empty());
  const std::string trace = text(at(links, {"exemplars"}).items().front(), {"trace_id"});
  EXPECT_EQ(server.get("/api/v1/traces/" + trace).status, 200);

  // What grew between the run before and this one is the part that was planted.
  const json::Value diff =
      get("/api/v1/traces/diff-sets?base_run=" + text(said, {"before", "run_id"}) +
          "&compare_run=" + run + "&start=2026-10-01T00:00:00Z&end=2026-11-02T00:00:00Z" +
          "&operation=POST%20/checkout");
  ASSERT_FALSE(at(diff, {"diff", "changed"}).items().empty()) << json::to_text(diff);
  const json::Value& path = at(at(diff, {"diff", "changed"}).items().front(), {"path"});
  EXPECT_EQ(text(path.items().back(), {"name"}), "price lines");

  // The run is a build, which knows its results.
  const json::Value build = get("/api/v1/builds/" + run);
  EXPECT_EQ(text(build, {"build", "status_name"}), "BUILD_REQUEST_COMPLETED");
  ASSERT_EQ(at(build, {"runs"}).items().size(), 1u);
  EXPECT_EQ(text(at(build, {"runs"}).items().front(), {"run_id"}), run);
  const json::Value failed = get("/api/v1/builds/" + text(said, {"failed_build", "run_id"}));
  EXPECT_EQ(text(failed, {"build", "status_name"}), "BUILD_REQUEST_FAILED");
  EXPECT_TRUE(at(failed, {"runs"}).items().empty());

  // A sweep leads to its run, whose tags name it.
  const json::Value frontier =
      get("/api/v1/inference/frontier?model=DeepSeek-R1-0528&sequence=8k/1k");
  EXPECT_EQ(at(frontier, {"lines"}).items().size(), 2u) << json::to_text(frontier);
  const json::Array& sweeps = at(said, {"sweeps"}).items();
  ASSERT_EQ(sweeps.size(), 3u);
  const json::Value& newest = sweeps.back();
  EXPECT_NE(json::to_text(frontier).find("/runs/" + text(newest, {"run_id"})), std::string::npos);
  const json::Value of_sweep =
      get("/api/benchmark-results?page_size=1&run_id=" + text(newest, {"run_id"}));
  EXPECT_EQ(text(at(of_sweep, {"results"}).items().front(), {"run_tags", "sweep"}),
            text(newest, {"github_run_id"}));
}

TEST_F(FullDemo, refuses_a_store_with_results_and_adds_nothing_when_forced) {
  const CommandOutcome again = run();
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("the store has results already"), std::string::npos) << again.err;

  const std::string facts = server.get("/api/v1/facts").text;
  const std::string events = text(get("/api/v1/events/status"), {"backend"});
  const std::optional<std::int64_t> count = at(get("/api/v1/events/status"), {"events"}).as_int64();
  const CommandOutcome forced = run({"--force"});
  ASSERT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_EQ(server.get("/api/v1/facts").text, facts) << "sent twice, stored once";
  EXPECT_EQ(at(get("/api/v1/events/status"), {"events"}).as_int64(), count) << events;
}

TEST(Demo, options_of_the_made_one_are_refused_without_it) {
  const CommandOutcome outcome = run_benchlake({"demo", "--seed", "4"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("--seed"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace bl::product
