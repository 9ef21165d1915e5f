#include "results/ci_report.h"

#include <gtest/gtest.h>

#include "results/ci_encode.h"
#include "results/contenders.h"

namespace bl::results {
namespace {

CiSide side(double value, const char* unit = "s") {
  CiSide side;
  side.unit = unit;
  side.summary = {value, "min"};
  return side;
}

CiRow row(std::optional<double> baseline, double contender) {
  CiRow row;
  row.contender = side(contender);
  if (baseline) row.baseline = side(*baseline);
  row.unit = "s";
  row.less_is_better = true;
  return row;
}

constexpr verdict::Distribution k_around_ten{10.0, 1.0};

CiRow judged(CiRow row, const verdict::Distribution* distribution = &k_around_ten) {
  judge(row, distribution);
  return row;
}

TEST(CiReport, a_row_is_judged_by_its_z_score_alone) {
  EXPECT_EQ(judged(row(10, 16)).status, RowStatus::regressed);
  EXPECT_EQ(judged(row(10, 4)).status, RowStatus::improved);
  EXPECT_EQ(judged(row(10, 15)).status, RowStatus::stable) << "exactly -5 is no regression";
  const CiRow doubled = judged(row(5, 11));
  EXPECT_EQ(doubled.status, RowStatus::stable);
  EXPECT_TRUE(doubled.pairwise->regression) << "told, but it decides nothing";
}

TEST(CiReport, a_row_that_cannot_be_judged_says_why) {
  const CiRow no_ancestry = judged(row(10, 16), nullptr);
  EXPECT_EQ(no_ancestry.status, RowStatus::insufficient);
  EXPECT_EQ(no_ancestry.reason, "the baseline's commit has no known ancestry");
  EXPECT_TRUE(no_ancestry.pairwise);

  const verdict::Distribution flat{10.0, 0.0};
  EXPECT_EQ(judged(row(10, 16), &flat).status, RowStatus::insufficient);

  const CiRow alone = judged(row(std::nullopt, 16));
  EXPECT_EQ(alone.status, RowStatus::missing_baseline);
  EXPECT_EQ(alone.reason, "the baseline run has no result of this series");

  CiRow other_unit = row(10, 16);
  other_unit.baseline->unit = "ns";
  other_unit = judged(other_unit);
  EXPECT_EQ(other_unit.status, RowStatus::not_comparable);
  EXPECT_EQ(other_unit.reason, "the units do not match: ns and s");
  EXPECT_FALSE(other_unit.lookback);

  CiRow failed = row(10, 16);
  failed.contender.failed = true;
  EXPECT_EQ(judged(failed).status, RowStatus::errored);

  CiRow failed_baseline = row(10, 16);
  failed_baseline.baseline->failed = true;
  EXPECT_EQ(judged(failed_baseline).status, RowStatus::regressed) << "the history still judges";
  EXPECT_EQ(judged(failed_baseline, nullptr).status, RowStatus::not_comparable);
}

TEST(CiReport, a_row_keeps_to_its_own_thresholds) {
  CiRow tolerant = row(10, 16);
  tolerant.thresholds.values = {50, 7};
  tolerant = judged(tolerant);
  EXPECT_EQ(tolerant.status, RowStatus::stable);
  EXPECT_EQ(tolerant.lookback->threshold, 7);
  EXPECT_EQ(tolerant.pairwise->threshold, 50);
}

// What a report may hold; every combination of them is tried.
struct World {
  bool missing, errored, fault, regressed, analyzed, other;
};

CiReport report_of(const World& world) {
  CiReport report;
  if (world.missing) report.missing_run_ids = {"gone"};
  CiRun& run = report.runs.emplace_back();
  run.run_id = "r";
  if (world.fault) {
    run.baseline_fault = BaselineFault{.code = "no_ancestry", .needs_action = true};
  }
  if (world.errored) {
    CiRow failed = row(10, 10);
    failed.contender.failed = true;
    run.rows.push_back(judged(failed));
  }
  if (world.regressed) run.rows.push_back(judged(row(10, 20)));
  if (world.analyzed) run.rows.push_back(judged(row(10, 10)));
  if (world.other) run.rows.push_back(judged(row(std::nullopt, 10)));
  conclude(report);
  return report;
}

TEST(CiReport, action_required_is_before_failure_before_skipped_before_success) {
  for (int bits = 0; bits < 64; ++bits) {
    const World world{(bits & 1) != 0, (bits & 2) != 0,  (bits & 4) != 0,
                      (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0};
    const CiReport report = report_of(world);
    const bool is_empty = !world.errored && !world.regressed && !world.analyzed && !world.other;
    ReportStatus expected = ReportStatus::skipped;
    if (world.analyzed) expected = ReportStatus::success;
    if (world.regressed) expected = ReportStatus::failure;
    if (world.missing || is_empty || world.errored || world.fault) {
      expected = ReportStatus::action_required;
    }
    EXPECT_EQ(report.status, expected) << bits;
    EXPECT_FALSE(report.status_reason.empty());
    const CiSummary& counts = report.summary;
    EXPECT_EQ(counts.contender_results,
              world.errored + world.regressed + world.analyzed + world.other);
    EXPECT_EQ(counts.analyzed, world.regressed + world.analyzed);
    EXPECT_EQ(counts.compared, counts.contender_results - counts.missing_baseline);
  }
}

TEST(CiReport, a_pairwise_change_never_fails_a_report) {
  CiReport report;
  report.runs.emplace_back().rows.push_back(judged(row(1, 11)));
  conclude(report);
  EXPECT_TRUE(report.runs[0].rows[0].pairwise->regression);
  EXPECT_EQ(report.status, ReportStatus::success);
}

TEST(CiReport, a_run_on_the_default_branch_has_no_fork_point_and_nobody_has_to_act) {
  const ContenderRun contender{"r", {}, StoredCommit{}};
  BaselineRun search{.kind = BaselineKind::fork_point};
  search.why_not = NoBaseline::on_default_branch;
  EXPECT_FALSE(fault_of(search, contender).needs_action);
  search.why_not = NoBaseline::no_matching_run;
  EXPECT_FALSE(fault_of(search, contender).needs_action);
  search.why_not = NoBaseline::no_ancestry;
  EXPECT_TRUE(fault_of(search, contender).needs_action);
  search.why_not = NoBaseline::no_commit;
  EXPECT_EQ(fault_of(search, contender).code, "no_commit");
  EXPECT_TRUE(fault_of(search, contender).needs_action);
}

TEST(CiReport, a_first_commit_has_no_parent_and_an_unknown_one_may_have) {
  ContenderRun contender{"r", {}, StoredCommit{}};
  BaselineRun search{.kind = BaselineKind::parent};
  search.why_not = NoBaseline::commit_unknown;
  EXPECT_TRUE(fault_of(search, contender).needs_action);
  contender.commit->timestamp = Timestamp{1};
  EXPECT_FALSE(fault_of(search, contender).needs_action);
  contender.commit->parent = "abc";
  EXPECT_TRUE(fault_of(search, contender).needs_action);
}

TEST(CiReport, a_query_names_a_commit_or_runs) {
  const auto fault = [](const CiQuery& query) {
    const auto checked = check(query, {});
    return checked.ok() ? std::string() : checked.error().message;
  };
  CiQuery query;
  EXPECT_EQ(fault(query), "a report wants repository and commit_sha, or run_ids, or all three");
  query.repository = "https://github.com/org/repo";
  EXPECT_EQ(fault(query), "repository is given without commit_sha: https://github.com/org/repo");
  query.commit_sha = "abc";
  EXPECT_EQ(fault(query), "");
  query.run_ids = {"a", "b"};
  query.baseline_run_ids = {"c"};
  EXPECT_EQ(fault(query),
            "baseline_run_ids are paired with run_ids by their position, but there are 1 and 2");
  query.baseline_run_ids = {"c", "c"};
  EXPECT_EQ(fault(query), "");
  query.baseline = BaselineChoice::parent;
  EXPECT_EQ(fault(query), "baseline_run_ids and baseline exclude each other: parent");
  query.baseline.reset();
  query.run_ids = {"a", "a"};
  EXPECT_EQ(fault(query), "run_ids names a run twice: a");
  query.baseline_run_ids.clear();
  query.run_ids.assign(65, "x");
  EXPECT_EQ(fault(query), "run_ids names more than 64 runs: 65");
}

TEST(CiReport, its_address_repeats_the_question) {
  CiQuery query;
  query.repository = "https://github.com/org/repo";
  query.commit_sha = "abc";
  query.run_ids = {"a b", "c"};
  query.baseline = BaselineChoice::automatic;
  query.z = 7.5;
  EXPECT_EQ(report_url_of(query),
            "/ci/report?repository=https%3A%2F%2Fgithub.com%2Forg%2Frepo&commit_sha=abc&"
            "run_ids=a%20b%2Cc&baseline=auto&threshold_z=7.5");
}

TEST(CiReport, is_written_as_the_contract_has_it) {
  CiReport report;
  report.repository = "https://github.com/org/repo";
  report.commit_sha = "abc";
  report.selected_run_ids = {"r"};
  report.baseline = BaselineChoice::parent;
  report.documents = {R"({"name":"sort"})", "{}"};
  CiRun& run = report.runs.emplace_back();
  run.run_id = "r";
  run.baseline = BaselineKind::parent;
  run.baseline_run_id = "b";
  run.commits_skipped = {"s1"};
  CiRow regressed = row(10, 20);
  regressed.name = "sort";
  regressed.hardware = "m1";
  regressed.history_fingerprint = "f";
  regressed.context = regressed.info = 1;
  regressed.contender.result_id = "new";
  regressed.baseline->result_id = "old";
  run.rows.push_back(judged(regressed));
  conclude(report);
  report.report_url = "/ci/report?run_ids=r";
  EXPECT_EQ(
      encode_ci_report(report),
      R"({"repository":"https://github.com/org/repo","commit_sha":"abc","selected_run_ids":["r"],)"
      R"("missing_run_ids":[],"baseline":"parent","status":"failure",)"
      R"("status_reason":"1 of 1 analyzed result regressed","threshold":5,"threshold_z":5,)"
      R"("threshold_source":"default","notify_improvements":false,"summary":{"runs":1,)"
      R"("missing_runs":0,"contender_results":1,"compared":1,"analyzed":1,"regressions":1,)"
      R"("improvements":0,"benchmark_errors":0,"missing_baseline":0,"not_comparable":0},)"
      R"("verdict":null,"runs":[{"run_id":"r","run_tags":{},"run_reason":null,"commit":null,)"
      R"("baseline":"parent","baseline_run_id":"b","baseline_commit":null,)"
      R"("commits_skipped":["s1"],"baseline_error":null,"comparisons":[{"status":"regressed",)"
      R"("name":"sort","tags":{"name":"sort"},"context":{},"info":{},"hardware":"m1",)"
      R"("history_fingerprint":"f","unit":"s","less_is_better":true,"contender":)"
      R"({"result_id":"new","run_id":"","result_timestamp":"1970-01-01T00:00:00Z",)"
      R"("commit_sha":null,"commit_timestamp":null,"error":null,"single_value_summary":20,)"
      R"("single_value_summary_type":"min"},"baseline":{"result_id":"old","run_id":"",)"
      R"("result_timestamp":"1970-01-01T00:00:00Z","commit_sha":null,"commit_timestamp":null,)"
      R"("single_value_summary":10,"single_value_summary_type":"min"},"analysis":{"pairwise":)"
      R"({"percent_change":-100,"percent_threshold":5,"regression_indicated":true,)"
      R"("improvement_indicated":false},"lookback_z_score":{"z_score":-10,"z_threshold":5,)"
      R"("regression_indicated":true,"improvement_indicated":false}},"error":null,)"
      R"("verdict":null,"links":{"result":"/results/new","series":"/series/f",)"
      R"("compare":"/compare?baseline=old&contender=new"}}]}],)"
      R"("report_url":"/ci/report?run_ids=r"})");
  const StoredVerdicts verdicts = {
      {"f",
       {VerdictDecision::slower, -12,
        R"({"decision":"slower","change":{"percent":12,"commit_sha":"c"},"sentence":"S."})"}}};
  const auto shown = json::parse(encode_ci_report(report, verdicts)).value();
  EXPECT_EQ(json::to_text(*shown.find("verdict")),
            R"({"slower":1,"faster":0,"wait":0,"steady":0,"unknown":0,"worst":)"
            R"({"history_fingerprint":"f","name":"sort","percent":12,"commit_sha":"c",)"
            R"("sentence":"S."}})");
  EXPECT_EQ(shown.find("status")->as_string(), "failure") << "nothing else rests on it";
}

// A run of two results of one series and one of another, two commits off the default branch.
CiRun branch_run() {
  CiRun run;
  run.run_id = "r";
  run.commit = StoredCommit();
  run.commit->sha = "branch";
  run.commit->fork_point_sha = "fork";
  run.baseline_commit = StoredCommit();
  run.baseline_commit->timestamp = Timestamp{1'000};
  int number = 0;
  for (const auto& [series, status] :
       {std::pair{"steady", RowStatus::stable}, std::pair{"slow", RowStatus::regressed},
        std::pair{"slow", RowStatus::stable}}) {
    CiRow one = row(10, 12);
    one.status = status;
    one.history_fingerprint = series;
    one.contender.result_id = "n";
    one.contender.result_id += std::to_string(number);
    one.contender.result_timestamp = Timestamp{5'000 - 10 * number++};
    run.rows.push_back(std::move(one));
  }
  return run;
}

TEST(Contenders, are_the_series_of_a_run_off_the_default_branch) {
  CiRun run = branch_run();
  const BranchRun found = contenders_of(run);
  EXPECT_EQ(found.up_to.micros, 1'000);
  ASSERT_EQ(found.series.size(), 2u);
  EXPECT_EQ(found.series[0].history_fingerprint, "slow") << "what regressed comes first";
  ASSERT_EQ(found.series[0].results.size(), 2u) << "repeats count as results";
  EXPECT_EQ(found.series[0].results[0].result_id, "n2") << "oldest first";
  EXPECT_EQ(found.series[0].results[0].commit_timestamp.micros, 1'000);

  run.rows[0].contender.failed = true;
  EXPECT_EQ(contenders_of(run).series.size(), 1u);
  run.baseline_commit.reset();
  EXPECT_TRUE(contenders_of(run).series.empty()) << "nobody knows where it left";
  CiRun on_default = branch_run();
  on_default.commit->fork_point_sha = "branch";
  EXPECT_TRUE(contenders_of(on_default).series.empty());
}

TEST(Contenders, stand_beside_their_rows_and_are_counted) {
  CiReport report;
  report.documents = {"{}"};
  report.runs.push_back(branch_run());
  const std::vector<StoredVerdicts> contenders = {
      {{"slow",
        {VerdictDecision::slower, -20,
         R"({"decision":"slower","change":{"percent":20,"commit_sha":"c"},"sentence":"S."})"}}}};
  const auto shown = json::parse(encode_ci_report(report, {}, contenders)).value();
  EXPECT_TRUE(shown.find("verdict")->is_null());
  EXPECT_EQ(shown.find("contender_verdict")->find("slower")->as_int64(), 1);
  EXPECT_EQ(shown.find("contender_verdict")->find("worst")->find("percent")->as_double(), 20);
  const auto& rows = shown.find("runs")->items()[0].find("comparisons")->items();
  EXPECT_EQ(rows[0].find("contender_verdict"), nullptr);
  EXPECT_EQ(rows[1].find("contender_verdict")->find("decision")->as_string(), "slower");
  const auto without = json::parse(encode_ci_report(report)).value();
  EXPECT_EQ(without.find("contender_verdict"), nullptr);
}

}  // namespace
}  // namespace bl::results
