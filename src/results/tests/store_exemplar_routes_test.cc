#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/uri.h"
#include "results/exemplar_routes.h"
#include "results/tests/store_fixture.h"

// Links of results and traces over HTTP, and exemplars as Prometheus' clients ask for them.
namespace bl::results::testing {
namespace {

using net::Method;

constexpr const char* k_trace = "4bf92f3577b34da6a3ce929d0e0e4736";

class ExemplarRoutes : public ::testing::Test {
 protected:
  ExemplarRoutes() {
    add_exemplar_routes(router, exemplars);
    add_prometheus_routes(router, exemplars);
    id = store.submit(submission_of({})).id;
  }

  net::Response call(Method method, const std::string& target, std::string body = "",
                     std::string repository = "") {
    const std::size_t mark = std::min(target.find('?'), target.size());
    auto match = router.find(method, target.substr(0, mark));
    BL_CHECK(match.route != nullptr);
    net::Request request;
    request.method = method;
    request.path = target.substr(0, mark);
    request.captures = std::move(match.captures);
    if (mark < target.size()) request.query = parse_query(target.substr(mark + 1)).value();
    request.body = std::move(body);
    request.principal.repository = std::move(repository);
    return match.route->handler(request);
  }
  net::Response link(const std::string& links, const std::string& repository = "") {
    return call(Method::post, traces(), fmt::format(R"({{"exemplars":{}}})", links), repository);
  }
  std::string traces() const { return fmt::format("/api/v1/results/{}/traces", id); }
  static std::string slowest() {
    return fmt::format(R"([{{"trace_id":"{}","role":"slowest","sample_no":2,)"
                       R"("span_id":"00f067aa0ba902b7",)"
                       R"("start":"2024-08-01T12:00:00.000000001Z"}}])",
                       k_trace);
  }
  net::Response ask(const std::string& query, const std::string& more = "") {
    return call(Method::get, fmt::format("/prometheus/api/v1/query_exemplars?query={}{}",
                                         percent_encode(query), more));
  }

  StoreFixture store;
  Exemplars exemplars{*store.database, store.clock};
  net::Router router;
  std::string id;
};

TEST_F(ExemplarRoutes, a_link_is_seen_from_both_sides) {
  const auto linked = link(slowest());
  EXPECT_EQ(linked.status, 200) << linked.body;
  EXPECT_EQ(linked.body,
            fmt::format(R"({{"result_id":"{}","exemplars":[{{"trace_id":"{}","role":"slowest",)"
                        R"("sample_no":2,"span_id":"00f067aa0ba902b7",)"
                        R"("start":"2024-08-01T12:00:00.000000001Z","end":null,)"
                        R"("created_at":"2024-08-01T12:00:00Z"}}]}})",
                        id, k_trace));
  EXPECT_EQ(call(Method::get, traces()).body, linked.body);
  const auto naming = call(Method::get, fmt::format("/api/v1/traces/{}/results", k_trace));
  EXPECT_EQ(naming.status, 200);
  const json::Value body = json::parse(naming.body).value();
  ASSERT_EQ(body.find("results")->items().size(), 1u);
  const json::Value& result = body.find("results")->items().front();
  EXPECT_EQ(result.find("result_id")->as_string(), id);
  EXPECT_EQ(result.find("name")->as_string(), "sort");
  EXPECT_EQ(result.find("exemplars")->items().front().find("role")->as_string(), "slowest");
}

TEST_F(ExemplarRoutes, results_of_a_trace_are_paged_by_a_cursor) {
  const std::string first = id;
  ASSERT_EQ(link(slowest()).status, 200);
  store.clock.advance(std::chrono::seconds(1));
  id = store.submit(submission_of({})).id;
  ASSERT_EQ(link(slowest()).status, 200);
  const std::string path = fmt::format("/api/v1/traces/{}/results?page_size=1", k_trace);
  const json::Value newest = json::parse(call(Method::get, path).body).value();
  EXPECT_EQ(newest.find("results")->items().front().find("result_id")->as_string(), id);
  const std::string cursor = newest.find("next_page_cursor")->as_string();
  const json::Value rest = json::parse(call(Method::get, path + "&cursor=" + cursor).body).value();
  EXPECT_EQ(rest.find("results")->items().front().find("result_id")->as_string(), first);
  EXPECT_TRUE(rest.find("next_page_cursor")->is_null());
  EXPECT_EQ(call(Method::get, path + "&cursor=x").status, 422);
  EXPECT_EQ(call(Method::get, "/api/v1/traces/none/results").status, 422);
}

TEST_F(ExemplarRoutes, links_are_taken_back) {
  ASSERT_EQ(link(slowest()).status, 200);
  const std::string of_trace = fmt::format("{}?trace_id={}", traces(), k_trace);
  EXPECT_EQ(call(Method::del, of_trace + "&role=median").status, 404);
  EXPECT_EQ(call(Method::del, of_trace + "&role=worst").status, 422);
  EXPECT_EQ(call(Method::del, traces()).status, 422);
  EXPECT_EQ(call(Method::del, of_trace + "&role=slowest&sample_no=2").status, 204);
  EXPECT_EQ(call(Method::get, traces()).body,
            fmt::format(R"({{"result_id":"{}","exemplars":[]}})", id));
}

TEST_F(ExemplarRoutes, what_is_wrong_is_refused_by_name) {
  EXPECT_EQ(call(Method::post, traces(), "{").status, 400);
  EXPECT_EQ(link("[]").status, 422);
  EXPECT_EQ(link("[{}]").status, 422);
  const auto no_sample =
      link(fmt::format(R"([{{"trace_id":"{}","role":"slowest","sample_no":3}}])", k_trace));
  EXPECT_EQ(no_sample.status, 422);
  EXPECT_NE(no_sample.body.find("the result has 3 samples"), std::string::npos);
  id = "nobody";
  EXPECT_EQ(link(slowest()).status, 404);
  EXPECT_EQ(call(Method::get, traces()).status, 404);
  EXPECT_EQ(call(Method::del, fmt::format("{}?trace_id={}", traces(), k_trace)).status, 404);
}

TEST_F(ExemplarRoutes, a_token_of_another_repository_changes_no_link) {
  EXPECT_EQ(link(slowest(), "https://github.com/org/other").status, 403);
  EXPECT_EQ(link(slowest(), k_repository).status, 200);
  EXPECT_EQ(call(Method::del, fmt::format("{}?trace_id={}", traces(), k_trace), "",
                 "https://github.com/org/other")
                .status,
            403);
}

TEST_F(ExemplarRoutes, prometheus_clients_get_exemplars_of_series) {
  ASSERT_EQ(link(slowest()).status, 200);
  const auto answer =
      ask("benchlake_result{benchmark=\"sort\"}", "&start=1722513600&end=2024-08-01T12:00:01Z");
  EXPECT_EQ(answer.status, 200) << answer.body;
  const json::Value body = json::parse(answer.body).value();
  EXPECT_EQ(body.find("status")->as_string(), "success");
  ASSERT_EQ(body.find("data")->items().size(), 1u) << answer.body;
  const json::Value& series = body.find("data")->items().front();
  const json::Value& labels = *series.find("seriesLabels");
  EXPECT_EQ(labels.find("__name__")->as_string(), "benchlake_result");
  EXPECT_EQ(labels.find("benchmark")->as_string(), "sort");
  EXPECT_EQ(labels.find("hardware")->as_string(), "m1");
  EXPECT_EQ(labels.find("repository")->as_string(), k_repository);
  EXPECT_EQ(labels.find("unit")->as_string(), "s");
  const json::Value& one = series.find("exemplars")->items().front();
  EXPECT_EQ(one.find("labels")->find("trace_id")->as_string(), k_trace);
  EXPECT_EQ(one.find("labels")->find("result_id")->as_string(), id);
  EXPECT_EQ(one.find("value")->as_string(), "3");
  EXPECT_EQ(one.find("timestamp")->number_text(), "1722513600.000");
  EXPECT_EQ(body.find("warnings"), nullptr);
}

TEST_F(ExemplarRoutes, prometheus_clients_may_ask_by_form_and_get_nothing_of_other_series) {
  ASSERT_EQ(link(slowest()).status, 200);
  const char* path = "/prometheus/api/v1/query_exemplars";
  const auto by_form = call(Method::post, path, "query=benchlake_result");
  EXPECT_NE(by_form.body.find(k_trace), std::string::npos);
  for (const char* query : {"other", "benchlake_result{benchmark=\"join\"}",
                            "benchlake_result{tag_size=\"9\"}", "{unit=~\"ns|B\"}"}) {
    EXPECT_EQ(ask(query).body, R"({"status":"success","data":[]})") << query;
  }
  EXPECT_EQ(ask("benchlake_result", "&end=1722513599").body, R"({"status":"success","data":[]})");
}

TEST_F(ExemplarRoutes, prometheus_clients_are_told_errors_in_their_shape) {
  const std::pair<std::string, std::string> k_wrong[] = {
      {"rate(benchlake_result[5m])", ""}, {"", ""}, {"x", "&start=noon"}, {"x", "&start=2&end=1"}};
  for (const auto& [query, more] : k_wrong) {
    const auto answer = ask(query, more);
    EXPECT_EQ(answer.status, 400) << query << more;
    const json::Value body = json::parse(answer.body).value();
    EXPECT_EQ(body.find("status")->as_string(), "error");
    EXPECT_EQ(body.find("errorType")->as_string(), "bad_data");
    EXPECT_FALSE(body.find("error")->as_string().empty());
  }
  const Error denied{Code::unauthenticated, "no token"};
  EXPECT_NE(router.error_answer("/prometheus/api/v1/query_exemplars", 401, denied, "1")
                .body.find("\"status\":\"error\""),
            std::string::npos);
}

}  // namespace
}  // namespace bl::results::testing
