#include "results/routes.h"

#include <gtest/gtest.h>

#include "base/uri.h"
#include "results/cursor.h"
#include "results/tests/fake_ports.h"

namespace bl::results {
namespace {

using net::Method;
using net::Request;
using net::Response;

constexpr const char* k_submission = R"({
    "run_id": "r1", "timestamp": "2024-08-01T12:00:00Z", "tags": {"name": "sort"}, "context": {},
    "github": {"repository": "https://github.com/org/repo"}, "machine_info": {"name": "m1"},
    "stats": {"data": [1.5], "unit": "s"}})";

class Routes : public testing::Test {
 protected:
  Routes() {
    add_routes(router, {.writer = ports,
                        .runs = ports,
                        .history = ports,
                        .compare = ports,
                        .health = ports,
                        .version = "1.2.3"});
  }

  Response call(Method method, std::string_view target, Request request = {}) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    auto match = router.find(method, target.substr(0, mark));
    EXPECT_NE(match.route, nullptr) << target;
    request.method = method;
    request.path = target.substr(0, mark);
    request.captures = std::move(match.captures);
    if (mark < target.size()) request.query = parse_query(target.substr(mark + 1)).value();
    return match.route->handler(request);
  }
  Response get(std::string_view target) { return call(Method::get, target); }
  Response post(std::string body, std::string content_type = "application/json") {
    Request request;
    request.body = std::move(body);
    if (!content_type.empty()) request.headers.add("Content-Type", std::move(content_type));
    return call(Method::post, "/api/results", std::move(request));
  }
  Response post_batch(std::string body, const char* content_type) {
    Request request;
    request.body = std::move(body);
    request.headers.add("Content-Type", content_type);
    return call(Method::post, "/api/results:batch", std::move(request));
  }
  static json::Value body_of(const Response& response) {
    return json::parse(response.body).value();
  }
  static std::vector<std::string> locations(const Response& response) {
    std::vector<std::string> found;
    const json::Value body = body_of(response);
    for (const json::Value& error : body.find("errors")->items()) {
      found.push_back(error.find("location")->as_string());
    }
    return found;
  }

  FakePorts ports;
  net::Router router;
};

TEST_F(Routes, reads_are_for_readers_and_writes_for_writers) {
  for (const auto& route : router.routes()) {
    const bool ping = route->pattern == "/api/ping";
    EXPECT_EQ(route->access, ping                           ? net::Access::open
                             : route->method == Method::get ? net::Access::read
                                                            : net::Access::write)
        << route->pattern;
    EXPECT_FALSE(route->pattern.ends_with('/')) << "the legacy dialect's";
  }
}

TEST_F(Routes, a_submission_is_answered_with_its_ids) {
  const Response response = post(k_submission);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"id":"id1","run_id":"r1","history_fingerprint":"f"})");
  EXPECT_EQ(response.headers.get("Location"), "/api/benchmark-results/id1");
  ASSERT_EQ(ports.submissions.size(), 1u);
}

TEST_F(Routes, a_replay_gives_the_first_answer_and_another_content_a_conflict) {
  std::string keyed = k_submission;
  keyed.insert(keyed.find('{') + 1, R"("submission_key":"k",)");
  EXPECT_EQ(post(keyed).body, post(keyed).body);
  EXPECT_EQ(ports.submissions.size(), 1u);
  keyed.replace(keyed.find("1.5"), 3, "1.6");
  EXPECT_EQ(post(keyed).status, 409);
}

TEST_F(Routes, every_fault_of_a_submission_in_one_422_and_nothing_is_written) {
  const Response response = post(R"({"run_id":1,"tags":{},"nonsense":2})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  const auto found = locations(response);
  for (const char* path : {"/run_id", "/timestamp", "/tags/name", "/context", "/github",
                           "/machine_info", "/stats", "/nonsense"}) {
    EXPECT_TRUE(std::count(found.begin(), found.end(), path)) << path;
  }
  EXPECT_TRUE(ports.submissions.empty());
}

TEST_F(Routes, broken_json_is_400) {
  for (const char* body : {"", "{", "{\"a\":NaN}", "\xff", "{\"a\":\"\\ud800\"}"}) {
    EXPECT_EQ(post(body).status, 400) << body;
  }
}

TEST_F(Routes, numbers_out_of_range_and_keys_said_twice_are_422) {
  EXPECT_EQ(post(R"({"a":1e400})").status, 422);
  EXPECT_EQ(post(R"({"a":1,"a":1})").status, 422);
  EXPECT_EQ(post("[]").status, 422);
}

TEST_F(Routes, only_json_is_read) {
  EXPECT_EQ(post(k_submission, "text/plain").status, 415);
  EXPECT_EQ(post(k_submission, "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(post(k_submission, "Application/JSON ; charset=utf-8").status, 201);
  EXPECT_EQ(post(k_submission, "").status, 201);
}

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

TEST_F(Routes, a_batch_keeps_the_good_ones_and_names_the_bad_one) {
  const std::string good = one_line(k_submission);
  std::string lines = good;
  lines.append("\n\n{\"run_id\": 5}\n{broken\n").append(good).append("\r\n");
  const Response response = post_batch(lines, "application/x-ndjson");
  EXPECT_EQ(response.status, 200);
  const json::Value body = body_of(response);
  EXPECT_EQ(body.find("stored")->as_int64(), 2);
  EXPECT_EQ(body.find("failed")->as_int64(), 2);
  const json::Array& results = body.find("results")->items();
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].find("status")->as_int64(), 201);
  EXPECT_FALSE(results[0].find("id")->as_string().empty());
  EXPECT_EQ(results[1].find("line")->as_int64(), 3);
  EXPECT_EQ(results[1].find("status")->as_int64(), 422);
  EXPECT_FALSE(results[1].find("error")->find("errors")->items().empty());
  EXPECT_EQ(results[2].find("status")->as_int64(), 400);
  EXPECT_EQ(results[3].find("line")->as_int64(), 5);
  EXPECT_EQ(results[3].find("status")->as_int64(), 201);
  EXPECT_EQ(ports.submissions.size(), 2u);

  std::string array = "[";
  array.append(good).append(",[],").append(good).append("]");
  const json::Value of_array = body_of(post_batch(array, "application/json"));
  EXPECT_EQ(of_array.find("stored")->as_int64(), 2);
  EXPECT_EQ(of_array.find("results")->items()[1].find("status")->as_int64(), 422);
}

TEST_F(Routes, a_batch_that_is_none_is_refused_as_a_whole) {
  EXPECT_EQ(post_batch("[{}", "application/json").status, 400);
  EXPECT_EQ(post_batch("{}", "application/json").status, 422);
  EXPECT_EQ(post_batch("[]", "text/plain").status, 415);
  std::string many = "[";
  for (int i = 0; i <= 20'000; ++i) many += i == 0 ? "0" : ",0";
  EXPECT_EQ(post_batch(many + "]", "application/json").status, 413);
  EXPECT_EQ(post_batch("", "application/x-ndjson").status, 200);
  EXPECT_EQ(post_batch("[]", "application/json").body,
            R"({"stored":0,"replayed":0,"failed":0,"results":[]})");
}

TEST_F(Routes, a_batch_that_the_store_refuses_as_a_whole_may_be_sent_again_as_it_is) {
  ports.failure = Error{Code::overloaded, "the queue is full"};
  const std::string good = one_line(k_submission);
  const Response all = post_batch("[" + good + "]", "application/json");
  EXPECT_EQ(all.status, 503);
  EXPECT_FALSE(all.headers.get("Retry-After").empty());
  const Response some = post_batch("[" + good + ",{}]", "application/json");
  EXPECT_EQ(some.status, 200);
  EXPECT_EQ(body_of(some).find("results")->items()[0].find("status")->as_int64(), 503);
}

TEST_F(Routes, errors_of_ports_become_their_status) {
  ports.failure = Error{Code::overloaded, "the queue is full"};
  EXPECT_EQ(post(k_submission).status, 503);
  EXPECT_FALSE(post(k_submission).headers.get("Retry-After").empty());
  for (const char* target : {"/api/benchmark-results", "/api/benchmark-results/x", "/api/history/x",
                             "/api/history?fingerprint=f", "/api/series", "/api/runs/recent",
                             "/api/compare/benchmark-results?baseline_result_id=a"
                             "&contender_result_id=b",
                             "/api/v1/facts"}) {
    EXPECT_EQ(get(target).status, 503) << target;
  }
}

TEST_F(Routes, unknown_and_repeated_parameters_are_named) {
  for (const char* path : {"/api/benchmark-results", "/api/benchmark-results/x", "/api/history/x",
                           "/api/series", "/api/runs/recent", "/api/v1/facts", "/api/ping"}) {
    const Response response = get(std::string(path) + "?wrong=1");
    EXPECT_EQ(response.status, 422) << path;
    EXPECT_EQ(locations(response), std::vector<std::string>{"?wrong"}) << path;
  }
  EXPECT_EQ(locations(get("/api/series?q=a&q=b")), std::vector<std::string>{"?q"});
}

TEST_F(Routes, all_faults_of_a_query_at_once) {
  EXPECT_EQ(locations(get("/api/benchmark-results?page_size=0&earliest_timestamp=x&cursor=y&z")),
            (std::vector<std::string>{"?earliest_timestamp", "?page_size", "?cursor", "?z"}));
  EXPECT_EQ(locations(get("/api/series?status=bad&sort=x&page_size=1001")),
            (std::vector<std::string>{"?status", "?sort", "?page_size"}));
  EXPECT_EQ(locations(get("/api/runs/recent?page_size=101&include_attention=maybe")),
            (std::vector<std::string>{"?page_size", "?include_attention"}));
}

TEST_F(Routes, thresholds_are_finite_and_positive) {
  const std::string path =
      "/api/compare/benchmark-results?baseline_result_id=a&contender_result_id=b&threshold=";
  for (const char* bad : {"0", "-1", "nan", "inf", "1e400", "five"}) {
    EXPECT_EQ(locations(get(path + bad)), std::vector<std::string>{"?threshold"}) << bad;
  }
  EXPECT_EQ(get(path + "2.5").status, 200);
  EXPECT_EQ(locations(get("/api/compare/benchmark-results")),
            (std::vector<std::string>{"?baseline_result_id", "?contender_result_id"}));
}

TEST_F(Routes, result_filters_arrive_at_the_port) {
  get("/api/benchmark-results?run_id=r&batch_id=b&run_reason=nightly&page_size=7"
      "&earliest_timestamp=2024-01-01T00:00:00Z&latest_timestamp=2024-01-02T00:00:00%2B01:00");
  EXPECT_EQ(ports.last_filter.run_id, "r");
  EXPECT_EQ(ports.last_filter.batch_id, "b");
  EXPECT_EQ(ports.last_filter.run_reason, "nightly");
  EXPECT_EQ(ports.last_filter.page_size, 7);
  EXPECT_EQ(to_rfc3339(*ports.last_filter.earliest), "2024-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(*ports.last_filter.latest), "2024-01-01T23:00:00Z");
  get("/api/benchmark-results?run_id=");
  EXPECT_FALSE(ports.last_filter.run_id) << "an empty value is no filter";
  EXPECT_EQ(ports.last_filter.page_size, 100);
}

TEST_F(Routes, pages_follow_each_other_without_gap_or_repeat) {
  for (int i = 9; i >= 1; --i) ports.rows.push_back({.id = "id" + std::to_string(i)});
  std::vector<std::string> seen;
  std::string target = "/api/benchmark-results?page_size=4";
  for (int page = 0; page < 9; ++page) {
    const json::Value body = body_of(get(target));
    for (const json::Value& item : body.find("results")->items()) {
      seen.push_back(item.find("id")->as_string());
    }
    const json::Value& next = *body.find("next_page_cursor");
    if (next.is_null()) break;
    target = "/api/benchmark-results?page_size=4&cursor=" + next.as_string();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"id9", "id8", "id7", "id6", "id5", "id4", "id3", "id2",
                                            "id1"}));
}

TEST_F(Routes, a_result_has_an_etag_and_is_not_sent_twice) {
  ports.stored["a"].id = "a";
  const Response first = get("/api/benchmark-results/a");
  EXPECT_EQ(first.status, 200);
  const std::string tag(first.headers.get("ETag"));
  EXPECT_TRUE(tag.starts_with("W/\"")) << tag;
  for (const std::string& field : {tag, "\"x\", " + tag, std::string("*"), tag.substr(2)}) {
    Request request;
    request.headers.add("If-None-Match", field);
    const Response again = call(Method::get, "/api/benchmark-results/a", std::move(request));
    EXPECT_EQ(again.status, 304) << field;
    EXPECT_EQ(again.headers.get("ETag"), tag);
    EXPECT_TRUE(again.body.empty());
  }
  ports.stored["a"].run_reason = "changed";
  Request request;
  request.headers.add("If-None-Match", tag);
  EXPECT_EQ(call(Method::get, "/api/benchmark-results/a", std::move(request)).status, 200);
}

TEST_F(Routes, what_is_not_there_is_404) {
  for (const char* target :
       {"/api/benchmark-results/none", "/api/history/none", "/api/history?fingerprint=none"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
}

TEST_F(Routes, a_history_by_fingerprint_and_by_result_are_the_same) {
  ports.stored["a"].history_fingerprint = "f";
  ports.histories["f"].fingerprint = "f";
  EXPECT_EQ(get("/api/history/a").body,
            R"({"history_fingerprint":"f","samples":[],"verdict":null})");
  EXPECT_EQ(get("/api/history?fingerprint=f").body, get("/api/history/a").body);
  EXPECT_EQ(locations(get("/api/history")), std::vector<std::string>{"?fingerprint"});
}

TEST_F(Routes, series_filters_arrive_at_the_port) {
  get("/api/series?q=sort%20big&hardware=m1&repository=r&fingerprint=f&status=regressed"
      "&sort=change&active_since=2024-01-01T00:00:00Z&active_until=2024-02-01T00:00:00Z"
      "&cursor=c&page_size=25");
  const SeriesFilter& filter = ports.last_series_filter;
  EXPECT_EQ(filter.text, "sort big");
  EXPECT_EQ(filter.hardware, "m1");
  EXPECT_EQ(filter.repository, "r");
  EXPECT_EQ(filter.fingerprint, "f");
  EXPECT_EQ(filter.status, SeriesStatus::regressed);
  EXPECT_EQ(filter.sort, SeriesFilter::Sort::change);
  EXPECT_EQ(to_rfc3339(*filter.active_since), "2024-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(*filter.active_until), "2024-02-01T00:00:00Z");
  EXPECT_EQ(filter.cursor, "c");
  EXPECT_EQ(filter.page_size, 25);
}

TEST_F(Routes, every_status_can_be_asked_for) {
  for (const SeriesStatus status : {SeriesStatus::insufficient, SeriesStatus::stable,
                                    SeriesStatus::regressed, SeriesStatus::improved}) {
    get(std::string("/api/series?status=") + name_of(status));
    EXPECT_EQ(ports.last_series_filter.status, status);
  }
}

TEST_F(Routes, recent_runs_have_attention_only_on_request) {
  ports.runs.push_back({.run_id = "r 1"});
  ports.repository_names = {"https://github.com/org/repo"};
  const json::Value plain = body_of(get("/api/runs/recent?repository=x"));
  EXPECT_EQ(ports.last_repository, "x");
  EXPECT_EQ(ports.last_count, 25);
  EXPECT_EQ(plain.find("runs")->items()[0].find("attention"), nullptr);
  EXPECT_EQ(json::to_text(*plain.find("repositories")),
            R"([{"repository":"https://github.com/org/repo"}])");
  const json::Value full = body_of(get("/api/runs/recent?include_attention=true"));
  const json::Value* attention = full.find("runs")->items()[0].find("attention");
  ASSERT_NE(attention, nullptr);
  EXPECT_EQ(attention->find("report_url")->as_string(), "/runs/r%201");
}

TEST_F(Routes, facts_and_ping) {
  ports.known_facts = {.series = 1, .results = 2, .runs = 3, .commits = 4, .repositories = {"r"}};
  EXPECT_EQ(
      get("/api/v1/facts").body,
      R"({"version":"1.2.3","series":1,"results":2,"runs":3,"commits":4,"repositories":["r"]})");
  ports.failure = Error{Code::io, "the store is gone"};
  EXPECT_EQ(get("/api/ping").body, R"({"status":"ok"})");
}

TEST(Cursor, comes_back_as_it_went_out) {
  for (const char* position : {"", "06518b680000", "a\nb"}) {
    EXPECT_EQ(*read_cursor("list", make_cursor("list", position)), position);
  }
}

TEST(Cursor, of_another_list_or_damaged_is_refused) {
  const std::string cursor = make_cursor("list", "06518b6800007000");
  EXPECT_FALSE(read_cursor("other", cursor).ok());
  EXPECT_FALSE(read_cursor("list", "").ok());
  EXPECT_FALSE(read_cursor("list", "not base64url!").ok());
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string damaged = cursor;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read_cursor("list", damaged).ok()) << i;
    EXPECT_FALSE(read_cursor("list", cursor.substr(0, i)).ok()) << i;
  }
}

}  // namespace
}  // namespace bl::results
