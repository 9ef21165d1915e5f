#include "report_scenario.h"

#include <algorithm>

#include "base/hash.h"
#include "results/ci_encode.h"
#include "results/legacy_encode.h"
#include "results/store_ci_report.h"
#include "results/store_run_comparison.h"
#include "results/store_runs.h"
#include "results/store_writer.h"

namespace bl::bench {
namespace {

constexpr const char* k_repository = "https://github.com/bench/reports";
constexpr std::int64_t k_begin = 1'704'067'200'000'000;  // 2024
constexpr std::int64_t k_hour = 3'600'000'000;
constexpr std::size_t k_batch = 1'000;

std::string sha_of(int commit) {
  return md5_hex("report " + std::to_string(commit)) + "00000000";
}

json::Value document(int variant, int members, const char* prefix) {
  json::Value value = json::Value::object();
  for (int i = 0; i < members; ++i) {
    std::string key(prefix);
    key.append("_").append(std::to_string(i));
    std::string text("value of ");
    text.append(key).append(" in variant ").append(std::to_string(variant));
    value.set(std::move(key), json::Value::string(std::move(text)));
  }
  return value;
}

results::Submission submission(int row, int commit, bool is_contender) {
  results::Submission submission;
  results::BenchmarkResult& result = submission.result;
  result.run_id = is_contender ? "report-contender" : "report-" + std::to_string(commit);
  result.batch_id = result.run_id;
  result.run_reason = "commit";
  result.timestamp = Timestamp{k_begin + commit * k_hour + row};
  result.benchmark_case.name = "family-" + std::to_string(row / 16);
  result.benchmark_case.tags = json::Value::object();
  result.benchmark_case.tags.set("case", json::Value::string(std::to_string(row % 16)));
  result.benchmark_case.tags.set("size", json::Value::string("1048576"));
  result.context = document(row % 4, 5, "context");
  result.info = document(row % 8, 6, "info");
  result.hardware.name = "report-machine";
  result.hardware.cpu_core_count = 16;
  result.repository = k_repository;
  result.commit.sha = is_contender ? sha_of(-1) : sha_of(commit);
  result.commit.repository = k_repository;
  result.commit.timestamp = Timestamp{k_begin + commit * k_hour};
  result.commit.message = "a change";
  if (is_contender) result.commit.branch = "bench:topic";
  result.commit.fork_point_sha = is_contender ? sha_of(commit - 1) : result.commit.sha;
  result.stats.unit = "s";
  std::vector<double> samples;
  for (int i = 0; i < 5; ++i) {
    samples.push_back(1.0 + 0.001 * ((row * 7 + commit * 13 + i * 3) % 29) +
                      (is_contender && row % 50 == 0 ? 1.0 : 0.0));
  }
  for (const double value : samples) result.stats.data.push_back(json::Value::number(value));
  results::set_aggregates(result.stats, samples);
  return submission;
}

void fill_run(FilledStore& store, const ReportPlan& plan, int commit, bool is_contender) {
  results::StoreResultWriter writer(*store.database, store.ids, store.clock);
  std::vector<results::Submission> batch;
  for (int row = 0; row < plan.rows; ++row) {
    batch.push_back(submission(row, commit, is_contender));
    if (batch.size() == k_batch || row + 1 == plan.rows) {
      for (auto& outcome : writer.submit_many(batch)) must(std::move(outcome), "report run");
      batch.clear();
    }
  }
}

// Every page of a comparison, as the legacy route writes it. Gives the bytes.
std::size_t compare_runs(results::StoreRunComparisonReader& reader, std::int64_t& pairs) {
  results::RunPair pair{.baseline = "report-0", .contender = "report-contender", .after = {}};
  pair.page_size = 1'000;
  std::size_t bytes = 0;
  do {
    const auto page = must(reader.page(pair), "compare of runs");
    bytes += results::encode_legacy_run_comparison(page, {}, results::SummaryMode::best).size();
    pairs += static_cast<std::int64_t>(page.pairs.size());
    pair.after = page.next_cursor;
  } while (pair.after);
  return bytes;
}

// What the legacy routes of whole runs and of pages cost, without a wire.
void time_legacy_reads(FilledStore& store, std::int64_t rounds, Report& report) {
  results::StoreRunComparisonReader comparisons(*store.database);
  std::int64_t pairs = 0;
  std::size_t bytes = compare_runs(comparisons, pairs);
  report.fact("compare_of_runs_pairs", static_cast<double>(pairs));
  report.fact("compare_of_runs_bytes", static_cast<double>(bytes));
  double cpu = store.cpu_seconds_with_database();
  report.add(measure("compare of runs", rounds,
                     [&](std::int64_t) { bytes += compare_runs(comparisons, pairs); }));
  report.fact("compare_of_runs_cpu_ms",
              (store.cpu_seconds_with_database() - cpu) * 1e3 / static_cast<double>(rounds));
  results::StoreRunBrowser runs(*store.database);
  results::ResultFilter filter;
  filter.page_size = 100;
  cpu = store.cpu_seconds_with_database();
  report.add(measure("page of 100", rounds * 10, [&](std::int64_t) {
    bytes += results::encode_legacy_results(must(runs.whole_results(filter), "page"), "").size();
  }));
  report.fact("page_of_100_cpu_ms",
              (store.cpu_seconds_with_database() - cpu) * 1e2 / static_cast<double>(rounds));
}

}  // namespace

void time_ci_report(FilledStore& store, const ReportPlan& plan, std::int64_t rounds,
                    Report& report) {
  if (plan.commits < 1) return;
  results::StoreCiReporter reporter(*store.database);
  results::CiQuery query;
  query.run_ids = {"report-contender"};
  if (must(reporter.report(query), "report").runs.empty()) {
    for (int commit = 0; commit < plan.commits; ++commit) fill_run(store, plan, commit, false);
    fill_run(store, plan, plan.commits, true);
    must(store.database->write([](store::Connection& connection) -> Result<void> {
      BL_RETURN_IF_ERROR(connection.execute("analyze", {}));
      return {};
    }),
         "analyze");
  }
  results::CiReport made = must(reporter.report(query), "report");
  report.fact("report_rows", static_cast<double>(made.summary.contender_results));
  report.fact("report_analyzed", static_cast<double>(made.summary.analyzed));
  report.fact("report_history_rows", static_cast<double>(plan.rows) * plan.commits);
  report.fact("report_bytes", static_cast<double>(results::encode_ci_report(made).size()));
  std::size_t bytes = 0;
  const double cpu = store.cpu_seconds_with_database();
  report.add(measure("ci report", rounds, [&](std::int64_t) {
    bytes += results::encode_ci_report(must(reporter.report(query), "report")).size();
  }));
  report.fact("report_cpu_ms",
              (store.cpu_seconds_with_database() - cpu) * 1e3 / static_cast<double>(rounds));
  report.add(measure("ci report, writing it", rounds,
                     [&](std::int64_t) { bytes += results::encode_ci_report(made).size(); }));
  time_legacy_reads(store, rounds, report);
}

}  // namespace bl::bench
