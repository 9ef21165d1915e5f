#include "inference/ingest.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "inference/ingest_encode.h"
#include "inference/tests/fake_sweeps.h"
#include "inference/tests/zip_files.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string row(int conc, const std::string& more = "") {
  return R"({"hw":"h200-nv","model":"m","infmax_model_prefix":"dsr1","framework":"sglang",)"
         R"("precision":"fp8","spec_decoding":"none","isl":1024,"osl":1024,"tp":8,"ep":1,)"
         R"("dp_attention":"false","tput_per_gpu":100.5,"conc":)" +
         std::to_string(conc) + more + "}";
}

class IngestTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE(disk_.make_folder(path.substr(0, path.rfind('/'))).ok());
    auto file = disk_.create(path, FileMode::normal);
    ASSERT_TRUE(file.ok() && (*file)->append(bytes).ok());
  }
  void put_zip(const std::string& path, const std::vector<ZipEntry>& entries) {
    put(path, make_zip(entries));
  }
  static RunFacts run_of_today() {
    RunFacts facts;
    facts.run_id = 12345678901;
    facts.date = "2026-09-01";
    return facts;
  }
  Result<IngestOutcome> ingest(const std::string& path, const RunFacts& facts = run_of_today()) {
    IdSource ids(clock_, random_);
    Ingest ingest(disk_, Registry::built_in(), store_, clock_, ids, limits_);
    return ingest.run({.path = path,
                       .name = "",
                       .label = "",
                       .submitter = "ci",
                       .facts = facts,
                       .spool = "/spool"});
  }
  std::vector<std::string> skips() const {
    std::vector<std::string> texts;
    for (const Skip& skip : store_.reports.back().examples) {
      texts.push_back(std::string(name_of(skip.reason)) + " " + skip.path + ": " + skip.value);
    }
    return texts;
  }
  std::vector<std::int64_t> concurrencies() const {
    std::vector<std::int64_t> all;
    for (const auto& [key, point] : store_.points) all.push_back(point.row.conc);
    std::sort(all.begin(), all.end());
    return all;
  }

  MemoryDisk disk_;
  FakeSweeps store_;
  ManualClock clock_{Timestamp::from_seconds(1'790'000'000)};
  SeededRandom random_{7};
  IngestLimits limits_;
};

TEST_F(IngestTest, unpacked_artifacts_of_a_run_are_stored_with_where_they_were_read) {
  put("/run/bmk_dsr1_1k1k_conc4/agg_a.json", row(4));
  put("/run/bmk_dsr1_1k1k_conc8/agg_b.json", "[" + row(8) + "," + row(16) + "]");
  put("/run/run-stats/run_stats.json", R"({"h200":{"n_success":3,"total":4}})");
  put("/run/changelog-metadata/changelog_metadata.json",
      R"({"base_ref":"a","head_ref":"b","entries":[)"
      R"({"config-keys":["dsr1-fp8-h200-sglang"],"description":"one"},{"description":"two"}]})");
  const auto outcome = ingest("/run");
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_THAT(concurrencies(), ElementsAre(4, 8, 16));
  EXPECT_EQ(outcome->report.written.points.added, 3);
  EXPECT_EQ(outcome->report.written.stats.added, 1);
  EXPECT_EQ(outcome->report.written.changelogs.added, 2);
  EXPECT_EQ(outcome->report.github_run_id, 12345678901);
  std::set<std::string> origins;
  for (const auto& [key, point] : store_.points) {
    origins.insert(point.origin.artifact + " " + point.origin.path);
  }
  EXPECT_THAT(origins,
              ElementsAre("bmk_dsr1_1k1k_conc4 agg_a.json", "bmk_dsr1_1k1k_conc8 agg_b.json#/0",
                          "bmk_dsr1_1k1k_conc8 agg_b.json#/1"));
  EXPECT_THAT(store_.reports, SizeIs(1));
}

TEST_F(IngestTest, twice_is_once) {
  put("/run/bmk_a/agg.json", row(4));
  ASSERT_TRUE(ingest("/run").ok());
  const auto again = ingest("/run");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->report.written.points.added, 0);
  EXPECT_THAT(store_.points, SizeIs(1));
}

TEST_F(IngestTest, an_archive_of_days_gives_each_run_its_id_date_and_sequence) {
  const std::string no_lengths =
      R"({"hw":"h200","infmax_model_prefix":"dsr1","framework":"trt","precision":"fp4",)"
      R"("tp":4,"conc":2,"tput_per_gpu":1})";
  put_zip("/gcs/2026-08-30/full_sweep_8k1k_11111111111/artifacts/bmk_x_1_2222222222.zip",
          {{"agg.json", no_lengths}});
  put_zip("/gcs/2026-08-31/sweep_9/artifacts/bmk_y_1_3333333333.zip", {{"agg.json", row(4)}});
  put("/gcs/2026-08-31/sweep_9/artifacts_metadata.json",
      R"([{"id":3333333333,"name":"bmk_y","created_at":"2026-08-31T10:00:00Z",)"
      R"("workflow_run":{"id":999,"head_branch":"main","head_sha":"abc"}}])");
  put_zip("/gcs/2026-08-31/nameless/artifacts/bmk_z_1_3333333333.zip", {{"agg.json", row(8)}});
  put("/gcs/2026-08-31/empty_44444444444/readme.txt", "nothing");
  const auto outcome = ingest("/gcs", {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->runs, 2u);
  const SweepRun& first = store_.runs[std::pair<std::int64_t, std::int64_t>(11111111111, 1)];
  const SweepRun& second = store_.runs[std::pair<std::int64_t, std::int64_t>(999, 1)];
  EXPECT_EQ(first.name, "full sweep 8k1k");
  EXPECT_EQ(first.date, "2026-08-30");
  EXPECT_EQ(second.head_branch, "main");
  ASSERT_THAT(store_.points, SizeIs(2));
  EXPECT_EQ(store_.points.begin()->second.row.isl, 8192);
  EXPECT_EQ(store_.points.begin()->second.origin.artifact,
            "2026-08-30/full_sweep_8k1k_11111111111/bmk_x_1_2222222222.zip");
  EXPECT_THAT(skips(), ElementsAre(HasSubstr("2026-08-31/nameless/: the run is not known")));
}

TEST_F(IngestTest, a_run_whose_id_and_date_nobody_says_is_refused_and_names_what_is_missing) {
  put("/run/bmk_a/agg.json", row(4));
  const auto outcome = ingest("/run", {});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::invalid);
  EXPECT_THAT(outcome.error().message, HasSubstr("run_id (--run-id) and date (--date)"));
  EXPECT_THAT(store_.points, IsEmpty());
}

TEST_F(IngestTest, githubs_document_of_the_run_says_what_the_caller_does_not) {
  put("/run/bmk_a/agg.json", row(4));
  put("/run/run.json", R"({"id":77,"run_attempt":3,"name":"Sweep","conclusion":"success",)"
                       R"("html_url":"https://github.com/o/r/actions/runs/77/attempts/3",)"
                       R"("created_at":"2026-09-02T23:00:00Z","run_started_at":null})");
  RunFacts facts;
  facts.conclusion = "failure";
  ASSERT_TRUE(ingest("/run", facts).ok());
  const SweepRun& run = store_.runs.begin()->second;
  EXPECT_EQ(run.github_run_id, 77);
  EXPECT_EQ(run.attempt, 3);
  EXPECT_EQ(run.date, "2026-09-02");
  EXPECT_EQ(run.conclusion, "failure");
  EXPECT_EQ(run.html_url, "https://github.com/o/r/actions/runs/77");
}

TEST_F(IngestTest, collections_are_not_read_again_where_single_rows_are) {
  put("/run/bmk_a/agg.json", row(4));
  put("/run/results_bmk/agg_bmk.json", "[" + row(4) + "," + row(99) + "]");
  ASSERT_TRUE(ingest("/run").ok());
  EXPECT_THAT(concurrencies(), ElementsAre(4));
}

TEST_F(IngestTest, a_collection_gives_the_rows_that_a_damaged_artifact_lacks) {
  put_zip("/run/bmk_a.zip", {{"agg.json", row(4)}});
  put("/run/bmk_b.zip", make_zip({{"agg.json", row(8)}}).substr(0, 60));
  put("/run/results_bmk/agg_bmk.json", "[" + row(4) + "," + row(8) + "]");
  const auto outcome = ingest("/run");
  ASSERT_TRUE(outcome.ok());
  EXPECT_THAT(concurrencies(), ElementsAre(4, 8));
  EXPECT_EQ(outcome->report.written.points.added, 2);
  EXPECT_EQ(outcome->report.written.points.changed, 0);
  EXPECT_THAT(skips(), ElementsAre(HasSubstr("bad_zip bmk_b.zip: ")));
}

TEST_F(IngestTest, of_artifacts_with_one_name_the_newest_is_read_unless_it_is_damaged) {
  put_zip("/run/bmk_a_1_2222222222.zip", {{"agg.json", row(4)}});
  put_zip("/run/bmk_a_2_3333333333.zip", {{"agg.json", row(8)}});
  put_zip("/run/bmk_b_1_2222222222.zip", {{"agg.json", row(16)}});
  put("/run/bmk_b_2_3333333333.zip", "no zip at all");
  ASSERT_TRUE(ingest("/run").ok());
  EXPECT_THAT(concurrencies(), ElementsAre(8, 16));
}

TEST_F(IngestTest, of_equal_rows_the_one_of_the_newest_artifact_stands) {
  put("/run/artifacts_metadata.json",
      R"([{"id":1,"name":"bmk_z","created_at":"2026-08-31T10:00:00Z"},)"
      R"({"id":2,"name":"bmk_a","created_at":"2026-08-31T11:00:00Z"}])");
  put("/run/bmk_z/agg.json", row(4, R"(,"image":"old")"));
  put("/run/bmk_a/agg.json", row(4, R"(,"image":"new")"));
  limits_.batch_bytes = 1;  // also when each is written alone
  ASSERT_TRUE(ingest("/run").ok());
  ASSERT_THAT(store_.points, SizeIs(1));
  EXPECT_EQ(store_.points.begin()->second.row.image, "new");
}

TEST_F(IngestTest, a_run_for_evaluations_alone_gives_no_benchmarks_and_no_stats) {
  put("/run/bmk_a/agg.json", row(4));
  put("/run/run-stats/run_stats.json", R"({"h200":{"n_success":3,"total":4}})");
  put("/run/changelog-metadata/changelog_metadata.json",
      R"({"base_ref":"a","head_ref":"b","entries":[{"description":"e","evals-only":true}]})");
  put("/run/eval_results_all/agg_eval_all.json",
      R"([{"task":"gsm8k","hw":"H200","model_prefix":"dsr1","framework":"sglang",)"
      R"("precision":"fp8","tp":8,"conc":64,"isl":1024,"osl":1024,"score":0.95}])");
  ASSERT_TRUE(ingest("/run").ok());
  EXPECT_THAT(store_.points, IsEmpty());
  EXPECT_THAT(store_.stats, IsEmpty());
  EXPECT_THAT(store_.evals, SizeIs(1));
}

TEST_F(IngestTest, single_evaluations_are_read_with_their_meta_and_their_concurrency) {
  const std::string meta =
      R"({"hw":"h200","infmax_model_prefix":"dsr1","framework":"sglang","precision":"fp8",)"
      R"("tp":8,"conc":1,"isl":1024,"osl":1024})";
  const std::string results =
      R"({"lm_eval_version":"0.4","results":{"gsm8k":{"exact_match,strict-match":0.9}}})";
  put("/run/eval_dsr1_x/meta_env.json", meta);
  put("/run/eval_dsr1_x/model/results_t_conc64.json", results);
  put("/run/eval_dsr1_x/model/results_t_conc8.json", results);
  put("/run/eval_lost/results.json", results);
  ASSERT_TRUE(ingest("/run").ok());
  std::vector<std::int64_t> concs;
  for (const auto& [key, eval] : store_.evals) concs.push_back(*eval.row.conc);
  EXPECT_THAT(concs, testing::UnorderedElementsAre(8, 64));
  EXPECT_THAT(skips(), ElementsAre("malformed eval_lost/results.json: no meta_env.json beside it"));
}

TEST_F(IngestTest, a_server_log_belongs_to_the_rows_of_its_benchmark_in_every_batch) {
  put("/run/bmk_a/agg_1.json", row(4));
  put("/run/bmk_a/agg_2.json", row(8));
  put("/run/bmk_b/agg.json", row(16));
  put("/run/server_logs_a/server.log", std::string("ready\0 \xff!", 9));
  limits_.batch_bytes = 1;
  ASSERT_TRUE(ingest("/run").ok());
  ASSERT_THAT(store_.logs, SizeIs(2));
  EXPECT_EQ(store_.logs.begin()->second, "ready \xEF\xBF\xBD!");
  EXPECT_EQ(store_.writes, 3u);
}

TEST_F(IngestTest, gpu_metrics_are_reduced) {
  put("/run/gpu_metrics_a/gpu.csv",
      "timestamp, index, power.draw [W], temperature.gpu, clocks.current.sm [MHz], "
      "clocks.current.memory [MHz], utilization.gpu [%], utilization.memory [%]\n"
      "2026/09/01 10:00:00.000, 0, 300.0 W, 60, 1900 MHz, 2600 MHz, 90 %, 40 %\n"
      "2026/09/01 10:00:01.000, 1, 400.0 W, 61, 1900 MHz, 2600 MHz, 95 %, 41 %\n");
  put("/run/gpu_metrics_b/gpu.csv", "");
  ASSERT_TRUE(ingest("/run").ok());
  ASSERT_THAT(store_.gpu_metrics, SizeIs(1));
  const GpuMetricSummary& summary = store_.gpu_metrics[0];
  EXPECT_EQ(summary.vendor, "nvidia");
  EXPECT_EQ(summary.gpus, 2);
  EXPECT_EQ(summary.samples, 2);
  EXPECT_EQ(to_rfc3339(*summary.ended_at), "2026-09-01T10:00:01Z");
  EXPECT_EQ(summary.statistics.find("power")->find("1")->find("max")->as_double(), 400.0);
  EXPECT_THAT(skips(), ElementsAre("malformed gpu_metrics_b/gpu.csv: no samples of GPUs"));
}

// What nobody trusts ---------------------------------------------------------------------------

TEST_F(IngestTest, what_is_bad_is_named_and_loses_nothing_of_the_rest) {
  put_zip("/run/bmk_bomb.zip", {{"agg.json", std::string(20u << 20, '1')}});
  put_zip("/run/bmk_escape.zip", {{"../agg.json", row(1)}, {"agg.json", row(2)}});
  put_zip("/run/bmk_nested.zip", {{"more.zip", "PK"}, {"agg.json", row(3)}});
  put("/run/bmk_cut.zip", make_zip({{"agg.json", row(4)}}).substr(0, 100));
  put_zip("/run/bmk_twice.zip", {{"agg.json", row(5)}});
  put("/run/bmk_rows/agg.json", "[" + row(6) + ", " + row(7, ",\"x\":NaN") + ", " + row(8) + "," +
                                    row(9, ",\"x\":\"\xff\"") + "," + row(10, ",\"conc\":3") + "]");
  put("/run/bmk_strings/agg.json", row(11, R"(,"a":"many","b":"12.5")"));
  put("/run/bmk_model/agg.json", R"([{"hw":"h200","infmax_model_prefix":"new-model","conc":1}])");
  put("/run/bmk_text/agg.json", "not JSON");
  const auto outcome = ingest("/run");
  ASSERT_TRUE(outcome.ok());
  EXPECT_THAT(concurrencies(), ElementsAre(2, 3, 5, 6, 8, 11));
  const std::vector<std::string> all = skips();
  EXPECT_THAT(all,
              testing::UnorderedElementsAre(
                  "bad_zip bmk_bomb.zip/agg.json: packed too well to be true",
                  "bad_zip bmk_escape.zip/../agg.json: name leads out of the artifact",
                  "bad_zip bmk_nested.zip/more.zip: an archive in an archive",
                  HasSubstr("bad_zip bmk_cut.zip: "), HasSubstr("malformed bmk_rows/agg.json#/1: "),
                  HasSubstr("malformed bmk_rows/agg.json#/3: "),
                  HasSubstr("malformed bmk_rows/agg.json#/4: "),
                  "unmapped_model bmk_model/agg.json#/0: new-model",
                  HasSubstr("malformed bmk_text/agg.json: ")));
  EXPECT_THAT(outcome->report.models, ElementsAre("new-model"));
  EXPECT_EQ(outcome->report.skipped.at("malformed"), 4);
  EXPECT_THAT(
      outcome->warnings,
      testing::Contains("[WARN] bmk_model: 1 rows dropped — unmapped model (new-model): 1"));
}

TEST_F(IngestTest, a_row_that_is_too_large_is_left_out) {
  limits_.artifacts.entry_bytes_max = 10'000;
  put("/run/bmk_a/agg.json", row(4, ",\"x\":\"" + std::string(20'000, 'x') + "\""));
  put("/run/bmk_b/agg.json", row(8));
  ASSERT_TRUE(ingest("/run").ok());
  EXPECT_THAT(concurrencies(), ElementsAre(8));
  EXPECT_THAT(skips(), ElementsAre("bad_zip bmk_a/agg.json: too large"));
}

TEST_F(IngestTest, what_is_kept_of_a_run_until_it_is_read_is_bounded) {
  put("/run/bmk_a/agg.json", row(4));
  put("/run/server_logs_a/a.log", std::string(80, 'a'));
  put("/run/server_logs_a/b.log", std::string(80, 'b'));
  put("/run/run-stats/a.json", R"({"h200":{"n_success":3,"total":4}})");
  put("/run/run-stats/b.json",
      R"({"b200":{"n_success":3,"total":4},"h100":{"n_success":3,"total":4}})");
  limits_.log_bytes_max = 100;
  limits_.metadata_bytes_max = 64;
  ASSERT_TRUE(ingest("/run").ok());
  EXPECT_EQ(store_.logs.begin()->second, std::string(80, 'a'));
  EXPECT_THAT(store_.stats, SizeIs(1));
  EXPECT_THAT(skips(), testing::UnorderedElementsAre(
                           "bad_zip server_logs_a/b.log: too large with those before it",
                           "bad_zip run-stats/b.json: too large with those before it"));
}

// Zips of a whole run --------------------------------------------------------------------------

TEST_F(IngestTest, a_zip_of_a_runs_folder_is_read_as_the_folder_would_be) {
  put_zip("/up.zip", {{"sweep/bmk_b/agg.json", row(8)},
                      {"sweep/server_logs_a/server.log", "ready"},
                      {"sweep/bmk_a/deep/agg.json", row(4)},
                      {"sweep/bmk_c.zip", "PK"},
                      {"sweep/run.json", R"({"id":5,"created_at":"2026-09-02T23:00:00Z"})"}});
  ASSERT_TRUE(ingest("/up.zip", {}).ok());
  EXPECT_THAT(concurrencies(), ElementsAre(4, 8));
  EXPECT_THAT(store_.logs, SizeIs(1));
  EXPECT_EQ(store_.runs.begin()->second.github_run_id, 5);
  EXPECT_THAT(skips(), ElementsAre("bad_zip up.zip/sweep/bmk_c.zip: an archive in an archive"));
  EXPECT_FALSE(disk_.exists("/spool").value());
}

TEST_F(IngestTest, one_artifact_and_a_file_of_rows_are_sources_too) {
  put_zip("/bmk_a.zip", {{"agg.json", row(4)}});
  put("/rows.json", "[" + row(8) + "]");
  ASSERT_TRUE(ingest("/bmk_a.zip").ok());
  ASSERT_TRUE(ingest("/rows.json").ok());
  EXPECT_THAT(concurrencies(), ElementsAre(4, 8));
}

TEST_F(IngestTest, what_holds_no_artifact_is_refused) {
  put("/run/readme.txt", "hello");
  put("/rubbish.zip", "no zip");
  EXPECT_EQ(ingest("/run").error().code, Code::invalid);
  EXPECT_THAT(ingest("/rubbish.zip").error().message, HasSubstr("there is no artifact in"));
  EXPECT_EQ(ingest("/none").error().code, Code::not_found);
}

// The store ------------------------------------------------------------------------------------

TEST_F(IngestTest, a_row_that_the_store_refuses_is_skipped_alone) {
  put("/run/bmk_a/agg.json", "[" + row(1) + "," + row(2) + "," + row(3) + "," + row(4) + "]");
  put("/run/server_logs_a/server.log", "ready");
  store_.refused_concurrencies = {3};
  const auto outcome = ingest("/run");
  ASSERT_TRUE(outcome.ok());
  EXPECT_THAT(concurrencies(), ElementsAre(1, 2, 4));
  EXPECT_THAT(store_.logs, SizeIs(3));
  EXPECT_THAT(skips(), ElementsAre("db_error bmk_a/agg.json#/2: refused: 3"));
}

TEST_F(IngestTest, a_store_that_fails_ends_the_ingest_with_its_error) {
  put("/run/bmk_a/agg.json", row(1));
  store_.failure = Error{Code::io, "the disk broke"};
  const auto outcome = ingest("/run");
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message, "the disk broke");
  EXPECT_THAT(store_.reports, IsEmpty());
}

TEST_F(IngestTest, a_tiny_queue_still_lets_everything_through) {
  for (int day = 1; day < 10; ++day) {
    put("/gcs/2026-08-0" + std::to_string(day) + "/s_1111111111" + std::to_string(day) +
            "/artifacts/bmk_a/agg.json",
        "[" + row(4) + "," + row(8) + "]");
  }
  limits_.queue_bytes = 1;
  limits_.batch_bytes = 1;
  limits_.parse_bytes = 1;
  limits_.parsers = 4;
  limits_.writers = 3;
  const auto outcome = ingest("/gcs", {});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->report.written.points.added, 18);
  EXPECT_THAT(outcome->days, SizeIs(9));
}

TEST_F(IngestTest, a_run_that_the_store_refuses_is_its_error) {
  put("/run/bmk_a/agg.json", row(1));
  store_.failure = Error{Code::invalid, "no such date"};
  EXPECT_EQ(ingest("/run").error().message, "no such date");
}

TEST_F(IngestTest, an_overloaded_store_is_asked_again) {
  put("/run/bmk_a/agg.json", row(1));
  limits_.write_pause = std::chrono::milliseconds(0);
  store_.overloaded_writes = 3;
  ASSERT_TRUE(ingest("/run").ok());
  EXPECT_THAT(store_.points, SizeIs(1));
}

TEST_F(IngestTest, a_disk_that_fails_once_loses_nothing_silently_and_the_next_ingest_has_all) {
  put("/run/run.json", R"({"id":7,"created_at":"2026-09-02T23:00:00Z"})");
  put_zip("/run/bmk_a.zip", {{"agg.json", row(1)}});
  put("/run/bmk_b/agg.json", row(2));
  put("/run/results_bmk/agg_bmk.json", "[" + row(1) + "," + row(2) + "]");
  IdSource ids(clock_, random_);
  const auto ingest_from = [&](Disk& disk, FakeSweeps& store) {
    return Ingest(disk, Registry::built_in(), store, clock_, ids, limits_)
        .run({.path = "/run", .facts = {}, .spool = "/spool"});
  };
  FakeSweeps whole;
  FaultyDisk counting(disk_, {});
  ASSERT_TRUE(ingest_from(counting, whole).ok());
  ASSERT_GT(counting.calls(), 10u);
  for (std::uint64_t n = 1; n <= counting.calls(); ++n) {
    FakeSweeps store;
    FaultyDisk disk(disk_, {.fail_at = n});
    const auto outcome = ingest_from(disk, store);
    const bool is_told = !outcome.ok() || !outcome->report.skipped.empty();
    EXPECT_TRUE(is_told || store.points.size() == 2) << "call " << n;
    ASSERT_TRUE(ingest_from(disk_, store).ok());
    EXPECT_EQ(store.points.size(), 2u) << "call " << n;
  }
}

TEST_F(IngestTest, a_purged_run_is_left_out_and_a_conclusion_is_put_right) {
  const auto overrides = Overrides::read({{"o.toml",
                                           "[purged.77]\nattempts = [1]\nreason = \"wrong image\"\n"
                                           "[conclusions.77]\nconclusion = \"success\"\n"
                                           "reason = \"by hand\"\n"}});
  ASSERT_TRUE(overrides.ok()) << overrides.error().message;
  put("/run/bmk_a/agg.json", row(4));
  IdSource ids(clock_, random_);
  Ingest ingest(disk_, Registry::built_in(), store_, clock_, ids, limits_, *overrides);
  RunFacts facts = run_of_today();
  facts.run_id = 77;
  ASSERT_TRUE(ingest.run({.path = "/run", .facts = facts, .spool = "/spool"}).ok());
  EXPECT_THAT(store_.points, IsEmpty());
  EXPECT_THAT(skips(), ElementsAre("quarantined run: wrong image"));
  facts.attempt = 2;
  facts.conclusion = "failure";
  ASSERT_TRUE(ingest.run({.path = "/run", .facts = facts, .spool = "/spool"}).ok());
  EXPECT_THAT(concurrencies(), ElementsAre(4));
  EXPECT_EQ(store_.runs.begin()->second.conclusion, "success");
}

// What people read -----------------------------------------------------------------------------

TEST_F(IngestTest, the_summary_says_what_is_new_and_what_was_left_out) {
  put("/run/bmk_a/agg.json",
      "[" + row(1) + R"(,{"hw":"h200","infmax_model_prefix":"m\u001b[2J","conc":1}])");
  const auto outcome = ingest("/run");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(summary_text(*outcome, SweepTotals{1, 2, 3, 4, 5}),
            "[WARN] bmk_a: 1 rows dropped — unmapped model (m\uFFFD[2J): 1\n"
            "2026-09-01  +1 bmk (0 dup)  +0 stats (0 dup)  +0 eval  +0 changelog\n"
            "Benchmark results: 1 new, 0 duplicate (ON CONFLICT updates)\n"
            "Run stats: 0 new, 0 duplicate (ON CONFLICT updates)\n"
            "Eval results: 0 new\n"
            "Changelog entries: 0 new\n"
            "DB totals: 1 configs, 2 benchmark_results, 3 run_stats, 4 eval_results, "
            "5 changelog_entries\n"
            "Skipped: 1 rows\n"
            "  unmapped model:          1\n"
            "Unmapped models:\n"
            "  m\uFFFD[2J\n");
  EXPECT_EQ(unmapped_json(outcome->report),
            R"({"models":["m\u001b[2J"],"hardware":[],"precisions":[]})");
}

TEST_F(IngestTest, the_report_is_JSON_with_reasons_paths_and_names) {
  put("/run/bmk_a/agg.json", R"({"hw":"x99","infmax_model_prefix":"dsr1","conc":1})");
  const auto outcome = ingest("/run");
  ASSERT_TRUE(outcome.ok());
  const auto report = json::parse(report_json(outcome->report));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->find("github_run_id")->as_string(), "12345678901");
  EXPECT_EQ(report->find("skipped")->find("unmapped_hardware")->as_int64(), 1);
  EXPECT_EQ(report->find("examples")->items()[0].find("path")->as_string(), "bmk_a/agg.json");
  EXPECT_EQ(report->find("hardware")->items()[0].as_string(), "x99");
}

}  // namespace
}  // namespace bl::inference
