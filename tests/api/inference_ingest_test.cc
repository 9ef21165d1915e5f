#include <gmock/gmock.h>

#include "inference/tests/zip_files.h"
#include "product/server_process.h"
#include "product/sweep_files.h"

/// Sweeps on their way into the program: by the command, with and without a server, and by upload.
namespace bl::product {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class InferenceIngest : public testing::Test {
 protected:
  InferenceIngest() {
    write_text(run + "/bmk_a_conc4/agg.json", sweep_row(4));
    write_text(run + "/bmk_b_conc8/agg.json", "[" + sweep_row(8) + "," + sweep_row(9, "x9") + "]");
    write_text(run + "/run-stats/run_stats.json", R"({"h200":{"n_success":3,"total":4}})");
    write_text(run + "/run.json",
               R"({"id":29003473063,"run_attempt":2,"created_at":"2026-07-09T10:00:00Z"})");
  }
  CommandOutcome ingest(const std::string& source, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"inference", "ingest", source, "--data", data};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_benchlake(arguments);
  }
  static std::int64_t count(const json::Value& report, const char* kind, const char* what) {
    return report.find("written")->find(kind)->find(what)->as_int64().value_or(-1);
  }

  TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  const std::string run = folder.path() + "/run";
};

TEST_F(InferenceIngest, the_command_says_what_is_new_and_what_was_left_out) {
  const std::string unmapped = folder.path() + "/unmapped.json";
  const CommandOutcome first = ingest(run, {"--unmapped", unmapped});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out,
              AllOf(HasSubstr("2026-07-09  +2 bmk (0 dup)  +1 stats (0 dup)"),
                    HasSubstr("Benchmark results: 2 new, 0 duplicate (ON CONFLICT updates)\n"),
                    HasSubstr("DB totals: 1 configs, 2 benchmark_results, 1 run_stats"),
                    HasSubstr("Skipped: 1 rows\n  unmapped hw:             1\n")));
  std::string named;
  std::getline(std::ifstream(unmapped), named);
  EXPECT_EQ(named, R"({"models":[],"hardware":["x9"],"precisions":[]})");
}

TEST_F(InferenceIngest, twice_changes_nothing_without_a_server_and_with_one) {
  ASSERT_EQ(ingest(run).exit_code, 0);
  const auto again = json::parse(ingest(run, {"--json"}).out);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(count(*again, "points", "unchanged"), 2);
  EXPECT_EQ(count(*again, "points", "added"), 0);

  const ServerProcess server(data);
  ASSERT_TRUE(server.ready());
  const CommandOutcome sent = ingest(run, {"--json"});
  EXPECT_EQ(sent.exit_code, 0) << sent.err;
  const auto to_server = json::parse(sent.out);
  ASSERT_TRUE(to_server.ok()) << sent.out;
  EXPECT_EQ(count(*to_server, "points", "unchanged"), 2);
  EXPECT_EQ(count(*to_server, "run_stats", "unchanged"), 1);
  EXPECT_EQ(to_server->find("github_run_id")->as_string(), "29003473063");
  EXPECT_EQ(to_server->find("run_attempt")->as_int64(), 2);
}

TEST_F(InferenceIngest, an_upload_is_answered_by_the_report_and_counted) {
  const ServerProcess server(data);
  ASSERT_TRUE(server.ready());
  const std::string bytes = inference::make_zip(
      {{"bmk_b/agg.json", "[" + sweep_row(8) + "," + sweep_row(9, "x9") + "," + sweep_row(4) + "]"},
       {"run.json", R"({"id":29003473063,"created_at":"2026-07-09T10:00:00Z"})"}});
  const Answer answer = server.post("/api/v1/inference/ingest", bytes, "application/zip");
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(count(answer.body, "points", "added"), 2);
  EXPECT_EQ(answer.body.find("examples")->items()[0].find("path")->as_string(),
            "bmk_b/agg.json#/1");
  EXPECT_THAT(server.get("/metrics").text,
              AllOf(HasSubstr("bl_inference_skipped_total{reason=\"unmapped_hardware\"} 1"),
                    HasSubstr("bl_inference_unknown_names{kind=\"hardware\"} 1")));
  EXPECT_TRUE(std::filesystem::is_empty(data + "/ingest"));

  const Answer rubbish = server.post("/api/v1/inference/ingest?run_id=1&date=2026-09-01", "rubbish",
                                     "application/zip");
  EXPECT_EQ(rubbish.status, 422);
  EXPECT_THAT(rubbish.text, HasSubstr("upload.zip: no zip, or cut off"));
  EXPECT_EQ(server.post("/api/v1/inference/ingest", bytes, "text/plain").status, 415);
  net::Client anonymous;
  const auto refused =
      anonymous.send(net::Method::post, server.url() + "/api/v1/inference/ingest", {}, bytes);
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->status, 401);
}

TEST_F(InferenceIngest, an_upload_over_the_limit_is_refused) {
  const ServerProcess server(data, {"--set", "inference.upload_max=1KiB"});
  ASSERT_TRUE(server.ready());
  const Answer answer =
      server.post("/api/v1/inference/ingest", std::string(4096, 'x'), "application/zip");
  EXPECT_EQ(answer.status, 413) << answer.text;
}

TEST_F(InferenceIngest, a_registry_of_the_operators_takes_the_new_accelerator) {
  const std::string registry = folder.path() + "/gpus.toml";
  write_text(registry,
             "[hardware.x9]\nvendor = \"X\"\nlabel = \"X9\"\nsort = 30\ntdp_w = 1\npower_kw = 1\n"
             "cost_hyperscaler = 1\ncost_rental = 1\n");
  const CommandOutcome known = ingest(run, {"--set", "inference.registry=" + registry});
  EXPECT_EQ(known.exit_code, 0) << known.err;
  EXPECT_THAT(known.out, HasSubstr("Benchmark results: 3 new"));
  write_text(registry, "[hardware.x9]\ncolour = 1\n");
  const CommandOutcome wrong = ingest(run, {"--set", "inference.registry=" + registry});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("gpus.toml:2"));
}

TEST_F(InferenceIngest, what_is_stored_is_verified_and_overrides_are_put_upon_it) {
  ASSERT_EQ(ingest(run).exit_code, 0);
  const CommandOutcome good = run_benchlake({"inference", "verify", "--data", data});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  const std::string file = folder.path() + "/overrides.toml";
  write_text(file, "[purged.29003473063]\nreason = \"wrong image\"\n");
  const std::vector<std::string> call = {"inference", "overrides", "--data",
                                         data,        "--set",     "inference.overrides=" + file};
  const CommandOutcome preview = run_benchlake(call);
  EXPECT_EQ(preview.exit_code, 0) << preview.err;
  EXPECT_THAT(preview.out, AllOf(HasSubstr("purged: 2 points"), HasSubstr("wrong image")));
  EXPECT_THAT(ingest(run).out, HasSubstr("0 new, 2 duplicate"));
  std::vector<std::string> really = call;
  really.push_back("--yes");
  EXPECT_EQ(run_benchlake(really).exit_code, 0);
  EXPECT_EQ(run_benchlake(call).out, "");
  const CommandOutcome again = ingest(run, {"--set", "inference.overrides=" + file});
  EXPECT_THAT(again.out, AllOf(HasSubstr("Benchmark results: 0 new, 0 duplicate"),
                               HasSubstr("0 benchmark_results"), HasSubstr("quarantined:")));
}

TEST_F(InferenceIngest, the_serving_benchmarks_own_json_becomes_rows) {
  const std::string bench = folder.path() + "/bench.json";
  write_text(bench, R"({"model_id":"deepseek-ai/DeepSeek-R1","max_concurrency":16,)"
                    R"("total_token_throughput":15000.5,"output_throughput":12000,)"
                    R"("median_tpot_ms":24,"median_ttft_ms":800})");
  const std::string rows = folder.path() + "/rows.json";
  const CommandOutcome made =
      run_benchlake({"inference", "process-result", bench, "--hw", "h200", "--framework", "vllm",
                     "--precision", "fp8", "--model-prefix", "dsr1", "--isl", "1024", "--osl",
                     "1024", "--tp", "8", "--output", rows});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const CommandOutcome stored = ingest(rows, {"--run-id", "1", "--date", "2026-09-01"});
  EXPECT_EQ(stored.exit_code, 0) << stored.err;
  EXPECT_THAT(stored.out, HasSubstr("Benchmark results: 1 new"));
  const CommandOutcome lacking = run_benchlake({"inference", "process-result", bench});
  EXPECT_EQ(lacking.exit_code, 2);
  EXPECT_THAT(lacking.err, HasSubstr("settings are missing: RUNNER_TYPE"));
}

TEST_F(InferenceIngest, what_is_no_sweep_is_refused_with_exit_code_2) {
  EXPECT_EQ(ingest(folder.path() + "/none").exit_code, 2);
  EXPECT_EQ(ingest(run, {"--run-id", "many"}).exit_code, 2);
  write_text(folder.path() + "/other/readme.txt", "hello");
  const CommandOutcome other = ingest(folder.path() + "/other");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("neither artifacts"));
}

}  // namespace
}  // namespace bl::product
