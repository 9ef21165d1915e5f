#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "inference/tests/sweep_store.h"

namespace bl::inference::testing {
namespace {

using ::testing::HasSubstr;

std::string text_of_count(const WriteCount& count) {
  return fmt::format("+{} ~{} ={} x{}", count.added, count.changed, count.unchanged,
                     count.repeated);
}

TEST(StoreSweeps, everything_is_read_back_as_it_was_written) {
  SweepStore store;
  const Sweep sweep = everything();

  const Written written = store.write(sweep);

  EXPECT_EQ(text_of_count(written.points), "+3 ~0 =0 x0");
  EXPECT_EQ(text_of_count(written.changelogs), "+2 ~0 =0 x0");
  EXPECT_EQ(text_of_count(written.configs), "+1 ~0 =0 x0");
  const auto points = store.points();
  ASSERT_EQ(points.size(), 3u);
  const StoredPoint& agentic = points[0];
  EXPECT_EQ(agentic.row.config, sweep.points[2].row.config);
  EXPECT_EQ(agentic.row.metrics, sweep.points[2].row.metrics) << "in their order";
  EXPECT_EQ(agentic.row.isl, std::nullopt);
  EXPECT_EQ(json::to_text(agentic.row.power_audit), R"({"z":1,"a":[2.0]})");
  EXPECT_EQ(json::to_text(agentic.row.workers), R"([{"role":"prefill","avg_power_w":700.5}])");
  EXPECT_EQ(agentic.row.power_invalid_reasons, sweep.points[2].row.power_invalid_reasons);
  EXPECT_EQ(agentic.row.offload_mode, "off");
  EXPECT_EQ(agentic.row.recipe_fingerprint, "ab12");
  EXPECT_EQ(agentic.row.kv_transfer_lib, "nixl");
  EXPECT_FALSE(agentic.has_server_log);
  const StoredPoint& first = points[1];
  EXPECT_EQ(first.row.conc, 1);
  EXPECT_EQ(first.row.image, "vllm:1");
  EXPECT_EQ(first.origin.artifact, "bmk_conc1.zip");
  EXPECT_EQ(first.origin.path, "agg.json");
  EXPECT_EQ(first.date, "2026-08-01");
  EXPECT_EQ(first.html_url, sweep.run.html_url);
  EXPECT_EQ(first.curve_run_id, 1);
  EXPECT_EQ(first.curve_started_at, sweep.run.started_at);
  ASSERT_TRUE(first.has_server_log);
  EXPECT_EQ(store.reader.server_log(first.id)->text, "line 1\nGrüße\n");
  EXPECT_EQ(store.reader.server_log(points[2].id).error().code, Code::not_found);

  const auto evals = *store.reader.evaluations();
  ASSERT_EQ(evals.size(), 1u);
  EXPECT_EQ(evals[0].row.metrics, sweep.evals[0].row.metrics);
  EXPECT_EQ(evals[0].row.config, sweep.evals[0].row.config);
  EXPECT_EQ(evals[0].run_created_at, sweep.run.created_at);
  const auto stats = *store.reader.reliability();
  ASSERT_EQ(stats.size(), 2u);
  EXPECT_EQ(stats[0].stat.hardware, "b200");
  EXPECT_EQ(stats[1].stat.n_success, 9);
  const auto info = *store.reader.workflow_info("2026-08-01");
  ASSERT_EQ(info.runs.size(), 1u);
  EXPECT_EQ(info.runs[0].name, "sweep 1");
  ASSERT_EQ(info.changelogs.size(), 2u) << "all entries of a file";
  EXPECT_EQ(info.changelogs[0].entry.description, "one");
  EXPECT_EQ(info.changelogs[1].entry.config_keys,
            (std::vector<std::string>{"dsr1-fp4-b200-trt", "b"}));
  EXPECT_TRUE(info.changelogs[1].entry.evals_only);
  EXPECT_EQ(info.configs.size(), 2u);
}

TEST(StoreSweeps, the_same_sweep_again_writes_nothing) {
  SweepStore store;
  store.write(everything());
  const std::int64_t revision = store.revision();

  const Written again = store.write(everything());

  EXPECT_EQ(text_of_count(again.points), "+0 ~0 =3 x0");
  EXPECT_EQ(text_of_count(again.evals), "+0 ~0 =1 x0") << "a null equals a null";
  EXPECT_EQ(text_of_count(again.stats), "+0 ~0 =2 x0");
  EXPECT_EQ(text_of_count(again.changelogs), "+0 ~0 =2 x0");
  EXPECT_EQ(text_of_count(again.server_logs), "+0 ~0 =1 x0");
  EXPECT_EQ(text_of_count(again.gpu_metrics), "+0 ~0 =1 x0");
  EXPECT_EQ(text_of_count(again.configs), "+0 ~0 =1 x0");
  EXPECT_EQ(store.revision(), revision);
  EXPECT_EQ(store.points().size(), 3u);
  // Also by a writer that has seen nothing yet.
  StoreSweepWriter other(*store.database);
  EXPECT_EQ(text_of_count(other.write(everything())->points), "+0 ~0 =3 x0");
}

TEST(StoreSweeps, of_equal_keys_in_one_sweep_the_last_counts) {
  SweepStore store;
  const Written written =
      store.write(sweep_of(run_of(1, 0), {point_of(1, 10), point_of(2, 20), point_of(1, 30)}));

  EXPECT_EQ(text_of_count(written.points), "+2 ~0 =0 x1");
  EXPECT_EQ(text_of(store.points()), "1=30 2=20");
}

// A run is written in parts when it is big; small parts are looked up by their keys.
TEST(StoreSweeps, a_run_may_be_written_in_parts) {
  SweepStore store;
  Sweep whole = sweep_of(run_of(1, 0), {});
  for (int i = 1; i <= 40; ++i) {
    whole.points.push_back(i % 2 ? point_of(i, i) : agentic_point(i, i));
    whole.points.back().row.config.decode_ep = 1 + i % 5;
    if (i % 3 == 0) whole.points.back().row.recipe_fingerprint = "ab";
  }
  store.write(whole);
  const auto part = [&](std::size_t at, double more) {
    Sweep sweep = sweep_of(whole.run, {whole.points[at], whole.points[at + 1]});
    for (SweepPoint& point : sweep.points) point.row.metrics[0].second += more;
    return text_of_count(store.write(sweep).points);
  };

  EXPECT_EQ(part(0, 0), "+0 ~0 =2 x0");
  EXPECT_EQ(part(2, 0), "+0 ~0 =2 x0");
  EXPECT_EQ(part(2, 0.5), "+0 ~2 =0 x0");
  SweepPoint other = point_of(77, 77);
  other.row.image = "vllm:2";
  EXPECT_EQ(text_of_count(store.write(sweep_of(whole.run, {other})).points), "+1 ~0 =0 x0");
  EXPECT_EQ(store.points().size(), 41u);
  EXPECT_EQ(store.faults(), "");
}

TEST(StoreSweeps, another_value_changes_the_point_in_place) {
  SweepStore store;
  store.write(sweep_of(run_of(1, 0), {point_of(1, 10), point_of(2, 20)}));
  const auto before = store.points();
  const std::int64_t revision = store.revision();

  const Written written = store.write(sweep_of(run_of(1, 0), {point_of(1, 11)}));

  EXPECT_EQ(text_of_count(written.points), "+0 ~1 =0 x0");
  EXPECT_EQ(text_of(store.points()), "1=11 2=20") << "what is not in the sweep stays";
  EXPECT_EQ(store.points()[0].id, before[0].id);
  EXPECT_GT(store.revision(), revision);
}

TEST(StoreSweeps, what_a_new_row_lacks_is_kept_where_the_contract_says_so) {
  SweepStore store;
  SweepPoint point = agentic_point(1, 10);
  point.row.metrics.emplace_back("kv_cache_pool_tokens", 5000);
  point.row.power_audit = *json::parse(R"({"a":1})");
  point.row.workers = *json::parse("[1]");
  store.write(sweep_of(run_of(1, 0), {point}));

  store.write(sweep_of(run_of(1, 0), {agentic_point(1, 11)}));

  const auto points = store.points();
  EXPECT_EQ(*find_metric(points[0].row.metrics, "kv_cache_pool_tokens"), 5000);
  EXPECT_EQ(*find_metric(points[0].row.metrics, "tput_per_gpu"), 11);
  EXPECT_EQ(json::to_text(points[0].row.power_audit), R"({"a":1})");
  EXPECT_TRUE(points[0].row.workers.is_null()) << "overwritten";
  EXPECT_EQ(text_of_count(store.write(sweep_of(run_of(1, 0), {agentic_point(1, 11)})).points),
            "+0 ~0 =1 x0");
}

TEST(StoreSweeps, hot_columns_are_what_the_document_says_in_every_row) {
  SweepStore store;
  SweepPoint lacking = point_of(3);
  lacking.row.metrics = {{"median_ttft", 2}, {"output_tput_per_gpu", 7}};
  SweepPoint odd = point_of(4, 1e300);
  set_metric(odd.row.metrics, "median_e2el", -0.0);
  set_metric(odd.row.metrics, "median_tpot", 5e-324);
  odd.row.metrics.emplace_back("a \"name\"\n", 1);
  const Metrics odd_metrics = odd.row.metrics;
  store.write(sweep_of(run_of(1, 0), {point_of(1), point_of(2, 157.12), lacking, odd}));
  store.write(sweep_of(run_of(1, 0), {point_of(2, 99.5)}));  // changed

  EXPECT_EQ(store.points().back().row.metrics, odd_metrics);
  EXPECT_EQ(store.points()[2].row.metrics,
            (Metrics{{"median_ttft", 2}, {"output_tput_per_gpu", 7}}));
  for (const char* name :
       {"tput_per_gpu", "median_intvty", "median_ttft", "median_e2el", "p99_ttft", "median_tpot"}) {
    EXPECT_EQ(store.value(fmt::format("select count({}) from @inference_point", name)),
              std::string_view(name) == "median_ttft" ? "4" : "3");
    int rows = 0;
    const auto read = store.database->read([&](store::Connection& connection) {
      const std::string table = connection.dialect() == store::Dialect::sqlite
                                    ? "bl_inference_point"
                                    : "benchlake.inference_point";
      return connection.query_text(fmt::format("select {}, metrics from {}", name, table), {},
                                   [&](const store::Row& row) {
                                     const auto document = json::parse(row.text(1));
                                     const json::Value* value = document->find(name);
                                     EXPECT_EQ(row.is_null(0), value == nullptr);
                                     if (value) {
                                       EXPECT_EQ(row.real(0), value->as_double()) << name;
                                     }
                                     ++rows;
                                     return true;
                                   });
    });
    EXPECT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(rows, 4);
  }
}

TEST(StoreSweeps, reads_see_the_newest_attempt_alone) {
  SweepStore store;
  Sweep first = everything();
  store.write(first);
  Sweep second = sweep_of(run_of(1, 0, 2), {point_of(1, 11)});
  store.write(second);

  EXPECT_EQ(text_of(store.points()), "1=11");
  EXPECT_EQ(store.points()[0].attempt, 2);
  EXPECT_TRUE(store.reader.evaluations()->empty());
  EXPECT_TRUE(store.reader.reliability()->empty());
  EXPECT_EQ(store.reader.availability()->size(), 1u);
  EXPECT_EQ(store.reader.workflow_info("2026-08-01")->runs.size(), 1u);
  EXPECT_EQ(store.reader.submissions()->summary.size(), 1u);

  // An older attempt that comes later is stored and not seen.
  first.points[0].row.metrics[0].second = 77;
  EXPECT_EQ(text_of_count(store.write(first).points), "+0 ~1 =2 x0");
  EXPECT_EQ(text_of(store.points()), "1=11");
  EXPECT_EQ(store.value("select count(*) from @inference_point"), "4") << "nothing was deleted";
}

TEST(StoreSweeps, a_line_is_its_newest_run_whole) {
  SweepStore store;
  store.write(sweep_of(run_of(1, 0), {point_of(1, 10), point_of(2, 20), point_of(4, 40)}));
  SweepPoint other_line = point_of(8, 80);
  other_line.row.osl = 8192;
  store.write(sweep_of(run_of(2, 1), {point_of(1, 11), other_line}));

  EXPECT_EQ(text_of(store.points()), "1=11 8=80") << "2 and 4 were not measured again";
  EXPECT_EQ(text_of(store.points({}, LineRule::newest_points)), "1=11 2=20 4=40 8=80");
  EXPECT_EQ(store.points()[0].curve_run_id, 2);
}

// Runs of one day: started last, then the higher id; no start is the oldest.
TEST(StoreSweeps, ties_of_the_date_are_broken_by_start_then_run) {
  SweepStore store;
  SweepRun early = run_of(9, 0), late = run_of(3, 0), twin = run_of(4, 0), without = run_of(99, 0);
  late.started_at = *early.started_at + std::chrono::hours{1};
  twin.started_at = late.started_at;
  without.started_at = std::nullopt;
  for (const auto& [run, tput] : {std::pair(twin, 4.0), std::pair(early, 9.0),
                                  std::pair(without, 99.0), std::pair(late, 3.0)}) {
    store.write(sweep_of(run, {point_of(1, tput)}));
  }
  EXPECT_EQ(text_of(store.points()), "1=4");
  EXPECT_EQ(text_of(store.points({}, LineRule::newest_points)), "1=4");
}

Sweep append_only(std::int64_t run_id, int day, std::vector<SweepPoint> points) {
  Sweep sweep = sweep_of(run_of(run_id, day), std::move(points));
  sweep.run.append_only = true;
  return sweep;
}

TEST(StoreSweeps, append_only_runs_stand_on_older_ones_of_the_same_image) {
  SweepStore store;
  store.write(sweep_of(run_of(1, 0), {point_of(1, 10), point_of(2, 20)}));
  store.write(append_only(2, 1, {point_of(2, 21), point_of(4, 40)}));
  store.write(append_only(3, 2, {point_of(8, 80)}));

  const auto points = store.points();
  EXPECT_EQ(text_of(points), "1=10 2=21 4=40 8=80");
  EXPECT_EQ(points[0].date, "2026-08-01");
  EXPECT_EQ(points[0].github_run_id, 1);
  EXPECT_EQ(points[0].curve_date, "2026-08-03");
  EXPECT_EQ(points[0].curve_run_id, 3);
  EXPECT_EQ(text_of(store.points({.date = "2026-08-02"})), "1=10 2=21 4=40");
  EXPECT_EQ(text_of(store.points({.date = "2026-08-03", .exact = true})), "8=80");

  // A run that is not append-only begins anew.
  store.write(sweep_of(run_of(4, 3), {point_of(1, 99)}));
  EXPECT_EQ(text_of(store.points()), "1=99");
}

TEST(StoreSweeps, append_only_does_not_reach_over_another_image) {
  SweepStore store;
  store.write(sweep_of(run_of(1, 0), {point_of(1, 10)}));
  store.write(append_only(2, 1, {point_of(2, 20, "vllm:2")}));
  EXPECT_EQ(text_of(store.points()), "2=20");

  // Nor where a run has two images.
  store.write(append_only(3, 2, {point_of(4, 40, "vllm:2"), point_of(8, 80, "vllm:3")}));
  EXPECT_EQ(text_of(store.points()), "4=40 8=80");
  store.write(append_only(4, 3, {point_of(16, 160, "vllm:2")}));
  EXPECT_EQ(text_of(store.points()), "16=160") << "the run below has two";
}

TEST(StoreSweeps, a_run_that_comes_late_takes_its_place_in_time) {
  SweepStore store;
  store.write(append_only(3, 2, {point_of(4, 40)}));
  store.write(sweep_of(run_of(1, 0), {point_of(1, 10)}));
  EXPECT_EQ(text_of(store.points()), "1=10 4=40");
  store.write(sweep_of(run_of(2, 1), {point_of(2, 20)}));
  EXPECT_EQ(text_of(store.points()), "2=20 4=40");
}

TEST(StoreSweeps, as_of_a_date_or_run_is_what_was_known_then) {
  SweepStore store;
  for (int day = 0; day < 5; ++day) {
    store.write(sweep_of(run_of(100 + day, day), {point_of(1, day)}));
  }
  // The second attempt of the first run was started when the others were through.
  Sweep again = sweep_of(run_of(100, 0, 2), {point_of(1, 77)});
  again.run.started_at = k_start + std::chrono::microseconds{k_day * 9};
  store.write(again);

  EXPECT_EQ(text_of(store.points({.date = "2026-08-03"})), "1=2");
  EXPECT_EQ(text_of(store.points({.date = "2026-07-31"})), "");
  EXPECT_EQ(text_of(store.points({.date = "2026-08-09"})), "1=4");
  EXPECT_EQ(text_of(store.points({.date = "2026-08-09", .exact = true})), "");
  EXPECT_EQ(text_of(store.points({.date = "2026-08-02", .exact = true})), "1=1");
  EXPECT_EQ(text_of(store.points({.run_id = 103})), "1=3");
  EXPECT_EQ(text_of(store.points({.exact = true, .run_id = 103})), "1=3");
  EXPECT_EQ(text_of(store.points({.run_id = 100})), "1=77");
  const std::vector<std::string> models = {"dsr1"};
  EXPECT_EQ(store.reader.points(models, {.run_id = 5}, LineRule::snapshot).error().code,
            Code::not_found);
}

TEST(StoreSweeps, agentic_lines_hold_all_speculation_and_offload) {
  SweepStore store;
  SweepPoint on = agentic_point(1, 11), off = agentic_point(1, 10), mtp = agentic_point(1, 12);
  on.row.offload_mode = "on";
  mtp.row.config.spec_method = "mtp";
  store.write(sweep_of(run_of(1, 0), {on, off, mtp}));
  store.write(sweep_of(run_of(2, 1), {agentic_point(2, 20)}));

  EXPECT_EQ(text_of(store.points()), "2=20") << "one line";
  EXPECT_EQ(store.points({}, LineRule::newest_points).size(), 4u);
  const auto available = *store.reader.availability();
  ASSERT_EQ(available.size(), 3u);
  EXPECT_EQ(available[0].spec_method, "mtp");
  EXPECT_EQ(available[1].spec_method, "none");
  EXPECT_EQ(available[2].date, "2026-08-02");
}

TEST(StoreSweeps, history_is_every_point_of_a_sequence) {
  SweepStore store;
  store.write(sweep_of(run_of(2, 1), {point_of(2, 22), point_of(1, 11), agentic_point(1, 5)}));
  store.write(sweep_of(run_of(1, 0), {point_of(1, 10)}));
  const std::vector<std::string> models = {"dsr1", "glm5"};

  EXPECT_EQ(text_of(*store.reader.history(models, 1024, 1024)), "1=10 1=11 2=22");
  EXPECT_EQ(text_of(*store.reader.history(models, std::nullopt, std::nullopt)), "1=5");
  EXPECT_EQ(text_of(*store.reader.history(models, 8192, 1024)), "");
}

TEST(StoreSweeps, submissions_count_points_sequences_and_concurrencies) {
  SweepStore store;
  SweepPoint other = point_of(64);
  other.row.osl = 8192;
  SweepPoint nameless = point_of(1);
  nameless.row.image = std::nullopt;
  store.write(sweep_of(run_of(1, 0), {nameless, point_of(2), other}));
  store.write(sweep_of(run_of(2, 1), {point_of(2)}));
  store.write(sweep_of(run_of(3, 0), {point_of(2), point_of(128)}));  // the same day

  const auto submissions = *store.reader.submissions();
  ASSERT_EQ(submissions.summary.size(), 2u);
  EXPECT_EQ(submissions.summary[0].date, "2026-08-02");
  const SubmissionSummary& first = submissions.summary[1];
  EXPECT_EQ(first.points, 5);
  EXPECT_EQ(first.distinct_sequences, 2);
  EXPECT_EQ(first.distinct_concurrencies, 4);
  EXPECT_EQ(first.max_concurrency, 128);
  EXPECT_EQ(first.image, "vllm:1");
  ASSERT_EQ(submissions.volume.size(), 2u);
  EXPECT_EQ(submissions.volume[0].date, "2026-08-01");
  EXPECT_EQ(submissions.volume[0].points, 5);
}

TEST(StoreSweeps, a_run_keeps_its_date_and_what_a_later_ingest_does_not_know) {
  SweepStore store;
  store.write(sweep_of(run_of(1, 0), {point_of(1)}));
  SweepRun poorer;
  poorer.github_run_id = 1;
  poorer.attempt = 1;
  poorer.created_at = k_start;
  poorer.date = "2026-08-05";
  const std::int64_t revision = store.revision();

  store.write(sweep_of(poorer, {point_of(1)}));

  EXPECT_EQ(store.revision(), revision);
  EXPECT_EQ(store.reader.workflow_info("2026-08-01")->runs[0].name, "sweep 1");
  EXPECT_EQ(store.reader.workflow_info("2026-08-01")->runs[0].conclusion, "success");
}

TEST(StoreSweeps, what_the_tables_refuse_is_named_with_its_place) {
  SweepStore store;
  const auto refusal = [&](auto&& change) {
    Sweep sweep = sweep_of(run_of(1, 0), {point_of(1)});
    change(sweep);
    const auto written = store.writer.write(sweep);
    if (written.ok()) return std::string("written");
    EXPECT_EQ(written.error().code, Code::invalid);
    return written.error().message;
  };
  EXPECT_EQ(refusal([](Sweep& s) { s.points[0].row.conc = 0; }),
            "bmk_conc1.zip/agg.json: conc must be from 1 to 2147483647: '0'");
  EXPECT_EQ(refusal([](Sweep& s) { s.points[0].row.config.framework = "vLLM"; }),
            "bmk_conc1.zip/agg.json: framework must be lower case: 'vLLM'");
  EXPECT_THAT(refusal([](Sweep& s) {
                s.points[0].row.metrics[0].second = std::numeric_limits<double>::infinity();
              }),
              HasSubstr("tput_per_gpu must be finite: 'inf'"));
  EXPECT_THAT(refusal([](Sweep& s) { s.points[0].row.image = std::string("a\0b", 3); }),
              HasSubstr("image must be UTF-8 without NUL"));
  EXPECT_THAT(refusal([](Sweep& s) { s.run.date = "2026-02-30"; }),
              HasSubstr("the date must be YYYY-MM-DD: '2026-02-30'"));
  EXPECT_THAT(refusal([](Sweep& s) { s.stats = {{"b200", 3, 2}}; }),
              HasSubstr("n_success must be from 0 to 2: '3'"));
  EXPECT_EQ(store.revision(), 0);
  EXPECT_EQ(store.value("select count(*) from @inference_run"), "0");
}

TEST(StoreSweeps, reports_are_read_whatever_the_names_in_an_archive) {
  SweepStore store;
  IngestReport report;
  report.id = "r1";
  report.at = k_start;
  report.source =
      "upl\xff"
      "oad";
  report.examples = {{SkipReason::bad_zip, std::string("a\xfe\0b.zip", 8), "x"}};
  report.models = {"\xc3"};
  ASSERT_TRUE(store.writer.report(report).ok());
  const auto reports = store.reader.reports(1);
  ASSERT_TRUE(reports.ok()) << reports.error().message;
  EXPECT_THAT((*reports)[0].examples[0].path, HasSubstr("b.zip"));
}

// The second line, for whoever writes by hand.
TEST(StoreSweeps, the_database_itself_refuses_what_cannot_be) {
  SweepStore store;
  store.write(everything());
  EXPECT_NE(store.refusal("update @inference_config set model = 'DSR1'"), "");
  EXPECT_NE(store.refusal("update @inference_config set prefill_tp = 0"), "");
  EXPECT_EQ(store.refusal("update @inference_config set decode_tp = 0"), "");
  EXPECT_NE(store.refusal("update @inference_point set conc = 0"), "");
  EXPECT_NE(store.refusal("update @inference_point set offload_mode = 'maybe'"), "");
  EXPECT_NE(store.refusal("update @inference_run_stat set n_success = 11"), "");
  EXPECT_NE(store.refusal("update @inference_eval set task = 'GSM8K'"), "");
  EXPECT_NE(store.refusal("insert into @inference_run (github_run_id, attempt, name, created_at, "
                          "date, append_only, is_newest, place) select github_run_id, attempt, "
                          "name, created_at, date, append_only, is_newest, place "
                          "from @inference_run"),
            "");
  EXPECT_NE(store.refusal("insert into @inference_eval (run_id, config_id, task, metrics, "
                          "origin_artifact, origin_path) select run_id, config_id, task, metrics, "
                          "'', '' from @inference_eval"),
            "")
      << "a null equals a null";
}

TEST(StoreSweeps, aggregated_deployments_have_no_decoders) {
  SweepStore store;
  SweepPoint point = point_of(1);
  ServingConfig& config = point.row.config;
  config.decode_tp = config.decode_ep = config.num_decode_gpu = 0;
  config.is_multinode = true;
  store.write(sweep_of(run_of(1, 0), {point}));
  EXPECT_EQ(store.points()[0].row.config, config);
}

TEST(StoreSweeps, the_newest_reports_are_kept) {
  SweepStore store;
  IngestReport report;
  report.source = "gcs/2026-08-01";
  report.submitter = "ci";
  report.github_run_id = 7;
  report.written.points = {1, 2, 3, 4};
  report.skipped = {{"unmapped_model", 3}};
  report.examples = {{SkipReason::unmapped_model, "bmk_x.zip/agg.json#/3", "dsr9"}};
  report.models = {"dsr9"};
  for (int i = 0; i < 3; ++i) {
    report.id = fmt::format("r{}", i);
    report.at = k_start + std::chrono::seconds{i};
    ASSERT_TRUE(store.writer.report(report).ok());
  }
  const auto reports = *store.reader.reports(2);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].id, "r2");
  EXPECT_EQ(reports[0].written.points.repeated, 4);
  EXPECT_EQ(reports[0].skipped, report.skipped);
  ASSERT_EQ(reports[0].examples.size(), 1u);
  EXPECT_EQ(reports[0].examples[0].reason, SkipReason::unmapped_model);
  EXPECT_EQ(reports[0].examples[0].value, "dsr9");
  EXPECT_EQ(reports[0].models, report.models);
  EXPECT_EQ(reports[0].attempt, std::nullopt);
  EXPECT_EQ(store.reader.reports(0).error().code, Code::invalid);
}

TEST(StoreSweeps, writers_of_the_same_configurations_do_not_hold_each_other) {
  SweepStore store({.writers = 5});
  constexpr int k_writers = 5, k_runs = 6, k_points = 30;
  const auto point = [](int number, double tput) {
    SweepPoint one = point_of(1 + number, tput);
    one.row.config.decode_ep = 1 + number % 10;
    one.row.config.spec_method = number % 3 ? "mtp" : "none";
    return one;
  };
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int w = 0; w < k_writers; ++w) {
    threads.emplace_back([&, w] {
      StoreSweepWriter writer(*store.database);
      for (int r = 0; r < k_runs; ++r) {
        Sweep sweep = sweep_of(run_of(1 + r * k_writers + w, r), {});
        for (int i = 0; i < k_points; ++i) {
          sweep.points.push_back(point((i * 7 + w * 11) % k_points, w));
        }
        // Everybody also writes this one.
        Sweep shared = sweep_of(run_of(1000 + r, r), sweep.points);
        if (!writer.write(sweep).ok() || !writer.write(shared).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store.value("select count(*) from @inference_config"), "20");
  EXPECT_EQ(store.value("select count(*) from @inference_point"),
            fmt::format("{}", k_points * k_runs * (k_writers + 1)));
  const auto points = store.points();
  EXPECT_EQ(points.size(), static_cast<std::size_t>(k_points));
  EXPECT_EQ(points[0].curve_run_id, 1000 + k_runs - 1);
  if (store.database->dialect() == store::Dialect::postgres) {
    EXPECT_EQ(store.value("select deadlocks from pg_stat_database where datname = "
                          "current_database()"),
              "0");
  }
}

}  // namespace
}  // namespace bl::inference::testing
