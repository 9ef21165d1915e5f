#include "inference/mcp.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "inference/tests/canned_sweeps.h"

namespace bl::inference {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::SizeIs;

class Mcp : public testing::Test {
 protected:
  Mcp() {
    sweeps.rows = {a_point(1, 20, 900), a_point(2, 40, 700.123456), a_point(3, 30, 500)};
    sweeps.available = {
        {"dsr1", 8192, 1024, "fp8", "h200", "trt", "none", false, "single_turn", "2026-06-01"},
        {"dsr1", {}, {}, "fp4", "b200", "vllm", "mtp", false, "agentic_traces", "2026-06-02"}};
    add_mcp_route(router, make_reads({sweeps, Registry::built_in(), ChartLabels::built_in(),
                                      ColorZones::built_in(), clock, "1.2.3"},
                                     {}, metrics));
  }

  net::Response post(std::string body,
                     std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::Request request;
    request.method = net::Method::post;
    request.path = "/mcp";
    request.body = std::move(body);
    request.headers.add("Host", "lake.example:8080");
    for (auto& [name, value] : headers) request.headers.add(name, value);
    request.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    return router.find(net::Method::post, "/mcp").route->handler(request);
  }

  json::Value result_of(const std::string& method, const std::string& params) {
    const net::Response response =
        post(R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" + params + "}");
    EXPECT_EQ(response.status, 200);
    const json::Value answer = *json::parse(response.body);
    EXPECT_EQ(answer.find("id")->number_text(), "7");
    BL_CHECK(answer.find("result") != nullptr);
    return *answer.find("result");
  }

  struct Said {
    bool is_error = false;
    std::string text;
    json::Value json() const { return *json::parse(text); }
  };
  Said call(const std::string& tool, const std::string& arguments) {
    const json::Value result =
        result_of("tools/call", R"({"name":")" + tool + R"(","arguments":)" + arguments + "}");
    return {result.find("isError")->as_bool(),
            result.find("content")->items()[0].find("text")->as_string()};
  }

  CannedSweeps sweeps;
  ManualClock clock{*parse_rfc3339("2026-06-03T10:00:00Z")};
  bl::Metrics metrics;
  net::Router router;
};

// The protocol ---------------------------------------------------------------------------------

TEST_F(Mcp, a_client_and_the_server_agree_on_a_version) {
  const auto version = [&](const std::string& asked) {
    return result_of("initialize", R"({"protocolVersion":")" + asked + R"("})")
        .find("protocolVersion")
        ->as_string();
  };
  EXPECT_EQ(version("2025-03-26"), "2025-03-26");
  EXPECT_EQ(version("2024-11-05"), "2024-11-05");
  EXPECT_EQ(version("1999-01-01"), "2025-06-18");
  EXPECT_EQ(post("{}", {{"MCP-Protocol-Version", "1999-01-01"}}).status, 400);
}

TEST_F(Mcp, notifications_are_accepted_without_an_answer) {
  const net::Response response = post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "");
}

TEST_F(Mcp, a_batch_is_answered_by_a_batch) {
  const net::Response response = post(R"([{"jsonrpc":"2.0","id":"a","method":"ping"},)"
                                      R"({"jsonrpc":"2.0","method":"notifications/cancelled"},)"
                                      R"({"jsonrpc":"2.0","id":2,"method":"nothing"}])");
  EXPECT_EQ(response.body, R"([{"jsonrpc":"2.0","id":"a","result":{}},{"jsonrpc":"2.0","id":2,)"
                           R"("error":{"code":-32601,"message":"no such method: nothing"}}])");
  EXPECT_EQ(post("[]").status, 400);
  std::string many = "[1";
  for (int i = 0; i < 50; ++i) many += ",1";
  EXPECT_EQ(post(many + "]").status, 400);
  EXPECT_THAT(metrics.text(),
              HasSubstr("bl_inference_read_limit_hits_total{limit=\"messages_max\"} 1"));
}

TEST_F(Mcp, what_is_no_message_is_refused) {
  EXPECT_THAT(post("{").body, HasSubstr(R"("id":null,"error":{"code":-32700)"));
  for (const char* message :
       {"1", "{}", R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":{},"method":"ping"})", R"({"jsonrpc":"2.0","id":1,"method":5})"}) {
    EXPECT_THAT(post(message).body, HasSubstr(R"("code":-32600)")) << message;
  }
}

TEST_F(Mcp, pages_of_other_sites_may_not_ask) {
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  EXPECT_EQ(post(ping, {{"Origin", "https://elsewhere.example"}}).status, 403);
  EXPECT_EQ(post(ping, {{"Origin", "null"}}).status, 403);
  EXPECT_EQ(post(ping, {{"Origin", "http://lake.example:8080"}}).status, 200);
}

TEST_F(Mcp, every_tool_says_what_it_takes) {
  const json::Value list = result_of("tools/list", "{}");
  std::vector<std::string> names;
  for (const json::Value& tool : list.find("tools")->items()) {
    names.push_back(tool.find("name")->as_string());
    EXPECT_EQ(tool.find("inputSchema")->find("type")->as_string(), "object");
    EXPECT_TRUE(tool.find("annotations")->find("readOnlyHint")->as_bool());
    for (const json::Value& required : tool.find("inputSchema")->find("required")->items())
      EXPECT_NE(tool.find("inputSchema")->find("properties")->find(required.as_string()), nullptr);
  }
  EXPECT_THAT(names, IsSupersetOf({"get_overview", "list_hardware", "list_models", "list_configs",
                                   "get_latest_benchmarks", "get_frontier", "get_calculator",
                                   "get_trend", "get_history", "get_skipped"}));
}

TEST_F(Mcp, an_unknown_tool_is_an_error_of_the_call) {
  const net::Response response =
      post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop_tables"}})");
  EXPECT_THAT(response.body, HasSubstr(R"("code":-32602,"message":"no such tool: drop_tables")"));
}

TEST_F(Mcp, wrong_arguments_are_told_to_the_assistant) {
  const Said said = call("get_frontier", R"({"model":"Nobody","colour":"red"})");
  EXPECT_TRUE(said.is_error);
  EXPECT_THAT(said.text, HasSubstr("model: no model that the registry knows"));
  EXPECT_THAT(said.text, HasSubstr("sequence: required, but missing"));
  EXPECT_THAT(said.text, HasSubstr("colour: "));
  EXPECT_TRUE(call("get_frontier", R"({"hw":[{}]})").is_error);
}

// The tools ------------------------------------------------------------------------------------

TEST_F(Mcp, the_overview_says_what_there_is) {
  const json::Value overview = call("get_overview", "{}").json();
  EXPECT_EQ(json::to_text(*overview.find("hardware")), R"(["b200","h200"])");
  EXPECT_EQ(json::to_text(*overview.find("sequences")), R"(["8k/1k","agentic"])");
  EXPECT_EQ(overview.find("last_date")->as_string(), "2026-06-02");
  EXPECT_EQ(overview.find("models")->items()[0].find("model")->as_string(), "DeepSeek-R1-0528");
}

TEST_F(Mcp, configurations_can_be_asked_by_hardware_and_model) {
  EXPECT_THAT(call("list_configs", "{}").json().find("configs")->items(), SizeIs(2));
  const json::Value of_b200 = call("list_configs", R"({"hardware":"b200","model":"dsr1"})").json();
  ASSERT_THAT(of_b200.find("configs")->items(), SizeIs(1));
  EXPECT_EQ(of_b200.find("configs")->items()[0].find("framework")->as_string(), "vllm");
}

TEST_F(Mcp, rows_do_not_repeat_what_they_are_filtered_by) {
  const Said said =
      call("get_latest_benchmarks",
           R"({"model":"dsr1","hardware":"h200","isl":8192,"metrics":["tput_per_gpu"],"limit":2})");
  EXPECT_EQ(said.text,
            R"({"filters":{"model":"dsr1","hardware":"h200","isl":8192},"rows":[)"
            R"({"id":"1","framework":"trt","precision":"fp8","spec_method":"none","disagg":false,)"
            R"("osl":1024,"conc":4,"num_gpu":8,"parallelism":"TP8","date":"2026-06-01",)"
            R"("run_url":"https://github.com/o/r/actions/runs/1/attempts/2","tput_per_gpu":900,)"
            R"("origin":{"artifact":"bmk_dsr1_conc4.zip","path":"agg.json#/0"}},)"
            R"({"id":"2","framework":"trt","precision":"fp8","spec_method":"none","disagg":false,)"
            R"("osl":1024,"conc":8,"num_gpu":8,"parallelism":"TP8","date":"2026-06-01",)"
            R"("run_url":"https://github.com/o/r/actions/runs/1/attempts/2",)"
            R"("tput_per_gpu":700.1235,)"
            R"("origin":{"artifact":"bmk_dsr1_conc8.zip","path":"agg.json#/0"}}],)"
            R"("count":2,"total":3,"truncated":true,)"
            R"j("hint":"filter more, or ask for a greater limit (at most 5000)"})j");
}

TEST_F(Mcp, rows_without_the_metric_come_last_whatever_the_order) {
  std::erase_if(sweeps.rows[0].row.metrics, [](const auto& m) { return m.first == "median_e2el"; });
  const auto order = [&](const std::string& more) {
    std::string ids;
    const json::Value answer =
        call("get_latest_benchmarks", R"({"sort_by":"median_e2el")" + more + "}").json();
    for (const json::Value& row : answer.find("rows")->items()) ids += row.find("id")->as_string();
    return ids;
  };
  EXPECT_EQ(order(""), "231");  // 25 s, 33 s, not measured
  EXPECT_EQ(order(R"(,"order":"desc")"), "321");
}

TEST_F(Mcp, a_frontier_is_short_and_each_point_has_its_origin) {
  const json::Value chart =
      call("get_frontier", R"({"model":"DeepSeek-R1-0528","sequence":"8k/1k","hw":["h200_trt"]})")
          .json();
  const json::Value& line = chart.find("lines")->items()[0];
  EXPECT_EQ(line.find("curve"), nullptr);
  ASSERT_THAT(line.find("points")->items(), SizeIs(2));  // the third is below the front
  EXPECT_EQ(line.find("points")->items()[0].find("origin")->find("artifact")->as_string(),
            "bmk_dsr1_conc4.zip");
}

TEST_F(Mcp, calculator_trend_history_and_skips_are_the_routes) {
  const std::string of = R"({"model":"DeepSeek-R1-0528","sequence":"8k/1k")";
  EXPECT_NE(call("get_calculator", of + R"(,"target":30})").json().find("lines"), nullptr);
  EXPECT_NE(call("get_trend", of + R"(,"interactivity":30})").json().find("today"), nullptr);
  EXPECT_THAT(call("get_history", of + R"(,"metrics":["all"]})").json().find("rows")->items(),
              SizeIs(3));
  EXPECT_EQ(call("get_skipped", "{}").text, R"({"reports":[]})");
  EXPECT_THAT(call("list_hardware", "{}").text, HasSubstr(R"("key":"h200")"));
  EXPECT_THAT(call("list_models", "{}").text, HasSubstr("DeepSeek-R1-0528"));
}

}  // namespace
}  // namespace bl::inference
