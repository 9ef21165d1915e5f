#include "results/legacy_routes.h"

#include <gtest/gtest.h>

#include "base/uri.h"
#include "results/tests/fake_ports.h"
#include "results/tests/legacy_documents.h"

namespace bl::results {
namespace {

using net::Method;
using net::Request;
using net::Response;
using testing::legacy_body;

class LegacyRoutes : public ::testing::Test {
 protected:
  LegacyRoutes() {
    add_legacy_routes(
        router,
        {.writer = ports, .runs = ports, .history = ports, .compare = ports, .health = ports});
  }

  Response call(Method method, std::string_view target, Request request = {}) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    auto match = router.find(method, target.substr(0, mark));
    EXPECT_NE(match.route, nullptr) << target;
    request.method = method;
    request.path = target.substr(0, mark);
    request.captures = std::move(match.captures);
    request.headers.add("Host", "bench.example.org:8080");
    if (mark < target.size()) request.query = parse_query(target.substr(mark + 1)).value();
    return match.route->handler(request);
  }
  Response get(std::string_view target) { return call(Method::get, target); }
  Response post(std::string body, std::string type = "application/json",
                std::string_view path = "/api/benchmark-results/") {
    Request request;
    request.body = std::move(body);
    request.headers.add("Content-Type", std::move(type));
    return call(Method::post, path, std::move(request));
  }
  static json::Value body_of(const Response& response) {
    return json::parse(response.body).value();
  }
  /// The description of a refusal, after its status.
  static std::string said(const Response& response) {
    std::string text = std::to_string(response.status).append(" ");
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    const json::Value body = body_of(response);
    const json::Value* description = body.find("description");
    return text += description == nullptr ? response.body : json::to_text(*description);
  }
  StoredResult& store(const std::string& id, const std::string& fingerprint = "f1") {
    StoredResult& result = ports.stored[id];
    result.id = id;
    result.run_id = "r1";
    result.history_fingerprint = fingerprint;
    result.stats.unit = "s";
    result.stats.data = {json::Value::number(10.25)};
    result.benchmark_case.tags = json::Value::object();
    return result;
  }

  FakePorts ports;
  net::Router router;
};

TEST_F(LegacyRoutes, they_end_in_a_slash_and_reads_are_for_readers) {
  for (const auto& route : router.routes()) {
    EXPECT_TRUE(route->pattern.ends_with('/')) << route->pattern;
    EXPECT_EQ(route->access, route->method == Method::get ? net::Access::read : net::Access::write);
  }
}

TEST_F(LegacyRoutes, a_submission_is_answered_with_the_whole_result_and_its_link) {
  store("id1");
  for (const char* path : {"/api/benchmark-results/", "/api/benchmarks/"}) {
    ports.submissions.clear();
    const Response response = post(legacy_body(), "application/json; charset=utf-8", path);
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.headers.get("Location"),
              "http://bench.example.org:8080/api/benchmarks/id1/");
    EXPECT_EQ(body_of(response).find("links")->find("self")->as_string(),
              response.headers.get("Location"));
    ASSERT_EQ(ports.submissions.size(), 1u);
    EXPECT_EQ(ports.submissions[0].result.run_id, "r1");
  }
}

TEST_F(LegacyRoutes, what_is_stored_is_answered_with_201_even_when_it_cannot_be_read_back) {
  const Response response = post(legacy_body());  // the fake knows no result by that id
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(body_of(response).find("id")->as_string(), "id1");
  EXPECT_EQ(body_of(response).find("stats")->find("unit")->as_string(), "s");
}

TEST_F(LegacyRoutes, a_refused_submission_says_why_and_stores_nothing) {
  constexpr const char* k_not_understood =
      R"(400 "The browser (or proxy) sent a request that this server could not understand.")";
  EXPECT_EQ(said(post("{")), k_not_understood);
  EXPECT_EQ(said(post(legacy_body(), "text/plain")), k_not_understood);
  EXPECT_EQ(said(post("[]")), R"(400 {"_schema":["Invalid input type."]})");
  EXPECT_EQ(said(post(legacy_body("run_id"))),
            R"(400 {"run_id":["Missing data for required field."]})");
  const Response business = post(legacy_body("stats/unit", R"("kg")"));
  EXPECT_EQ(business.status, 400);
  EXPECT_EQ(business.body,
            R"({"description":"invalid unit string `kg`, pick one of: B, B/s, s, ns, i/s"})");
  EXPECT_TRUE(ports.submissions.empty());
}

TEST_F(LegacyRoutes, a_failing_store_is_no_mistake_of_the_client) {
  ports.failure = Error(Code::overloaded, "the writer's queue is full");
  const Response response = post(legacy_body());
  EXPECT_EQ(said(response), R"(503 "the writer's queue is full")");
  EXPECT_NE(response.headers.find("Retry-After"), nullptr);
}

TEST_F(LegacyRoutes, one_result_has_two_paths) {
  store("id1");
  EXPECT_EQ(get("/api/benchmarks/id1/").body, get("/api/benchmark-results/id1/").body);
  EXPECT_EQ(said(get("/api/benchmarks/nope/")),
            R"(404 "no benchmark result found with ID: 'nope'")");
}

TEST_F(LegacyRoutes, filters_of_the_list) {
  get("/api/benchmark-results/?run_id=r&run_reason=commit&batch_id=b&page_size=7&cursor=c"
      "&earliest_timestamp=2020-01-01T00:00:00&latest_timestamp=2024-01-01T00:00:00%2B01:00"
      "&surprise=1");
  EXPECT_EQ(ports.last_filter.run_id, "r");
  EXPECT_EQ(ports.last_filter.run_reason, "commit");
  EXPECT_EQ(ports.last_filter.batch_id, "b");
  EXPECT_EQ(ports.last_filter.page_size, 7);
  EXPECT_EQ(ports.last_filter.before_id, "c");
  EXPECT_EQ(to_rfc3339(*ports.last_filter.earliest), "2020-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(*ports.last_filter.latest), "2023-12-31T23:00:00Z");
  get("/api/benchmark-results/?cursor=null");
  EXPECT_FALSE(ports.last_filter.before_id);
  EXPECT_EQ(ports.last_filter.page_size, 100);
}

TEST_F(LegacyRoutes, results_before_june_2023_are_hidden_unless_a_run_or_a_batch_is_asked_for) {
  const auto earliest = [&](std::string_view query) {
    get(std::string("/api/benchmark-results/").append(query));
    return ports.last_filter.earliest ? to_rfc3339(*ports.last_filter.earliest) : "none";
  };
  EXPECT_EQ(earliest(""), "2023-06-03T00:00:00Z");
  EXPECT_EQ(earliest("?run_reason=x"), "2023-06-03T00:00:00Z");
  EXPECT_EQ(earliest("?earliest_timestamp=2020-01-01T00:00:00Z"), "2023-06-03T00:00:00Z");
  EXPECT_EQ(earliest("?earliest_timestamp=2024-01-01T00:00:00Z"), "2024-01-01T00:00:00Z");
  EXPECT_EQ(earliest("?run_id=r"), "none");
  EXPECT_EQ(earliest("?batch_id=b"), "none");
}

TEST_F(LegacyRoutes, a_full_page_names_its_last_id) {
  for (const char* id : {"1", "2", "3"}) store(id);
  const auto next = [&](std::string_view query) {
    return json::to_text(*body_of(get(std::string("/api/benchmarks/").append(query)))
                              .find("metadata")
                              ->find("next_page_cursor"));
  };
  EXPECT_EQ(next("?page_size=2"), R"("2")");
  EXPECT_EQ(next("?page_size=2&cursor=2"), "null");
  EXPECT_EQ(next("?page_size=3"), R"("1")") << "exactly full: one empty page follows";
  EXPECT_EQ(next("?page_size=3&cursor=1"), "null");
}

TEST_F(LegacyRoutes, a_bad_query_is_a_bad_request) {
  for (const char* size : {"0", "1001", "x", "", "-1", "1.5"}) {
    EXPECT_EQ(said(get(std::string("/api/benchmark-results/?page_size=").append(size))),
              R"(400 {"_errors":["page_size must be a positive integer no greater than 1000"]})")
        << size;
  }
  EXPECT_EQ(said(get("/api/benchmark-results/?earliest_timestamp=yesterday")),
            R"(400 {"_errors":["earliest_timestamp must be an ISO 8601 date-time: yesterday"]})");
  store("a");
  EXPECT_EQ(said(get("/api/compare/benchmark-results/a...a/?threshold_z=high")),
            R"(400 {"_errors":["threshold_z must be a number: high"]})");
}

TEST_F(LegacyRoutes, a_history_is_found_by_any_result_of_its_series) {
  store("id1");
  ports.histories["f1"].fingerprint = "f1";
  const Response response = get("/api/history/id1/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response).find("data")->items().size(), 0u);
  EXPECT_EQ(said(get("/api/history/nope/")), R"(404 "no benchmark result found with ID: 'nope'")");
}

TEST_F(LegacyRoutes, any_two_results_are_compared) {
  store("a");
  StoredResult& contender = store("b", "f2");
  contender.stats.data = {json::Value::number(20.0)};
  ports.compare_input.distribution = {.mean = 10.0, .stddev = 1.0};
  const json::Value body =
      body_of(get("/api/compare/benchmark-results/a...b/?threshold=200&threshold_z=20.5"));
  EXPECT_EQ(ports.last_distribution, "a f2") << "the contender's series, the baseline's ancestry";
  EXPECT_TRUE(body.find("history_fingerprint")->is_null());
  EXPECT_EQ(json::to_text(*body.find("analysis")),
            R"({"lookback_z_score":{"improvement_indicated":false,"regression_indicated":false,)"
            R"("z_score":-10.0,"z_threshold":20.5},"pairwise":{"improvement_indicated":false,)"
            R"("percent_change":-95.12,"percent_threshold":200.0,"regression_indicated":false}})");
}

TEST_F(LegacyRoutes, a_pair_that_cannot_be_compared_is_refused) {
  store("a");
  store("b").stats.unit = "B/s";
  const auto compared = [&](std::string_view pair) {
    return said(get(std::string("/api/compare/benchmark-results/").append(pair).append("/")));
  };
  EXPECT_EQ(compared("a"), R"(404 "last URL path segment must be of pattern <id>...<id>")");
  EXPECT_EQ(compared("...a"), R"(404 "empty baseline ID")");
  EXPECT_EQ(compared("a..."), R"(404 "empty contender ID")");
  EXPECT_EQ(compared("x...a"), R"(404 "no benchmark result found with ID: 'x'")");
  EXPECT_EQ(compared("a...y"), R"(404 "no benchmark result found with ID: 'y'")");
  EXPECT_EQ(compared("a...b"),
            R"(400 "Benchmark units do not match. Benchmark result with ID 'a' has unit 's' )"
            R"(and benchmark result with ID 'b' has unit 'B/s'.")");
  ports.stored["b"].error = json::Value::object();
  EXPECT_EQ(get("/api/compare/benchmark-results/a...b/").status, 200)
      << "a result that failed has no value to set against another";
}

TEST_F(LegacyRoutes, errors_of_the_server_itself_have_the_legacy_shape_on_slashed_paths) {
  const Error error(Code::unauthenticated, "this needs a token");
  const Response legacy = router.error_answer("/api/benchmarks/", 401, error, "id");
  EXPECT_EQ(legacy.status, 401);
  EXPECT_EQ(legacy.body,
            R"({"code":401,"description":"this needs a token","name":"Unauthorized"})");
  EXPECT_NE(legacy.headers.find("WWW-Authenticate"), nullptr);
  for (const char* path : {"/api/benchmarks", "/runs/", "/"}) {
    EXPECT_EQ(router.error_answer(path, 401, error, "id").headers.get("Content-Type"),
              "application/problem+json")
        << path;
  }
}

}  // namespace
}  // namespace bl::results
