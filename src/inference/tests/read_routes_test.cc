#include <gmock/gmock.h>

#include <thread>

#include "base/compression.h"
#include "base/json.h"
#include "inference/calculator.h"
#include "inference/routes.h"
#include "inference/tests/canned_sweeps.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class ReadRoutes : public testing::Test {
 protected:
  ReadRoutes() {
    sweeps.rows = {a_point(1, 20, 900), a_point(2, 40, 700), a_point(3, 60, 400),
                   a_point(4, 30, 500)};  // the last is below the front
    restart({});
  }

  void restart(const ReadLimits& limits) {
    router = std::make_unique<net::Router>();
    add_read_routes(*router, make_reads({sweeps, Registry::built_in(), ChartLabels::built_in(),
                                         ColorZones::built_in(), clock, "1.2.3"},
                                        limits, metrics));
  }

  net::Response ask(const std::string& path_and_query,
                    std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::Request request;
    const std::size_t mark = std::min(path_and_query.find('?'), path_and_query.size());
    request.path = path_and_query.substr(0, mark);
    std::string rest = path_and_query.substr(std::min(mark + 1, path_and_query.size()));
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('&'), rest.size());
      const std::size_t equal = rest.find('=');
      request.query.emplace_back(rest.substr(0, equal), rest.substr(equal + 1, end - equal - 1));
      rest.erase(0, end + 1);
    }
    for (auto& [name, value] : headers) request.headers.add(name, value);
    request.principal = principal;
    request.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    const auto match = router->find(net::Method::get, request.path);
    BL_CHECK(match.route != nullptr);
    return match.route->handler(request);
  }

  json::Value json_of(const std::string& path_and_query) {
    const net::Response response = ask(path_and_query);
    EXPECT_EQ(response.status, 200) << response.body;
    auto parsed = json::parse(response.body);
    BL_CHECK(parsed.ok());
    return std::move(parsed).value();
  }

  CannedSweeps sweeps;
  net::Principal principal;
  ManualClock clock{*parse_rfc3339("2026-06-03T10:00:00Z")};
  bl::Metrics metrics;
  std::unique_ptr<net::Router> router;
};

const std::string k_frontier = "/api/v1/inference/frontier?model=DeepSeek-R1-0528&sequence=8k/1k";
const std::string k_calculator =
    "/api/v1/inference/calculator?model=DeepSeek-R1-0528&sequence=8k/1k";
const std::string k_trend = "/api/v1/inference/trend?model=DeepSeek-R1-0528&sequence=8k/1k";
const std::string k_latest = "/api/v1/benchmarks?model=DeepSeek-R1-0528";

std::vector<double> numbers(const json::Value& list) {
  std::vector<double> values;
  for (const json::Value& item : list.items()) values.push_back(item.as_double());
  return values;
}

const json::Value& only_line(const json::Value& chart) {
  const json::Value* lines = chart.find("lines");
  BL_CHECK(lines && lines->items().size() == 1);
  return lines->items()[0];
}

// The dashboard's routes -----------------------------------------------------------------------

TEST_F(ReadRoutes, points_have_the_dashboards_names_and_our_origin) {
  const json::Value rows = json_of(k_latest);
  ASSERT_THAT(rows.items(), SizeIs(4));
  const json::Value& row = rows.items()[0];
  EXPECT_EQ(
      json::to_text(row),
      R"({"id":"1","hardware":"h200","framework":"trt","model":"dsr1","precision":"fp8",)"
      R"("spec_method":"none","disagg":false,"is_multinode":false,"prefill_tp":8,)"
      R"("prefill_ep":1,"prefill_dp_attention":false,"prefill_num_workers":0,"decode_tp":8,)"
      R"("decode_ep":1,"decode_dp_attention":false,"decode_num_workers":0,)"
      R"("num_prefill_gpu":8,"num_decode_gpu":8,"benchmark_type":"single_turn","isl":8192,)"
      R"("osl":1024,"conc":4,"offload_mode":null,"recipe_fingerprint":null,)"
      R"("kv_transfer_lib":null,"workers":null,"image":"trt:1","metrics":{"median_intvty":20,)"
      R"("median_e2el":50,"p99_intvty":10,"p99_ttft":0.5,"mean_ttft":0.2,)"
      R"("tput_per_gpu":900,"output_tput_per_gpu":720,"input_tput_per_gpu":180},)"
      R"("date":"2026-06-01","run_url":"https://github.com/o/r/actions/runs/1/attempts/2",)"
      R"("curve_date":"2026-06-01","curve_workflow_run_id":"9007199254740993",)"
      R"("curve_run_started_at":null,"has_server_log":false,)"
      R"("origin":{"artifact":"bmk_dsr1_conc4.zip","path":"agg.json#/0"}})");
}

TEST_F(ReadRoutes, errors_are_told_as_the_dashboard_does) {
  const std::pair<std::string, std::string> cases[] = {
      {"/api/v1/benchmarks?model=Nobody", R"({"error":"Unknown model"})"},
      {"/api/v1/benchmarks", R"({"error":"Unknown model"})"},
      {k_latest + "&date=2026-6-1", R"({"error":"date must be YYYY-MM-DD"})"},
      {k_latest + "&date=2026-02-30", R"({"error":"date must be YYYY-MM-DD"})"},
      {k_latest + "&runId=12x", R"({"error":"runId must be digits"})"},
      {"/api/v1/benchmarks/history?model=DeepSeek-R1-0528&isl=0&osl=1024",
       R"({"error":"model, isl, and osl are required"})"},
      {"/api/v1/workflow-info", R"({"error":"date must be YYYY-MM-DD"})"},
      {"/api/v1/server-log?id=NaN", R"j({"error":"id is required (benchmark_result_id)"})j"}};
  for (const auto& [question, error] : cases) {
    const net::Response response = ask(question);
    EXPECT_EQ(response.status, 400) << question;
    EXPECT_EQ(response.body, error) << question;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.find("ETag"), nullptr);
  }
  EXPECT_EQ(ask("/api/v1/server-log?id=2").body, R"({"error":"Not found"})");
  EXPECT_EQ(ask("/api/v1/server-log?id=2").status, 404);
  EXPECT_EQ(ask(k_latest + "&runId=5").status, 404);
}

TEST_F(ReadRoutes, errors_before_a_handler_have_the_same_shape) {
  const net::Response response = router->error_answer(
      "/api/v1/availability", 401, Error{Code::unauthenticated, "who are you?"}, "r1");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body, R"({"error":"who are you?"})");
  EXPECT_NE(response.headers.find("WWW-Authenticate"), nullptr);
  EXPECT_THAT(router
                  ->error_answer("/api/v1/inference/trend", 401,
                                 Error{Code::unauthenticated, "who are you?"}, "r1")
                  .body,
              HasSubstr(R"("code":"unauthenticated")"));
}

TEST_F(ReadRoutes, a_history_has_no_images_means_and_deviations) {
  const json::Value rows =
      json_of("/api/v1/benchmarks/history?model=DeepSeek-R1-0528&isl=8192&osl=1024");
  ASSERT_THAT(rows.items(), SizeIs(4));
  EXPECT_EQ(rows.items()[0].find("image"), nullptr);
  EXPECT_EQ(rows.items()[0].find("metrics")->find("mean_ttft"), nullptr);
  EXPECT_NE(rows.items()[0].find("metrics")->find("p99_ttft"), nullptr);
}

TEST_F(ReadRoutes, the_view_of_calculators_has_their_metrics_and_one_sequence) {
  sweeps.rows[0].row.osl = 8192;
  const json::Value rows = json_of(k_latest + "&view=calculator&sequence=8k/1k");
  ASSERT_THAT(rows.items(), SizeIs(3));
  EXPECT_EQ(rows.items()[0].find("metrics")->find("p99_ttft"), nullptr);
  EXPECT_NE(rows.items()[0].find("metrics")->find("tput_per_gpu"), nullptr);
}

TEST_F(ReadRoutes, big_ids_are_texts) {
  SweepRun run;
  run.github_run_id = 9'007'199'254'740'993;
  run.name = "Sweep";
  run.conclusion = "success";
  run.attempt = 2;
  run.created_at = *parse_rfc3339("2026-06-01T08:00:00.5Z");
  run.date = "2026-06-01";
  sweeps.day.runs = {run};
  sweeps.day.changelogs = {
      {run.github_run_id, "2026-06-01", "a", "b", {{"dsr1-fp8-h200-trt"}, "new"}}};
  const net::Response response = ask("/api/v1/workflow-info?date=2026-06-01");
  EXPECT_EQ(response.body,
            R"({"runs":[{"github_run_id":"9007199254740993","name":"Sweep","conclusion":"success",)"
            R"("run_attempt":2,"html_url":null,"created_at":"2026-06-01T08:00:00Z",)"
            R"("date":"2026-06-01"}],"changelogs":[{"workflow_run_id":"9007199254740993",)"
            R"("date":"2026-06-01","base_ref":"a","head_ref":"b",)"
            R"("config_keys":["dsr1-fp8-h200-trt"],"description":"new","pr_link":null}],)"
            R"("configs":[]})");
}

// What is kept ---------------------------------------------------------------------------------

TEST_F(ReadRoutes, a_client_that_has_the_answer_is_told_so_until_the_store_changes) {
  const net::Response first = ask(k_latest);
  const std::string tag(first.headers.get("ETag"));
  EXPECT_THAT(tag, StartsWith("\""));
  EXPECT_EQ(first.headers.get("Cache-Control"), "public, no-cache");
  const net::Response again = ask(k_latest, {{"If-None-Match", tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.headers.get("ETag"), tag);
  EXPECT_EQ(again.body, "");
  sweeps.revision_now = 2;
  EXPECT_EQ(ask(k_latest, {{"If-None-Match", tag}}).status, 200);
}

TEST_F(ReadRoutes, what_somebody_reads_by_their_right_is_no_proxys) {
  principal.role = net::Role::reader;
  EXPECT_EQ(ask(k_latest).headers.get("Cache-Control"), "private, no-cache");
}

TEST_F(ReadRoutes, each_coding_has_a_tag_and_the_same_text) {
  const net::Response plain = ask(k_latest);
  const net::Response gzip = ask(k_latest, {{"Accept-Encoding", "gzip"}});
  const net::Response zstd = ask(k_latest, {{"Accept-Encoding", "gzip, zstd"}});
  EXPECT_EQ(gzip.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(zstd.headers.get("Content-Encoding"), "zstd");
  EXPECT_EQ(*decompress(Encoding::gzip, gzip.body, 1 << 20), plain.body);
  EXPECT_EQ(*decompress(Encoding::zstd, zstd.body, 1 << 20), plain.body);
  const std::set<std::string_view> tags = {plain.headers.get("ETag"), gzip.headers.get("ETag"),
                                           zstd.headers.get("ETag")};
  EXPECT_THAT(tags, SizeIs(3));
}

TEST_F(ReadRoutes, different_questions_have_different_tags) {
  std::set<std::string> tags;
  for (const char* more : {"", "&metric=y_costh", "&chart=e2e", "&percentile=p99", "&hw=h200_trt",
                           "&date=2026-06-01", "&optimal=true", "&format=csv"}) {
    tags.emplace(ask(k_frontier + more).headers.get("ETag"));
  }
  EXPECT_THAT(tags, SizeIs(8));
}

TEST_F(ReadRoutes, an_answer_that_was_made_is_not_made_again) {
  ask(k_latest);
  ask(k_latest);
  ask(k_frontier);  // of the same rows
  EXPECT_EQ(sweeps.reads, 1);
  sweeps.revision_now = 2;
  ask(k_latest);
  EXPECT_EQ(sweeps.reads, 2);
}

TEST_F(ReadRoutes, beyond_the_bound_nothing_is_kept_and_all_is_answered) {
  restart({.kept_bytes_max = 1, .kept_points_max = 0});
  ask(k_latest);
  ask(k_latest);
  EXPECT_EQ(sweeps.reads, 2);
}

TEST_F(ReadRoutes, an_answer_beyond_its_bound_is_refused) {
  restart({.answer_bytes_max = 100});
  const net::Response response = ask(k_latest);
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, StartsWith(R"({"error":"the answer is larger than 100 bytes)"));
  EXPECT_THAT(metrics.text(),
              HasSubstr("bl_inference_read_limit_hits_total{limit=\"answer_bytes_max\"} 1"));
}

TEST_F(ReadRoutes, many_who_ask_at_once_wait_for_one_answer) {
  std::atomic<int> asking = 0;
  sweeps.while_reading = [&] {
    while (asking < 4) std::this_thread::yield();
  };
  std::vector<std::thread> clients;
  std::vector<std::string> bodies(4);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    clients.emplace_back([&, i] {
      ++asking;
      bodies[i] = ask(k_latest).body;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(sweeps.reads, 1);
  EXPECT_THAT(std::set<std::string>(bodies.begin(), bodies.end()), SizeIs(1));
}

TEST_F(ReadRoutes, an_answer_during_which_the_store_changed_is_made_anew) {
  sweeps.while_reading = [&] {
    if (sweeps.reads == 1) sweeps.revision_now = 2;
  };
  const net::Response response = ask(k_latest);
  EXPECT_EQ(sweeps.reads, 2);
  EXPECT_THAT(std::string(response.headers.get("ETag")), HasSubstr("-2\""));
}

TEST_F(ReadRoutes, a_store_that_changes_all_the_time_is_answered_without_a_tag) {
  sweeps.while_reading = [&] { ++sweeps.revision_now; };
  const net::Response response = ask(k_latest);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("ETag"), nullptr);
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
}

// Frontier -------------------------------------------------------------------------------------

TEST_F(ReadRoutes, a_front_names_its_points_and_its_curve_runs_through_them) {
  const json::Value chart = json_of(k_frontier);
  EXPECT_EQ(chart.find("corner")->as_string(), "upper_left");
  const json::Value& line = only_line(chart);
  EXPECT_EQ(line.find("line")->as_string(), "h200_trt__fp8");
  EXPECT_EQ(line.find("hw_label")->as_string(), "H200 (TRT)");
  EXPECT_THAT(numbers(*line.find("front")), ElementsAre(0, 1, 2));
  const auto& points = line.find("points")->items();
  ASSERT_THAT(points, SizeIs(4));
  EXPECT_TRUE(points[2].find("on_front")->as_bool());
  EXPECT_FALSE(points[3].find("on_front")->as_bool());
  EXPECT_EQ(points[0].find("label")->as_string(), "TP8");
  EXPECT_EQ(points[0].find("origin")->find("path")->as_string(), "agg.json#/0");
  EXPECT_EQ(points[0].find("github_run_id")->as_string(), "9007199254740993");
  const auto& curve = line.find("curve")->items();
  EXPECT_THAT(numbers(curve.front()), ElementsAre(20, 900));
  EXPECT_THAT(numbers(curve[16]), ElementsAre(40, 700));
  EXPECT_THAT(numbers(curve.back()), ElementsAre(60, 400));
}

TEST_F(ReadRoutes, costs_are_the_librarys) {
  const json::Value chart = json_of(k_frontier + "&metric=y_costh&chart=e2e");
  EXPECT_EQ(chart.find("corner")->as_string(), "lower_left");
  const auto& point = only_line(chart).find("points")->items()[0];
  const PowerAndCost h200 = power_and_cost(Registry::built_in(), "h200_trt");
  EXPECT_DOUBLE_EQ(point.find("y")->as_double(), cost_per_million(h200.cost_per_hour[0], 900));
  EXPECT_DOUBLE_EQ(point.find("x")->as_double(), 50);
}

TEST_F(ReadRoutes, what_is_not_known_is_left_out_and_counted) {
  std::erase_if(sweeps.rows[1].row.metrics,
                [](const auto& m) { return m.first == "output_tput_per_gpu"; });
  json::Value chart = json_of(k_frontier + "&metric=y_costhOutput");
  EXPECT_THAT(only_line(chart).find("points")->items(), SizeIs(3));
  EXPECT_EQ(json::to_text(*chart.find("left_out")), R"({"without_value":1,"beyond_limits":0})");
  chart = json_of(k_frontier + "&metric=y_costn");  // nobody's price in the newest registry
  EXPECT_THAT(chart.find("lines")->items(), SizeIs(0));
}

TEST_F(ReadRoutes, another_percentile_shows_what_was_measured_with_it) {
  std::erase_if(sweeps.rows[0].row.metrics, [](const auto& m) { return m.first == "p99_intvty"; });
  const json::Value chart = json_of(k_frontier + "&percentile=p99");
  EXPECT_EQ(json::to_text(*chart.find("x")),
            R"j({"key":"p99_intvty","label":"P99 Interactivity (tok/s/user)"})j");
  const auto& points = only_line(chart).find("points")->items();
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_DOUBLE_EQ(points[0].find("x")->as_double(), 20);
}

TEST_F(ReadRoutes, input_metrics_over_the_time_to_first_token_bend_the_other_way) {
  const json::Value chart = json_of(k_frontier + "&metric=y_inputTputPerGpu");
  EXPECT_EQ(chart.find("x")->find("key")->as_string(), "p99_ttft");
  EXPECT_EQ(chart.find("corner")->as_string(), "upper_right");
}

TEST_F(ReadRoutes, two_days_stand_side_by_side) {
  sweeps.rows.push_back(a_point(5, 20, 600, "2026-05-01"));
  const json::Value chart = json_of(k_frontier + "&compare_date=2026-05-15");
  const auto& lines = chart.find("lines")->items();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_TRUE(lines[0].find("as_of")->is_null());
  EXPECT_EQ(lines[1].find("as_of")->as_string(), "2026-05-15");
  EXPECT_EQ(lines[1].find("newest_date")->as_string(), "2026-05-01");
  EXPECT_NE(lines[0].find("color")->find("light")->as_string(),
            lines[1].find("color")->find("light")->as_string());
}

TEST_F(ReadRoutes, lines_and_optimal_points_can_be_chosen) {
  sweeps.rows.push_back(a_point(5, 20, 600, "2026-06-01", "b200"));
  EXPECT_THAT(json_of(k_frontier).find("lines")->items(), SizeIs(2));
  EXPECT_EQ(only_line(json_of(k_frontier + "&hw=b200_trt")).find("hw_key")->as_string(),
            "b200_trt");
  EXPECT_EQ(only_line(json_of(k_frontier + "&lines=b200_trt__fp8")).find("hw_key")->as_string(),
            "b200_trt");
  EXPECT_THAT(json_of(k_frontier + "&precisions=fp4").find("lines")->items(), SizeIs(0));
  const json::Value optimal = json_of(k_frontier + "&hw=h200_trt&optimal=true");
  EXPECT_THAT(only_line(optimal).find("points")->items(), SizeIs(3));
}

TEST_F(ReadRoutes, wrong_parameters_are_all_named) {
  const net::Response response =
      ask("/api/v1/inference/frontier?model=Nobody&sequence=7k&metric=y_costUser&date=x&more=1");
  EXPECT_EQ(response.status, 422);
  const json::Value problem = *json::parse(response.body);
  std::set<std::string> paths;
  for (const json::Value& fault : problem.find("errors")->items())
    paths.insert(fault.find("location")->as_string());
  EXPECT_EQ(paths, (std::set<std::string>{"?model", "?sequence", "?metric", "?date", "?more"}));
}

TEST_F(ReadRoutes, csv_is_what_the_chart_shows_and_runs_no_formulas) {
  sweeps.rows[0].row.image = "=cmd()";
  const net::Response response = ask(k_frontier + "&optimal=true", {{"Accept", "text/csv"}});
  EXPECT_EQ(response.headers.get("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_EQ(response.headers.get("Content-Disposition"), "attachment; filename=\"frontier.csv\"");
  EXPECT_EQ(std::count(response.body.begin(), response.body.end(), '\n'), 2 + 1 + 3);
  EXPECT_THAT(response.body, StartsWith("# DeepSeek-R1-0528, 8k/1k\n# Token Throughput per GPU "
                                        "over Interactivity (tok/s/user), as of now\n"));
  EXPECT_THAT(response.body, HasSubstr("Median TTFT (s)"));
  EXPECT_THAT(response.body, HasSubstr(",20,900,true,,'=cmd(),"));
  EXPECT_THAT(response.body, HasSubstr("bmk_dsr1_conc4.zip,agg.json#/0,1\n"));
}

// Calculator and trend -------------------------------------------------------------------------

TEST_F(ReadRoutes, the_calculator_gives_what_the_library_estimates_best_first) {
  for (const double at : {20.0, 40.0, 60.0})
    sweeps.rows.push_back(
        a_point(static_cast<std::int64_t>(at), at, 2000 - 10 * at, "2026-06-01", "b200"));
  sweeps.rows.push_back(a_point(9, 100, 50, "2026-06-01", "h100"));
  const json::Value answer = json_of(k_calculator + "&target=35");
  const auto& lines = answer.find("lines")->items();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].find("hw_key")->as_string(), "b200_trt");
  std::vector<OperatingPoint> points;
  for (std::size_t i = 0; i < 4; ++i) {
    points.push_back(*operating_point(sweeps.rows[i].row, Registry::built_in(),
                                      ChartLabels::built_in(), MissingValues::absent));
  }
  const auto expected = estimate(points, {}, Provider::hyperscaler, TwoKnots::straight);
  EXPECT_DOUBLE_EQ(lines[1].find("value")->as_double(), expected->value);
  EXPECT_DOUBLE_EQ(lines[1].find("cost")->as_double(), expected->cost);
  const auto& nearest = lines[1].find("nearest")->items();
  ASSERT_THAT(nearest, SizeIs(2));
  EXPECT_EQ(nearest[0].find("id")->as_string(), "1");
  EXPECT_EQ(nearest[1].find("id")->as_string(), "2");
  const auto& beyond = answer.find("out_of_reach")->items();
  ASSERT_THAT(beyond, SizeIs(1));
  EXPECT_EQ(json::to_text(beyond[0]),
            R"j({"line":"h100_trt__fp8","hw_key":"h100_trt","hw_label":"H100 (TRT)",)j"
            R"("precision":"fp8","precision_label":"FP8","min":100,"max":100})");
}

TEST_F(ReadRoutes, a_price_that_nobody_knows_is_no_price) {
  const json::Value answer = json_of(k_calculator + "&provider=costn&bar=cost");
  const json::Value& line = only_line(answer);
  EXPECT_TRUE(line.find("cost")->is_null());
  EXPECT_TRUE(line.find("bar_value")->is_null());
  EXPECT_FALSE(line.find("throughput_per_mw")->is_null());
  const std::string csv = ask(k_calculator + "&provider=costn&bar=cost&format=csv").body;
  EXPECT_THAT(csv, Not(HasSubstr(",0,0,0,")));
}

TEST_F(ReadRoutes, a_trend_says_which_values_repeat_the_last_measured_one) {
  sweeps.rows.push_back(a_point(5, 20, 600, "2026-05-01"));
  sweeps.rows.push_back(a_point(6, 60, 300, "2026-05-01"));
  const json::Value trend = json_of(k_trend + "&interactivity=40");
  const auto& points = only_line(trend).find("points")->items();
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(json::to_text(points[0]),
            R"({"date":"2026-05-01","value":450,"synthetic":false,)"
            R"("run_urls":["https://github.com/o/r/actions/runs/1/attempts/2"],)"
            R"("point_ids":["5","6"]})");
  EXPECT_EQ(points[1].find("value")->as_double(), 700);
  EXPECT_EQ(json::to_text(*points[1].find("point_ids")), R"(["2"])");
  EXPECT_EQ(json::to_text(points[2]), R"({"date":"2026-06-03","value":700,"synthetic":true,)"
                                      R"("run_urls":[],"point_ids":[]})");
  EXPECT_THAT(ask(k_trend + "&interactivity=40&format=csv").body,
              HasSubstr("H200 (TRT),h200_trt,fp8,2026-05-01,450,40,false,40,5 6,https://"));
}

TEST_F(ReadRoutes, a_trend_of_yesterday_is_not_todays) {
  const std::string tag(ask(k_trend).headers.get("ETag"));
  EXPECT_EQ(ask(k_trend, {{"If-None-Match", tag}}).status, 304);
  clock.advance(std::chrono::hours(24));
  EXPECT_EQ(ask(k_trend, {{"If-None-Match", tag}}).status, 200);
}

// Registry and reports -------------------------------------------------------------------------

TEST_F(ReadRoutes, the_registry_has_what_selectors_need) {
  const json::Value registry = json_of("/api/v1/inference/registry");
  const json::Value& model = registry.find("models")->items()[0];
  EXPECT_EQ(json::to_text(model),
            R"({"display":"DeepSeek-R1-0528","label":"DeepSeek R1 0528","category":"default",)"
            R"("keys":["dsr1"],"released":"2025-05-28"})");
  EXPECT_EQ(registry.find("metrics")->items().size(), 18u);  // without the user's own
  EXPECT_EQ(registry.find("sequences")->items().back().find("name")->as_string(), "agentic");
}

TEST_F(ReadRoutes, what_was_left_out_is_shown_newest_first) {
  IngestReport report;
  report.id = "r1";
  report.at = clock.now();
  report.source = "sweep.zip";
  report.submitter = "ci";
  report.github_run_id = 9'007'199'254'740'993;
  report.skipped = {{"unmapped_hardware", 2}};
  report.examples = {{SkipReason::unmapped_hardware, "a.zip/agg.json#/0", "=x100"}};
  report.hardware = {"x100"};
  sweeps.ingests = {report};
  const json::Value answer = json_of("/api/v1/inference/skipped?limit=1");
  const json::Value& shown = answer.find("reports")->items()[0];
  EXPECT_EQ(shown.find("github_run_id")->as_string(), "9007199254740993");
  EXPECT_EQ(json::to_text(*shown.find("skipped")), R"({"unmapped_hardware":2})");
  EXPECT_THAT(ask("/api/v1/inference/skipped?format=csv").body,
              HasSubstr("ci,9007199254740993,unmapped_hardware,a.zip/agg.json#/0,'=x100\n"));
}

}  // namespace
}  // namespace bl::inference
