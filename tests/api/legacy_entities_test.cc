#include <fmt/format.h>
#include <gtest/gtest.h>

#include "product/server_process.h"

/// What the legacy dialect shows besides results, on a real process and on both stores: commits,
/// contexts, hardware, runs with their baselines, comparisons of runs, and changes of results.
namespace bl::product {
namespace {

std::string sha_of(int commit) {
  return fmt::format("{:040x}", 0xabc0 + commit);
}

class LegacyEntities : public testing::Test {
 protected:
  /// One result of a run on a commit of the default branch; gives its id.
  std::string submit(const std::string& run_id, int commit, double value,
                     const std::string& name = "sort") {
    const Answer answer = server.post(
        "/api/results",
        fmt::format(R"({{"run_id":"{}","run_reason":"commit","batch_id":"b",)"
                    R"("timestamp":"2024-08-{:02}T12:00:00Z","tags":{{"name":"{}"}},)"
                    R"("context":{{"benchmark_language":"C++"}},"info":{{"compiler":"g++"}},)"
                    R"("github":{{"repository":"https://github.com/org/repo","commit":"{}",)"
                    R"("commit_info":{{"timestamp":"2024-07-{:02}T00:00:00Z","message":"c",)"
                    R"("author_name":"Ann","parent":"{}"}}}},"machine_info":{{"name":"m1"}},)"
                    R"("stats":{{"data":[{}],"unit":"s"}}}})",
                    run_id, commit + 1, name, sha_of(commit), commit + 1, sha_of(commit - 1),
                    value));
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.find("id")->as_string();
  }
  Answer send(net::Method method, const std::string& path, const std::string& body = "",
              bool signed_in = true, const std::string& agent = "") {
    net::Client client;
    net::Headers headers;
    if (signed_in) headers.add("Authorization", "Bearer " + server.operator_token());
    if (!body.empty()) headers.add("Content-Type", "application/json");
    if (!agent.empty()) headers.add("User-Agent", agent);
    auto sent = client.send(method, server.url() + path, headers, body);
    EXPECT_TRUE(sent.ok()) << sent.error().message;
    auto parsed = json::parse(sent->body);
    return {sent->status, sent->headers, sent->body,
            parsed.ok() ? std::move(*parsed) : json::Value()};
  }
  std::string text_at(const json::Value& value, const char* outer, const char* inner) {
    return json::to_text(*value.find(outer)->find(inner));
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(LegacyEntities, links_lead_to_what_they_name) {
  const std::string id = submit("run-1", 1, 10);
  const json::Value result = server.get("/api/benchmarks/" + id + "/").body;
  for (const char* link : {"context", "info", "run", "self", "list"}) {
    const std::string url = result.find("links")->find(link)->as_string();
    ASSERT_TRUE(url.starts_with(server.url() + "/api/")) << url;
    EXPECT_EQ(server.get(url.substr(server.url().size())).status, 200) << url;
  }
  const std::string context = result.find("links")->find("context")->as_string();
  const Answer document = server.get(context.substr(server.url().size()));
  EXPECT_EQ(document.text.substr(0, 28), R"({"benchmark_language":"C++",)") << document.text;
  EXPECT_EQ(document.body.find("links")->find("self")->as_string(), context);
  const Answer hardware = server.get("/api/hardware/");
  ASSERT_EQ(hardware.body.items().size(), 1u) << hardware.text;
  EXPECT_EQ(hardware.body.items()[0].find("name")->as_string(), "m1");
  const Answer commits = server.get("/api/commits/?sha=" + sha_of(1));
  ASSERT_EQ(commits.body.items().size(), 1u) << commits.text;
  const std::string self = commits.body.items()[0].find("links")->find("self")->as_string();
  const Answer commit = server.get(self.substr(server.url().size()));
  EXPECT_TRUE(commit.body.find("links")->find("parent")->is_null()) << "nobody submitted it";
  EXPECT_EQ(commit.body.find("timestamp")->as_string(), "2024-07-02T00:00:00");
}

TEST_F(LegacyEntities, what_is_not_there_is_404_in_the_legacy_shape) {
  for (const char* path :
       {"/api/commits/x/", "/api/contexts/x/", "/api/info/x/", "/api/hardware/x/", "/api/runs/x/",
        "/api/compare/runs/x...y/", "/api/history/download/x/", "/api/benchmark-results/x/"}) {
    const Answer answer = server.get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.body.find("name")->as_string(), "Not Found") << path;
  }
  EXPECT_EQ(server.get("/api/runs/").text,
            R"({"code":400,"description":{"_errors":["commit_hash is required"]},)"
            R"("name":"Bad Request"})");
  EXPECT_EQ(server.get("/api/commits/").text, "[]");
}

TEST_F(LegacyEntities, a_run_names_its_candidate_baselines_exactly) {
  submit("run-1", 1, 10);
  submit("run-2", 2, 10, "another");
  submit("run-3", 3, 20);
  const Answer run = server.get("/api/runs/run-3/");
  ASSERT_EQ(run.status, 200) << run.text;
  EXPECT_EQ(json::to_text(*run.body.find("candidate_baseline_runs")),
            fmt::format(R"({{"fork_point":{{"baseline_run_id":null,"commits_skipped":null,)"
                        R"("error":"the contender run is already on the default branch"}},)"
                        R"("latest_default":{{"baseline_run_id":"run-1","commits_skipped":)"
                        R"(["{}","{}"],"error":null}},"parent":{{"baseline_run_id":"run-1",)"
                        R"("commits_skipped":["{}"],"error":null}}}})",
                        sha_of(3), sha_of(2), sha_of(2)));
  EXPECT_EQ(run.body.find("reason")->as_string(), "commit");
  const Answer page =
      server.get("/api/runs/?page_size=1&commit_hash=" + sha_of(3) + "," + sha_of(1));
  EXPECT_EQ(page.body.find("data")->items()[0].find("id")->as_string(), "run-1");
  EXPECT_EQ(text_at(page.body, "metadata", "next_page_cursor"), "\"run-1\"");
  const Answer next =
      server.get("/api/runs/?page_size=2&cursor=run-1&commit_hash=" + sha_of(3) + "," + sha_of(1));
  EXPECT_EQ(next.body.find("data")->items()[0].find("id")->as_string(), "run-3");
  EXPECT_EQ(text_at(next.body, "metadata", "next_page_cursor"), "null");
}

// Spec 4.2, and 3.4: what one comparison says, the comparison of the runs says, too.
TEST_F(LegacyEntities, golden_comparison_of_runs) {
  const std::pair<int, double> values[] = {{0, 10},    {0, 10.05}, {1, 10.1},
                                           {1, 10.15}, {2, 10.2},  {2, 10.25}};
  std::string baseline;
  for (const auto& [commit, value] : values) {
    baseline = submit(fmt::format("run-{}-{}", commit, value), commit, value);
  }
  const std::string contender = submit("contender", 3, 20);
  submit("contender", 3, 5, "only there");
  const Answer runs = server.get("/api/compare/runs/run-2-10.25...contender/");
  ASSERT_EQ(runs.status, 200) << runs.text;
  const json::Array& pairs = runs.body.find("data")->items();
  ASSERT_EQ(pairs.size(), 2u);
  const json::Value& both = pairs[pairs[0].find("baseline")->is_null() ? 1 : 0];
  const json::Value& one = pairs[pairs[0].find("baseline")->is_null() ? 0 : 1];
  EXPECT_EQ(text_at(*both.find("analysis"), "lookback_z_score", "z_score"), "-137.4");
  EXPECT_EQ(text_at(*both.find("analysis"), "pairwise", "percent_change"), "-95.12");
  const Answer alone =
      server.get("/api/compare/benchmark-results/" + baseline + "..." + contender + "/");
  EXPECT_EQ(json::to_text(both), json::to_text(alone.body));
  EXPECT_TRUE(one.find("analysis")->find("pairwise")->is_null());
  EXPECT_TRUE(one.find("analysis")->find("lookback_z_score")->is_null());
  EXPECT_EQ(text_at(one, "contender", "benchmark_name"), "\"only there\"");
  EXPECT_FALSE(one.find("history_fingerprint")->is_null());
}

TEST_F(LegacyEntities, changes_are_seen_by_the_next_request) {
  const std::string first = submit("run-1", 1, 10);
  const std::string second = submit("run-2", 2, 20);
  const std::string path = "/api/benchmark-results/" + second + "/";
  const Answer empty = send(net::Method::put, path, "{}");
  EXPECT_EQ(empty.text, R"({"code":400,"description":{"_errors":["Empty request body."]},)"
                        R"("name":"Bad Request"})");
  const Answer unknown = send(net::Method::put, path, R"({"change_annotations":{},"x":1})");
  EXPECT_EQ(unknown.text,
            R"({"code":400,"description":{"x":["Unknown field."]},"name":"Bad Request"})");
  const Answer marked =
      send(net::Method::put, path, R"({"change_annotations":{"begins_distribution_change":true}})");
  EXPECT_EQ(marked.status, 200) << marked.text;
  EXPECT_EQ(marked.text, server.get(path).text);
  const Answer history = server.get("/api/history/" + first + "/");
  EXPECT_EQ(text_at(history.body.find("data")->items()[1], "zscorestats", "segment_id"), "1.0");
  const std::string new_path = "/api/benchmark-results/" + second;
  const Answer cleared = send(net::Method::put, new_path,
                              R"({"change_annotations":{"begins_distribution_change":null}})");
  EXPECT_EQ(json::to_text(*cleared.body.find("change_annotations")), "{}") << cleared.text;

  EXPECT_EQ(send(net::Method::del, path, "", false).status, 401);
  EXPECT_EQ(send(net::Method::del, path).status, 204);
  EXPECT_EQ(send(net::Method::del, path).status, 404);
  EXPECT_EQ(send(net::Method::put, new_path, R"({"change_annotations":null})").status, 404);
  EXPECT_EQ(server.get("/api/runs/run-2/").status, 404);
  EXPECT_EQ(server.get("/api/history/" + first + "/").body.find("data")->items().size(), 1u);
  EXPECT_EQ(send(net::Method::del, "/api/benchmark-results/" + first).status, 204);
  EXPECT_EQ(server.get("/api/v1/facts").body.find("results")->as_int64(), 0);
  EXPECT_EQ(server.get("/api/history/" + first + "/").status, 404);
}

TEST_F(LegacyEntities, a_history_is_a_file_for_spreadsheets) {
  const std::string id = submit("run-1", 1, 10.123456789, "a \\\"b\\\"/c\\n");
  const Answer csv = server.get("/api/history/download/" + id + "/");
  ASSERT_EQ(csv.status, 200) << csv.text;
  EXPECT_EQ(csv.headers.get("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(csv.headers.get("Content-Disposition")
                  .starts_with("attachment; filename=\"conbench-history-a__b__c_-"))
      << csv.headers.get("Content-Disposition");
  const std::size_t header = csv.text.find("\ncommit_time,");
  EXPECT_EQ(csv.text.substr(header + 1),
            "commit_time,result_id,commit_hash,svs,min\n"
            "2024-07-02 00:00:00+00:00," +
                id + "," + sha_of(1) + ",10.123457,10.123457\n");
  for (std::size_t at = 0; at < header; at = csv.text.find('\n', at) + 1) {
    EXPECT_EQ(csv.text.substr(at, 2), "# ");
  }
}

TEST_F(LegacyEntities, old_addresses_lead_on_and_crawlers_do_not_get_in) {
  const Answer slash = server.get("/api/runs?commit_hash=a%2Cb");
  EXPECT_EQ(slash.status, 308);
  EXPECT_EQ(slash.headers.get("Location"), server.url() + "/api/runs/?commit_hash=a%2Cb");
  EXPECT_EQ(send(net::Method::post, "/api/benchmarks", "{}").status, 308);
  const Answer submission = send(net::Method::post, "/api/benchmark-results", "{}");
  EXPECT_EQ(submission.status, 308);
  EXPECT_EQ(submission.headers.get("Location"), server.url() + "/api/benchmark-results/");
  EXPECT_EQ(send(net::Method::patch, "/api/benchmark-results", "{}").headers.get("Allow"),
            "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(server.get("/api/benchmark-results").status, 200) << "the new dialect has this one";
  EXPECT_EQ(server.get("/api/nowhere").status, 404);
  EXPECT_EQ(server.get("/api/docs/").headers.get("Location"), server.url() + "/docs");
  EXPECT_EQ(server.get("/robots.txt").text, "User-agent: *\nDisallow: /\n");
  const Answer crawler = send(net::Method::get, "/api/ping/", "", false, "Mozilla PetalBot/1");
  EXPECT_EQ(crawler.status, 403);
  EXPECT_EQ(crawler.text, "unexpected user agent");
  EXPECT_EQ(server.get("/api/wipe-db").status, 404) << "a test aid";
  const Answer ping = server.get("/api/ping/");
  EXPECT_EQ(ping.body.find("alembic_version")->as_string(), "99895af5dae2");
  EXPECT_TRUE(ping.body.find("date")->as_string().ends_with(" UTC")) << ping.text;
  const Answer described = server.get("/api/docs.json");
  EXPECT_EQ(described.body.find("openapi")->as_string(), "3.0.2");
  EXPECT_NE(described.body.find("paths")->find("/api/runs/{run_id}/"), nullptr);
  EXPECT_EQ(described.body.find("paths")->find("/api/results"), nullptr);
}

TEST(LegacyTestAids, a_test_may_empty_a_server_that_lets_it) {
  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data", {"--set", "server.test_aids=true"}};
  ASSERT_EQ(server.post("/api/results", good_submission(1)).status, 201);
  EXPECT_EQ(server.get("/api/wipe-db").status, 200);
  EXPECT_EQ(server.get("/api/v1/facts").body.find("results")->as_int64(), 0);
  EXPECT_EQ(server.get("/api/commits/").text, "[]");
  EXPECT_EQ(server.post("/api/results", good_submission(1)).status, 201);
  EXPECT_EQ(server.get("/api/raise-httperr").status, 500);
  EXPECT_TRUE(server.get("/api/raise-unexpected").text.starts_with("unexpected exception"));
}

}  // namespace
}  // namespace bl::product
