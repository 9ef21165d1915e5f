#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "inference/schema.h"
#include "inference/store_sweep_check.h"
#include "inference/tests/sweep_store.h"
#include "store/audit.h"
#include "store/both_dialects.h"
#include "store/testing/postgres_server.h"

namespace bl::inference::testing {
namespace {

bool on_postgres() {
  const char* store = getenv("BL_TEST_STORE");
  return store != nullptr && std::string_view(store) == "postgres";
}

std::string new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "bl-inference-XXXXXX").string();
  BL_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

std::unique_ptr<store::Database> SweepStore::open(store::DatabaseLimits limits) {
  std::string uri = "sqlite://" + folder + "/test.db";
  if (on_postgres()) {
    auto& server = store::testing::PostgresServer::shared();
    database_name = server.create_database();
    uri = server.uri(database_name);
  }
  auto opened = store::open_database(uri, limits, log, metrics);
  BL_CHECK(opened.ok());
  std::vector<store::Migration> steps;
  for (const auto part : {store::audit_migrations(), migrations()}) {
    steps.insert(steps.end(), part.begin(), part.end());
  }
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].number = static_cast<int>(i) + 1;
  const auto migrated = (*opened)->migrate(steps);
  if (!migrated.ok()) ADD_FAILURE() << migrated.error().message;
  BL_CHECK(migrated.ok());
  return std::move(*opened);
}

SweepStore::SweepStore(store::DatabaseLimits limits)
    : folder(new_folder()), database(open(limits)), writer(*database), reader(*database) {}

// Whatever a test did, the store is right in itself.
SweepStore::~SweepStore() {
  EXPECT_EQ(faults(), "");
  database.reset();
  if (!database_name.empty()) store::testing::PostgresServer::shared().drop_database(database_name);
  std::filesystem::remove_all(folder);
}

Written SweepStore::write(const Sweep& sweep) {
  auto written = writer.write(sweep);
  if (!written.ok()) ADD_FAILURE() << written.error().message;
  BL_CHECK(written.ok());
  return *written;
}

std::vector<StoredPoint> SweepStore::points(const PointsWhen& when, LineRule rule) {
  const std::vector<std::string> models = {"dsr1"};
  auto points = reader.points(models, when, rule);
  if (!points.ok()) ADD_FAILURE() << points.error().message;
  BL_CHECK(points.ok());
  return std::move(*points);
}

std::int64_t SweepStore::revision() {
  const auto revision = reader.revision();
  BL_CHECK(revision.ok());
  return *revision;
}

std::string SweepStore::faults() {
  const auto check = check_sweeps(*database);
  if (!check.ok()) return check.error().message;
  return fmt::format("{}", fmt::join(check->faults, "\n"));
}

std::string SweepStore::value(const std::string& sql) {
  std::string text;
  const auto read = database->read([&](store::Connection& connection) {
    return connection.query_text(store::in_dialect(sql, connection.dialect()), {},
                                 [&](const store::Row& row) {
                                   text = row.text(0);
                                   return true;
                                 });
  });
  if (!read.ok()) ADD_FAILURE() << read.error().message;
  return text;
}

std::string SweepStore::refusal(const std::string& sql) {
  const auto written = database->write([&](store::Connection& connection) {
    return connection.query_text(store::in_dialect(sql, connection.dialect()), {},
                                 [](const store::Row&) { return true; });
  });
  return written.ok() ? "" : written.error().message;
}

SweepRun run_of(std::int64_t github_run_id, int day, std::int64_t attempt) {
  SweepRun run;
  run.github_run_id = github_run_id;
  run.attempt = attempt;
  run.name = fmt::format("sweep {}", github_run_id);
  run.status = "completed";
  run.conclusion = "success";
  run.html_url = fmt::format("https://github.com/org/repo/actions/runs/{}", github_run_id);
  run.created_at = k_start + std::chrono::microseconds{k_day * day};
  run.started_at = run.created_at + std::chrono::minutes{attempt};
  run.date = to_rfc3339(run.created_at).substr(0, 10);
  return run;
}

SweepPoint point_of(std::int64_t conc, double tput, std::string image) {
  SweepPoint point;
  ServingConfig& config = point.row.config;
  config.hardware = "mi355x";
  config.framework = "vllm";
  config.model = "dsr1";
  config.precision = "fp4";
  config.spec_method = "none";
  config.prefill_tp = config.decode_tp = config.num_prefill_gpu = config.num_decode_gpu = 8;
  point.row.isl = 1024;
  point.row.osl = 1024;
  point.row.conc = conc;
  point.row.image = std::move(image);
  point.row.metrics = {{"tput_per_gpu", tput},
                       {"median_ttft", 0.5},
                       {"p99_ttft", 1.5},
                       {"median_tpot", 0.024},
                       {"median_intvty", 41.666666666666664},
                       {"median_e2el", 12.25},
                       {"std_itl", 1e-9}};
  point.origin = {fmt::format("bmk_conc{}.zip", conc), "agg.json"};
  return point;
}

Sweep sweep_of(SweepRun run, std::vector<SweepPoint> points) {
  Sweep sweep;
  sweep.run = std::move(run);
  sweep.points = std::move(points);
  return sweep;
}

std::string text_of(const std::vector<StoredPoint>& points) {
  std::string text;
  for (const StoredPoint& point : points) {
    const double* tput = find_metric(point.row.metrics, "tput_per_gpu");
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", point.row.conc, tput ? *tput : 0);
  }
  return text;
}

SweepPoint agentic_point(std::int64_t users, double tput) {
  SweepPoint point = point_of(users, tput);
  point.row.benchmark_type = "agentic_traces";
  point.row.isl = point.row.osl = std::nullopt;
  point.row.offload_mode = "off";
  return point;
}

Sweep everything() {
  Sweep sweep = sweep_of(run_of(1, 0), {point_of(1), point_of(2), agentic_point(4)});
  sweep.points[2].row.workers = *json::parse(R"([{"role":"prefill","avg_power_w":700.5}])");
  sweep.points[2].row.power_audit = *json::parse(R"({"z":1,"a":[2.0]})");
  sweep.points[2].row.power_invalid_reasons = {"sampling_gap_exceeded"};
  sweep.points[2].row.recipe_fingerprint = "ab12";
  sweep.points[2].row.kv_transfer_lib = "nixl";
  sweep.points[0].server_log = 0;
  sweep.server_logs.push_back({{"server_logs_x.zip", "server.log"}, "line 1\nGrüße\n"});
  SweepEval eval;
  eval.row.config = sweep.points[0].row.config;
  eval.row.task = "gsm8k";
  eval.row.metrics = {{"em_strict", 0.95}, {"n_eff", 1319}};
  eval.origin = {"eval_results_all.zip", "agg_eval_all.json#/0"};
  sweep.evals.push_back(eval);
  sweep.stats = {{"mi355x", 9, 10}, {"b200", 0, 0}};
  ChangelogEntry first{{"dsr1-fp4-mi355x-vllm"}, "one", "https://x/1", false, true};
  ChangelogEntry second{{"dsr1-fp4-b200-trt", "b"}, "two", std::nullopt, true, false};
  sweep.changelogs.push_back({"base", "head", {first, second}});
  GpuMetricSummary gpu;
  gpu.origin = {"gpu_metrics_x.zip", "gpu.csv"};
  gpu.vendor = "amd";
  gpu.gpus = 8;
  gpu.samples = 1000;
  gpu.started_at = k_start;
  gpu.statistics = *json::parse(R"({"power":{"0":{"count":3}}})");
  gpu.csv_sha256 = "ff";
  sweep.gpu_metrics.push_back(gpu);
  return sweep;
}

}  // namespace bl::inference::testing
