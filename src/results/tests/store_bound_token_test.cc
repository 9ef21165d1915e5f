#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/canned_commits.h"
#include "results/commit_enricher.h"
#include "results/commit_routes.h"
#include "results/legacy_routes.h"
#include "results/routes.h"
#include "results/tests/fake_ports.h"
#include "results/tests/legacy_documents.h"
#include "results/tests/store_fixture.h"

// A token that is bound to a repository writes there and nowhere else, on every way in.

namespace bl::results {
namespace {

using net::Method;
using ::testing::HasSubstr;

constexpr const char* k_mine = "https://github.com/org/repo";
constexpr const char* k_other = "https://github.com/org/other";

std::string submission_to(const std::string& repository) {
  std::string text = R"({"run_id": "r1", "timestamp": "2024-08-01T12:00:00Z",
    "tags": {"name": "sort"}, "context": {}, "machine_info": {"name": "m1"},
    "stats": {"data": [1.5], "unit": "s"}, "github": {"repository": ")";
  text.append(repository).append("\"}}");
  std::erase(text, '\n');
  return text;
}

class BoundToken : public ::testing::Test {
 protected:
  BoundToken() {
    const Ports all{
        .writer = ports_, .runs = ports_, .history = ports_, .compare = ports_, .health = ports_};
    add_routes(router_, all);
    add_legacy_routes(router_, all);
  }
  net::Response post(const std::string& path, std::string body,
                     const char* type = "application/json") {
    const auto match = router_.find(Method::post, path);
    BL_CHECK(match.route != nullptr);
    net::Request request;
    request.method = Method::post;
    request.path = path;
    request.headers.add("Content-Type", type);
    request.headers.add("Host", "bench.example");
    request.body = std::move(body);
    request.principal = {
        .role = net::Role::admin, .kind = net::Principal::Kind::token, .repository = k_mine};
    return match.route->handler(request);
  }
  FakePorts ports_;
  net::Router router_;
};

TEST_F(BoundToken, a_result_of_another_repository_is_forbidden) {
  EXPECT_EQ(post("/api/results", submission_to(k_mine)).status, 201);
  EXPECT_EQ(post("/api/results", submission_to("git@github.com:org/repo")).status, 201)
      << "the same repository";
  const auto answer = post("/api/results", submission_to(k_other));
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr(k_other));
  EXPECT_EQ(ports_.submissions.size(), 2u);
}

TEST_F(BoundToken, in_a_batch_it_is_forbidden_line_by_line) {
  std::string lines = submission_to(k_mine);
  lines.append("\n").append(submission_to(k_other)).append("\n").append(submission_to(k_mine));
  const auto answer = post("/api/results:batch", lines, "application/x-ndjson");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("stored":2,"replayed":0,"failed":1)"));
  EXPECT_THAT(answer.body, HasSubstr(R"("line":2,"status":403)"));
  EXPECT_EQ(ports_.submissions.size(), 2u);
}

TEST_F(BoundToken, the_legacy_dialect_forbids_it_too) {
  for (const char* path : {"/api/benchmark-results/", "/api/benchmarks/"}) {
    json::Value body = testing::legacy_submission();
    json::Value github = json::Value::object();
    github.set("repository", json::Value::string(k_other));
    body.set("github", std::move(github));
    const auto answer = post(path, json::to_text(body));
    EXPECT_EQ(answer.status, 403) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(k_other));
  }
  EXPECT_TRUE(ports_.submissions.empty());
}

TEST(BoundTokenRepair, repairs_commits_of_its_repository_alone) {
  testing::StoreFixture store;
  StoreCommits commits(*store.database, store.ids, "owner");
  CannedCommits source;
  CommitEnricher enricher(commits, source, store.clock, store.log, store.metrics);
  net::Router router;
  add_commit_routes(router, {.commits = commits, .enricher = enricher, .clock = store.clock});
  const auto repair = [&](std::string body) {
    net::Request request;
    request.body = std::move(body);
    request.principal.repository = k_mine;
    return router.find(Method::post, "/api/v1/commits/repair").route->handler(request).status;
  };
  EXPECT_EQ(repair(R"({"repository":"https://github.com/org/repo"})"), 200);
  EXPECT_EQ(repair(R"({"repository":"https://github.com/org/other"})"), 403);
  EXPECT_EQ(repair(""), 403) << "that would be every repository";
}

}  // namespace
}  // namespace bl::results
