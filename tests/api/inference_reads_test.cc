#include <gmock/gmock.h>

#include "base/compression.h"
#include "product/server_process.h"
#include "product/sweep_files.h"

/// A sweep, read by programs as a team would: what is the best, what does it cost, what changed.
namespace bl::product {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string k_line = "?model=DeepSeek-R1-0528&sequence=8k/1k";

class InferenceReads : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server.ready()); }

  /// A run of one line: users, interactivity, tokens per second and GPU.
  struct Measured {
    int conc;
    double interactivity, throughput;
  };
  void upload(int run, const std::string& date, const std::vector<Measured>& points) {
    std::string rows;
    for (const Measured& p : points) {
      rows += (rows.empty() ? "" : ",") +
              fmt::format(R"({{"hw":"h200","model":"m","infmax_model_prefix":"dsr1",)"
                          R"("framework":"sglang","precision":"fp8","isl":8192,"osl":1024,"tp":8,)"
                          R"("ep":1,"image":"sglang:1","conc":{},"median_intvty":{},)"
                          R"("median_e2el":5,"tput_per_gpu":{},"output_tput_per_gpu":{}}})",
                          p.conc, p.interactivity, p.throughput, p.throughput / 10);
    }
    const Answer answer = server.post(
        fmt::format("/api/v1/inference/ingest?run_id={}&created_at={}T08:00:00Z&html_url="
                    "https://github.com/o/r/actions/runs/{}",
                    run, date, run),
        stored_zip({{"results_bmk/agg_bmk.json", "[" + rows + "]"}}), "application/zip");
    ASSERT_EQ(answer.status, 200) << answer.text;
  }

  json::Value get(const std::string& path) {
    const Answer answer = server.get(path);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body;
  }

  TemporaryFolder folder;
  const ServerProcess server{folder.path() + "/data"};
};

TEST_F(InferenceReads, a_point_on_the_front_leads_to_its_run_artifact_and_row) {
  upload(7001, "2026-08-01", {{8, 50, 400}, {16, 40, 350}, {64, 20, 900}});
  const json::Value chart = get("/api/v1/inference/frontier" + k_line);
  const json::Value& line = chart.find("lines")->items()[0];
  EXPECT_EQ(line.find("line")->as_string(), "h200_sglang__fp8");
  std::string on_front;
  for (const json::Value& position : line.find("front")->items()) {
    const auto place = static_cast<std::size_t>(*position.as_int64());
    const json::Value& point = line.find("points")->items()[place];
    on_front += point.find("conc")->number_text() + " ";
    EXPECT_EQ(point.find("run_url")->as_string(),
              "https://github.com/o/r/actions/runs/7001/attempts/1");
    EXPECT_EQ(point.find("origin")->find("artifact")->as_string(), "results_bmk");
    EXPECT_THAT(point.find("origin")->find("path")->as_string(), HasSubstr("agg_bmk.json#/"));
  }
  EXPECT_EQ(on_front, "64 8 ");  // 16 users: less of both than 8
}

TEST_F(InferenceReads, what_a_client_has_stands_until_something_is_ingested) {
  upload(7001, "2026-08-01", {{8, 50, 400}, {64, 20, 900}});
  const std::string path = "/api/v1/benchmarks?model=DeepSeek-R1-0528";
  net::Client client;
  net::Headers headers;
  headers.add("Accept-Encoding", "zstd");
  const auto first = client.send(net::Method::get, server.url() + path, headers, "");
  ASSERT_TRUE(first.ok());
  headers.add("If-None-Match", std::string(first->headers.get("ETag")));
  EXPECT_EQ(client.send(net::Method::get, server.url() + path, headers, "")->status, 304);
  upload(7001, "2026-08-01", {{8, 50, 400}, {64, 20, 901}});
  EXPECT_EQ(client.send(net::Method::get, server.url() + path, headers, "")->status, 200);
}

TEST_F(InferenceReads, yesterday_can_be_asked_for_and_laid_beside_today) {
  upload(7001, "2026-08-01", {{8, 50, 400}, {64, 20, 900}});
  upload(7002, "2026-08-02", {{8, 55, 440}, {64, 22, 990}});
  const json::Value chart = get("/api/v1/inference/frontier" + k_line + "&compare_date=2026-08-01");
  ASSERT_THAT(chart.find("lines")->items(), SizeIs(2));
  EXPECT_EQ(chart.find("lines")->items()[0].find("newest_date")->as_string(), "2026-08-02");
  EXPECT_EQ(chart.find("lines")->items()[1].find("newest_date")->as_string(), "2026-08-01");
  const json::Value trend = get("/api/v1/inference/trend" + k_line + "&interactivity=50");
  const auto& days = trend.find("lines")->items()[0].find("points")->items();
  EXPECT_EQ(days[0].find("value")->as_double(), 400);
  EXPECT_GT(days[1].find("value")->as_double(), 440);
}

TEST_F(InferenceReads, what_was_not_measured_is_not_free) {
  upload(7001, "2026-08-01", {{8, 50, 400}, {64, 20, 900}});  // no input throughput
  const json::Value chart = get("/api/v1/inference/frontier" + k_line + "&metric=y_costhi");
  EXPECT_THAT(chart.find("lines")->items(), SizeIs(0));
  EXPECT_EQ(chart.find("left_out")->find("without_value")->as_int64(), 2);
  const json::Value calculator =
      get("/api/v1/inference/calculator" + k_line + "&target=30&bar=cost&tokens=input");
  const json::Value& line = calculator.find("lines")->items()[0];
  EXPECT_TRUE(line.find("bar_value")->is_null());
  EXPECT_GT(line.find("cost")->as_double(), 0);
}

}  // namespace
}  // namespace bl::product
