#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/baselines.h"
#include "results/comparison.h"
#include "results/model.h"
#include "results/ports.h"

/// The CI report: every result of some runs beside its baseline, judged, and what the CI is to make
/// of it (spec/results-conbench.md 3.5, 4.8). Values and rules, no I/O. The rules of statuses are
/// the contract's; a report never fails because of a pairwise change.
namespace bl::results {

/// Which run a run is compared with [4.7].
enum class BaselineChoice : unsigned char {
  fork_point,
  parent,
  latest_default,
  /// Ours: on the default branch the parent, elsewhere fork_point; where that finds no run,
  /// latest_default, but for a run of the default branch never a later one.
  automatic,
};
/// `fork_point`, `parent`, `latest_default`, `auto`.
const char* name_of(BaselineChoice choice);

enum class ReportStatus : unsigned char { success, skipped, failure, action_required };
const char* name_of(ReportStatus status);

enum class RowStatus : unsigned char {
  regressed,
  improved,
  stable,
  insufficient,      ///< there is no z-score: too little history, or history that does not vary
  errored,           ///< the contender failed
  missing_baseline,  ///< no baseline run, or it has no result of that series
  not_comparable,    ///< other units than the baseline, or a baseline that failed, and no z-score
};
const char* name_of(RowStatus status);

/// Where the thresholds of a report, or of a row, come from.
enum class ThresholdSource : unsigned char { built_in, project, series, request };
/// `default`, `project`, `series`, `request`.
const char* name_of(ThresholdSource source);

struct UsedThresholds {
  Thresholds values;
  ThresholdSource source = ThresholdSource::built_in;
};

/// What is asked. Either repository and commit_sha, or run_ids, or all three: those runs of that
/// commit.
struct CiQuery {
  std::optional<std::string> repository, commit_sha;
  std::vector<std::string> run_ids;
  /// Paired with run_ids by position; then `baseline` is not there.
  std::vector<std::string> baseline_run_ids;
  std::optional<BaselineChoice> baseline;  ///< fork_point when absent
  std::optional<double> percent, z;        ///< absent: those of the project, else 5 and 5
};

struct CiLimits {
  std::size_t runs_max = 64;
  std::size_t rows_max = 50'000;
  std::size_t baseline_commits_max = 64;  ///< that one baseline run was measured on
};

/// Errors: invalid, naming the parameter: no selector or half of one, as many baselines as runs,
/// runs named twice, too many.
Result<void> check(const CiQuery& query, const CiLimits& limits);

/// One result of a row.
struct CiSide {
  std::string result_id, run_id;
  Timestamp result_timestamp;
  std::optional<std::string> commit_sha;
  std::optional<Timestamp> commit_timestamp;
  std::optional<std::string> unit;
  Summary summary;
  bool failed = false;
  std::string error_json;  ///< empty: none
};

/// One contender result.
struct CiRow {
  RowStatus status = RowStatus::insufficient;
  std::string name, hardware, history_fingerprint;
  std::size_t tags = 0, context = 0, info = 0;  ///< places in CiReport::documents
  std::optional<std::string> unit;
  std::optional<bool> less_is_better;
  CiSide contender;
  std::optional<CiSide> baseline;
  std::optional<verdict::Judged> pairwise, lookback;
  std::string reason;  ///< why it is not judged; empty for the first three statuses
  UsedThresholds thresholds;
};

/// Why a run has no baseline.
struct BaselineFault {
  std::string code;     ///< name_of(NoBaseline), or `baseline_run_missing` of an explicit pair
  std::string message;  ///< of [4.7] where it says one
  std::optional<std::string> commit_sha;  ///< of the contender, or whose ancestry was searched
  std::optional<int> searched_ancestor_limit;
  std::vector<std::string> searched_commit_shas;
  /// Commits are not known well enough to say which run it is, or the named one is not there.
  bool needs_action = false;
};

struct CiRun {
  std::string run_id;
  json::Value run_tags = json::Value::object();
  std::optional<std::string> run_reason;
  std::optional<StoredCommit> commit;
  std::optional<BaselineKind> baseline;  ///< which one was searched for; absent for an explicit one
  std::optional<std::string> baseline_run_id;
  std::optional<StoredCommit> baseline_commit;
  std::vector<std::string> commits_skipped;
  std::optional<BaselineFault> baseline_fault;
  std::vector<CiRow> rows;  ///< by name, tags, hardware, time
};

struct CiSummary {
  std::int64_t runs = 0, missing_runs = 0, contender_results = 0;
  std::int64_t compared = 0;  ///< rows with both sides
  std::int64_t analyzed = 0;  ///< rows with a z-score
  std::int64_t regressions = 0, improvements = 0, benchmark_errors = 0;
  std::int64_t missing_baseline = 0, not_comparable = 0;
};

struct CiReport {
  std::optional<std::string> repository, commit_sha;
  std::vector<std::string> selected_run_ids, missing_run_ids;
  std::optional<BaselineChoice> baseline;  ///< absent: explicit pairs
  ReportStatus status = ReportStatus::action_required;
  std::string status_reason;
  UsedThresholds thresholds;
  bool notify_improvements = false;  ///< the project wants to hear of improvements too
  CiSummary summary;
  std::vector<CiRun> runs;
  std::vector<std::string> documents;  ///< JSON objects, each once
  std::string report_url;              ///< path and query of the page's view
};

/// Judges a row whose sides, unit and thresholds are set. `distribution` is that of the baseline's
/// commit; nullptr where there is none.
void judge(CiRow& row, const verdict::Distribution* distribution);

/// Why a search came to nothing. A first commit has no parent, and a run on the default branch no
/// fork point: nobody has to act then.
BaselineFault fault_of(const BaselineRun& search, const ContenderRun& contender);

/// Counts the rows, and sets status and reason. [4.8]: action_required (a run is missing, no
/// results, an errored row, a baseline fault that needs action) before failure (a regression)
/// before skipped (no row has a z-score) before success.
void conclude(CiReport& report);

/// The page's view of the same report: path and query.
std::string report_url_of(const CiQuery& query);

}  // namespace bl::results
