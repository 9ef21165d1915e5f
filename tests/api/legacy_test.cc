#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "product/server_process.h"

/// The legacy dialect of Conbench's API on a real process, used as its Python clients use it.
namespace bl::product {
namespace {

/// What benchadapt posts: counts as texts, `run_reason` null when nobody said one.
std::string benchadapt_result(const std::string& sha, const std::string& samples,
                              const std::string& more = "") {
  std::string body = R"({"run_id":"run-)";
  body += sha.substr(0, 4);
  body += R"(","batch_id":"batch-1","run_reason":null,"run_name":"None: )";
  body += sha;
  body += R"(","run_tags":{},"timestamp":"2024-08-01T12:00:00.987654+02:00",)"
          R"("tags":{"name":"matrix-multiply","n":512,"scale":2.0,"none":null},)"
          R"("context":{"benchmark_language":"C++"},"info":{},)"
          R"("github":{"repository":"git@github.com:org/repo","pr_number":null,"commit":")";
  body += sha;
  body += R"("},"machine_info":{"name":"m1","architecture_name":"x86_64","kernel_name":"6.1",)"
          R"("os_name":"Linux","os_version":"12","cpu_model_name":"c",)"
          R"("cpu_l1d_cache_bytes":"32768","cpu_l1i_cache_bytes":"32768",)"
          R"("cpu_l2_cache_bytes":"262144","cpu_l3_cache_bytes":"4194304","cpu_core_count":"2",)"
          R"("cpu_thread_count":"4","cpu_frequency_max_hz":"3500000000",)"
          R"("memory_bytes":"17179869184","gpu_count":"0","gpu_product_names":[]},)"
          R"("stats":{"unit":"s","time_unit":"s","iterations":"1","times":[],"data":[)";
  return body.append(samples).append("]}").append(more).append("}");
}

/// One of four commits on the default branch: 0 is the elder, 3 the child.
std::string sha_of(int commit) {
  return fmt::format("{:040x}", 0xabc0 + commit);
}

class LegacyDialect : public testing::Test {
 protected:
  Answer submit(const std::string& body) { return server.post("/api/benchmark-results/", body); }
  std::string id_of(const Answer& answer) {
    EXPECT_EQ(answer.status, 201) << answer.text;
    const json::Value* id = answer.body.find("id");
    return id == nullptr ? "" : id->as_string();
  }
  /// The legacy dialect cannot say what it knows of a commit; the new one does, for both.
  void tell_of_commit(int commit) {
    std::string body = good_submission(1);
    json::Value document = json::parse(body).value();
    document.set(
        "github",
        json::parse(fmt::format(R"({{"repository":"https://github.com/org/repo","commit":"{}",)"
                                R"("commit_info":{{"timestamp":"2021-02-2{}T00:00:00Z",)"
                                R"("message":"change {}"}}}})",
                                sha_of(commit), commit, commit))
            .value());
    ASSERT_EQ(server.post("/api/results", json::to_text(document)).status, 201);
  }
  std::int64_t result_count() {
    return *server.get("/api/v1/facts").body.find("results")->as_int64();
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(LegacyDialect, a_result_is_answered_whole_and_read_back_the_same) {
  const Answer answer = submit(benchadapt_result(sha_of(0), "\"1.5\",2,3"));
  const std::string id = id_of(answer);
  const std::string self = server.url() + "/api/benchmarks/" + id + "/";
  EXPECT_EQ(answer.headers.get("Location"), self);
  const json::Value& result = answer.body;
  EXPECT_EQ(result.find("links")->find("self")->as_string(), self);
  EXPECT_EQ(result.find("timestamp")->as_string(), "2024-08-01T10:00:00Z");
  EXPECT_EQ(json::to_text(*result.find("tags")),
            R"({"n":"512","name":"matrix-multiply","scale":"2.0"})");
  EXPECT_EQ(result.find("commit_repo_url")->as_string(), "https://github.com/org/repo");
  EXPECT_EQ(json::to_text(*result.find("stats")),
            R"({"data":[1.5,2.0,3.0],"iqr":0.75,"iterations":1,"max":3.0,)"
            R"("mean":2.1666666666666665,"median":2.0,"min":1.5,"q1":1.75,"q3":2.5,)"
            R"("stdev":0.7637626158259733,"time_unit":"s","times":[],"unit":"s"})");
  EXPECT_TRUE(result.find("run_reason")->is_null());
  EXPECT_EQ(result.find("run_tags")->find("name")->as_string(), "None: " + sha_of(0));
  EXPECT_EQ(result.find("hardware")->find("memory_bytes")->as_int64(), 17179869184);
  EXPECT_EQ(result.find("commit")->find("url")->as_string(),
            "https://github.com/org/repo/commit/" + sha_of(0));
  EXPECT_TRUE(result.find("commit")->find("timestamp")->is_null()) << "nobody told of the commit";
  for (const char* list : {"benchmarks", "benchmark-results"}) {
    const Answer again = server.get(std::string("/api/") + list + "/" + id + "/");
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.text, answer.text);
    EXPECT_EQ(again.headers.get("Content-Type"), "application/json");
  }
  const Answer new_dialect = server.get("/api/benchmark-results/" + id);
  EXPECT_EQ(new_dialect.body.find("history_fingerprint")->as_string(),
            result.find("history_fingerprint")->as_string());
  EXPECT_EQ(new_dialect.body.find("hardware")->find("hash")->as_string(), "m1-0-2-4-17179869184");
}

TEST_F(LegacyDialect, results_of_the_older_runner_are_taken) {
  json::Value document = json::parse(benchadapt_result(sha_of(0), "\"0.036369\"")).value();
  json::Value stats = *document.find("stats");
  for (const char* name : {"mean", "median", "min", "max", "q1", "q3"}) {
    stats.set(name, json::Value::string("0.036369"));
  }
  for (const char* name : {"stdev", "iqr"}) stats.set(name, json::Value::number(std::int64_t{0}));
  stats.set("times", json::parse(R"(["0.040000"])").value());
  document.set("stats", stats);
  document.set("optional_benchmark_info", json::Value::object());
  const Answer answer = server.post("/api/benchmarks/", json::to_text(document));
  id_of(answer);
  EXPECT_EQ(json::to_text(*answer.body.find("stats")->find("data")), "[0.036369]");
  EXPECT_EQ(json::to_text(*answer.body.find("stats")->find("times")), "[0.04]");
  EXPECT_TRUE(answer.body.find("stats")->find("stdev")->is_null()) << "of one sample";
}

TEST_F(LegacyDialect, a_refused_submission_has_the_legacy_body_and_stores_nothing) {
  const std::string good = benchadapt_result(sha_of(0), "1");
  const auto refused = [&](const std::string& piece, const std::string& replacement) {
    std::string body = good;
    const std::size_t at = body.find(piece);
    BL_CHECK(at != std::string::npos);
    const Answer answer = submit(body.replace(at, piece.size(), replacement));
    EXPECT_EQ(answer.status, 400) << answer.text;
    EXPECT_EQ(answer.headers.get("Content-Type"), "application/json");
    return answer.text;
  };
  EXPECT_EQ(refused(R"("run_id":)", R"("rum_id":)"),
            R"({"code":400,"description":{"rum_id":["Unknown field."],)"
            R"("run_id":["Missing data for required field."]},"name":"Bad Request"})");
  EXPECT_EQ(refused(R"("unit":"s")", R"("unit":"kg")"),
            R"({"description":"invalid unit string `kg`, pick one of: B, B/s, s, ns, i/s"})");
  EXPECT_EQ(refused(R"("name":"matrix-multiply",)", ""),
            R"~({"description":"`name` property must be present in `tags` )~"
            R"~((the name of the conceptual benchmark)"})~");
  EXPECT_EQ(refused("\"data\":[1]", "\"data\":[NaN]"),
            R"({"code":400,"description":{"stats":{"data":{"0":)"
            R"(["Special numeric values (nan or infinity) are not permitted."]}}},)"
            R"("name":"Bad Request"})");
  constexpr const char* k_not_understood =
      R"({"code":400,"description":"The browser (or proxy) sent a request that this server )"
      R"(could not understand.","name":"Bad Request"})";
  EXPECT_EQ(submit("{").text, k_not_understood);
  EXPECT_EQ(server.post("/api/benchmarks/", good, "text/plain").text, k_not_understood);
  EXPECT_EQ(submit("[]").text, R"({"code":400,"description":{"_schema":["Invalid input type."]},)"
                               R"("name":"Bad Request"})");
  EXPECT_EQ(result_count(), 0);
}

TEST_F(LegacyDialect, every_error_on_a_slashed_path_has_the_legacy_shape) {
  const Answer unknown = server.get("/api/benchmark-results/nope/");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.text,
            R"({"code":404,"description":"no benchmark result found with ID: 'nope'",)"
            R"("name":"Not Found"})");
  const Answer nowhere = server.get("/api/nowhere/");
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(nowhere.text,
            R"({"code":404,"description":"there is nothing at /api/nowhere/","name":"Not Found"})");
  EXPECT_EQ(server.get("/api/nowhere").headers.get("Content-Type"), "application/problem+json");

  const Answer broken = server.get("/api/benchmarks/?run_id=%00");
  EXPECT_EQ(broken.status, 400) << "refused before a route was looked for";
  EXPECT_EQ(broken.text, R"({"code":400,"description":"the query: NUL in an encoded text: %00",)"
                         R"("name":"Bad Request"})");
  for (const char* path : {"/api/benchmark-results/a%00b/", "/api/runs/%/", "/api/runs/%ff/"}) {
    const Answer refused = server.get(path);
    EXPECT_EQ(refused.status, 400) << path;
    EXPECT_EQ(refused.headers.get("Content-Type"), "application/json") << path;
    EXPECT_EQ(refused.body.find("name")->as_string(), "Bad Request") << path;
  }
  EXPECT_EQ(server.get("/api/benchmark-results/a%00b").headers.get("Content-Type"),
            "application/problem+json");

  net::Client client;
  net::Headers headers;
  headers.add("Content-Type", "application/json");
  const auto anonymous = client.send(net::Method::post, server.url() + "/api/benchmarks/", headers,
                                     benchadapt_result(sha_of(0), "1"));
  ASSERT_TRUE(anonymous.ok());
  EXPECT_EQ(anonymous->status, 401);
  EXPECT_EQ(json::parse(anonymous->body)->find("name")->as_string(), "Unauthorized");
  const auto wrong = client.send(net::Method::patch, server.url() + "/api/benchmarks/", {}, "");
  ASSERT_TRUE(wrong.ok());
  EXPECT_EQ(wrong->status, 405);
  EXPECT_EQ(wrong->headers.get("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(json::parse(wrong->body)->find("code")->as_int64(), 405);
}

TEST_F(LegacyDialect, pages_of_results_cover_a_run_once) {
  std::set<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(id_of(submit(benchadapt_result(sha_of(0), "1"))));
  id_of(submit(benchadapt_result(std::string("ffff"), "1")));
  std::set<std::string> seen;
  std::string cursor = "null";
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const Answer page =
        server.get("/api/benchmark-results/?page_size=2&run_id=run-0000&cursor=" + cursor);
    ASSERT_EQ(page.status, 200) << page.text;
    EXPECT_TRUE(page.text.starts_with("{\n  \"data\": [")) << page.text.substr(0, 40);
    for (const json::Value& result : page.body.find("data")->items()) {
      EXPECT_TRUE(seen.insert(result.find("id")->as_string()).second);
    }
    const json::Value* next = page.body.find("metadata")->find("next_page_cursor");
    more = !next->is_null();
    if (more) cursor = next->as_string();
  }
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(server.get("/api/benchmarks/?batch_id=batch-1").body.find("data")->items().size(), 6u);
  EXPECT_EQ(server.get("/api/benchmarks/?run_reason=x").body.find("data")->items().size(), 0u);
  EXPECT_EQ(server.get("/api/benchmarks/?earliest_timestamp=2024-08-01T10:00:01")
                .body.find("data")
                ->items()
                .size(),
            0u);
}

// Spec 4.1, 4.2.
TEST_F(LegacyDialect, golden_comparison_and_its_history) {
  const std::pair<int, const char*> values[] = {
      {0, "10"}, {0, "10.05"}, {1, "10.1"}, {1, "10.15"}, {2, "10.2"}, {2, "10.25"}, {3, "20"}};
  for (int commit = 0; commit < 4; ++commit) tell_of_commit(commit);
  std::vector<std::string> ids;
  for (const auto& [commit, value] : values) {
    ids.push_back(id_of(submit(benchadapt_result(sha_of(commit), value))));
  }
  const Answer compared =
      server.get("/api/compare/benchmark-results/" + ids[5] + "..." + ids[6] + "/");
  ASSERT_EQ(compared.status, 200) << compared.text;
  EXPECT_TRUE(compared.text.starts_with(
      R"({"analysis":{"lookback_z_score":{"improvement_indicated":false,)"
      R"("regression_indicated":true,"z_score":-137.4,"z_threshold":5.0},)"
      R"("pairwise":{"improvement_indicated":false,"percent_change":-95.12,)"
      R"("percent_threshold":5.0,"regression_indicated":true}},"baseline":{)"))
      << compared.text;
  EXPECT_EQ(compared.body.find("contender")->find("case_permutation")->as_string(),
            "n=512, scale=2.0");

  const Answer history = server.get("/api/history/" + ids[0] + "/");
  ASSERT_EQ(history.status, 200) << history.text;
  const json::Array& points = history.body.find("data")->items();
  ASSERT_EQ(points.size(), 7u);
  EXPECT_EQ(points[0].find("commit_timestamp")->as_string(), "2021-02-20T00:00:00");
  EXPECT_EQ(points[0].find("result_timestamp")->as_string(), "2024-08-01T10:00:00.987654");
  EXPECT_EQ(points[6].find("commit_msg")->as_string(), "change 3");
  EXPECT_EQ(points[6].find("benchmark_result_id")->as_string(), ids[6]);
  const json::Value& stats = *points[6].find("zscorestats");
  EXPECT_EQ(stats.find("segment_id")->number_text(), "0.0");
  EXPECT_NEAR(stats.find("rolling_mean_excluding_this_commit")->as_double(), 10.125, 1e-9);
  EXPECT_EQ(points[0].find("zscorestats")->find("rolling_stddev")->number_text(), "0.0");
  EXPECT_TRUE(history.body.find("metadata")->find("next_page_cursor")->is_null());
}

TEST_F(LegacyDialect, results_of_different_series_are_compared_and_units_must_match) {
  const std::string one = id_of(submit(benchadapt_result(sha_of(0), "10")));
  json::Value other = json::parse(benchadapt_result(sha_of(0), "12")).value();
  other.set("tags", json::parse(R"({"name":"another"})").value());
  const std::string two = id_of(submit(json::to_text(other)));
  json::Value rate = other;
  json::Value stats = *rate.find("stats");
  stats.set("unit", json::Value::string("b/s"));
  rate.set("stats", stats);
  const std::string three = id_of(submit(json::to_text(rate)));

  const Answer compared = server.get("/api/compare/benchmark-results/" + one + "..." + two + "/");
  ASSERT_EQ(compared.status, 200) << compared.text;
  EXPECT_TRUE(compared.body.find("history_fingerprint")->is_null());
  const json::Value& analysis = *compared.body.find("analysis");
  EXPECT_EQ(analysis.find("pairwise")->find("percent_change")->number_text(), "-20.0");
  EXPECT_TRUE(analysis.find("lookback_z_score")->is_null()) << "an unknown commit";

  const Answer mixed = server.get("/api/compare/benchmark-results/" + one + "..." + three + "/");
  EXPECT_EQ(mixed.status, 400);
  EXPECT_EQ(mixed.body.find("description")->as_string(),
            fmt::format("Benchmark units do not match. Benchmark result with ID '{}' has unit 's' "
                        "and benchmark result with ID '{}' has unit 'B/s'.",
                        one, three));
}

}  // namespace
}  // namespace bl::product
