#include "results/ci_report.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/numbers.h"
#include "base/uri.h"

namespace bl::results {
namespace {

std::string joined(std::span<const std::string> texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += ',';
    out += text;
  }
  return out;
}

Error wrong(const std::string& sentence) {
  return Error{Code::invalid, sentence};
}

const std::string* named_twice(std::span<const std::string> run_ids) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& run_id : run_ids) {
    if (!seen.insert(run_id).second) return &run_id;
  }
  return nullptr;
}

std::string plural(std::int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

const char* name_of(BaselineChoice choice) {
  constexpr std::array k_names = {"fork_point", "parent", "latest_default", "auto"};
  return k_names[static_cast<std::size_t>(choice)];
}

const char* name_of(ReportStatus status) {
  constexpr std::array k_names = {"success", "skipped", "failure", "action_required"};
  return k_names[static_cast<std::size_t>(status)];
}

const char* name_of(RowStatus status) {
  constexpr std::array k_names = {"regressed", "improved",         "stable",        "insufficient",
                                  "errored",   "missing_baseline", "not_comparable"};
  return k_names[static_cast<std::size_t>(status)];
}

const char* name_of(ThresholdSource source) {
  constexpr std::array k_names = {"default", "project", "series", "request"};
  return k_names[static_cast<std::size_t>(source)];
}

Result<void> check(const CiQuery& query, const CiLimits& limits) {
  if (query.repository.has_value() != query.commit_sha.has_value()) {
    return wrong(query.repository ? "repository is given without commit_sha: " + *query.repository
                                  : "commit_sha is given without repository: " + *query.commit_sha);
  }
  if (!query.repository && query.run_ids.empty()) {
    return wrong("a report wants repository and commit_sha, or run_ids, or all three");
  }
  if (query.run_ids.size() > limits.runs_max) {
    return wrong("run_ids names more than " + std::to_string(limits.runs_max) +
                 " runs: " + std::to_string(query.run_ids.size()));
  }
  if (const std::string* twice = named_twice(query.run_ids)) {
    return wrong("run_ids names a run twice: " + *twice);
  }
  if (query.baseline_run_ids.empty()) return {};
  if (query.baseline) {
    return wrong(std::string("baseline_run_ids and baseline exclude each other: ") +
                 name_of(*query.baseline));
  }
  if (query.baseline_run_ids.size() != query.run_ids.size()) {
    return wrong("baseline_run_ids are paired with run_ids by their position, but there are " +
                 std::to_string(query.baseline_run_ids.size()) + " and " +
                 std::to_string(query.run_ids.size()));
  }
  return {};
}

namespace {

RowStatus status_by(const verdict::Judged& judged) {
  if (judged.regression) return RowStatus::regressed;
  return judged.improvement ? RowStatus::improved : RowStatus::stable;
}

// A contender of another unit than its baseline is not held against the baseline's history either.
bool has_other_unit(const CiRow& row) {
  return row.baseline && !row.baseline->failed && row.contender.unit != row.baseline->unit;
}

void leave(CiRow& row, RowStatus status, std::string reason) {
  row.status = status;
  row.reason = std::move(reason);
}

}  // namespace

void judge(CiRow& row, const verdict::Distribution* distribution) {
  if (row.contender.failed) return leave(row, RowStatus::errored, "the result failed");
  if (!row.baseline) {
    if (row.reason.empty()) row.reason = "the baseline run has no result of this series";
    row.status = RowStatus::missing_baseline;
    return;
  }
  if (has_other_unit(row)) {
    return leave(row, RowStatus::not_comparable,
                 "the units do not match: " + row.baseline->unit.value_or("none") + " and " +
                     row.contender.unit.value_or("none"));
  }
  const auto direction =
      *row.less_is_better ? verdict::Direction::less_is_better : verdict::Direction::more_is_better;
  const Thresholds& thresholds = row.thresholds.values;
  const auto baseline = row.baseline->failed ? std::nullopt : row.baseline->summary.value;
  row.pairwise =
      verdict::pairwise(baseline, row.contender.summary.value, direction, thresholds.percent);
  if (distribution != nullptr) {
    row.lookback =
        verdict::z_score(*distribution, row.contender.summary.value, direction, thresholds.z);
  }
  if (row.lookback) {
    row.status = status_by(*row.lookback);
  } else if (row.baseline->failed) {
    leave(row, RowStatus::not_comparable, "the baseline result failed");
  } else if (distribution == nullptr) {
    leave(row, RowStatus::insufficient, "the baseline's commit has no known ancestry");
  } else {
    leave(row, RowStatus::insufficient,
          "the history up to the baseline is too short, or does not vary");
  }
}

BaselineFault fault_of(const BaselineRun& search, const ContenderRun& contender) {
  BaselineFault fault;
  fault.code = name_of(*search.why_not);
  fault.message = search.message;
  if (search.searched_from) {
    fault.commit_sha = search.searched_from->sha;
  } else if (contender.commit) {
    fault.commit_sha = contender.commit->sha;
  }
  if (!search.searched_commits.empty()) {
    fault.searched_ancestor_limit = k_baseline_commits_max;
    fault.searched_commit_shas = search.searched_commits;
  }
  const bool is_first_commit = *search.why_not == NoBaseline::commit_unknown &&
                               search.kind == BaselineKind::parent && contender.commit &&
                               contender.commit->timestamp && !contender.commit->parent;
  fault.needs_action = *search.why_not != NoBaseline::on_default_branch &&
                       *search.why_not != NoBaseline::no_matching_run && !is_first_commit;
  return fault;
}

namespace {

void count(const CiRow& row, CiSummary& summary) {
  ++summary.contender_results;
  if (row.baseline) ++summary.compared;
  if (row.lookback) ++summary.analyzed;
  switch (row.status) {
    case RowStatus::regressed:
      ++summary.regressions;
      break;
    case RowStatus::improved:
      ++summary.improvements;
      break;
    case RowStatus::errored:
      ++summary.benchmark_errors;
      break;
    case RowStatus::missing_baseline:
      ++summary.missing_baseline;
      break;
    case RowStatus::not_comparable:
      ++summary.not_comparable;
      break;
    case RowStatus::stable:
    case RowStatus::insufficient:
      break;
  }
}

const CiRun* first_that_needs_action(const CiReport& report) {
  for (const CiRun& run : report.runs) {
    if (run.baseline_fault && run.baseline_fault->needs_action) return &run;
  }
  return nullptr;
}

// Empty when nobody has to act.
std::string reason_to_act(const CiReport& report) {
  const CiSummary& summary = report.summary;
  if (summary.missing_runs > 0) {
    return plural(summary.missing_runs, "selected run has", "selected runs have") +
           " no results: " + report.missing_run_ids.front();
  }
  if (summary.contender_results == 0) return "there are no results to report on";
  if (summary.benchmark_errors > 0) {
    return plural(summary.benchmark_errors, "result", "results") + " of " +
           std::to_string(summary.contender_results) + " failed";
  }
  if (const CiRun* run = first_that_needs_action(report)) {
    return "the baseline of run " + run->run_id +
           " cannot be told: " + run->baseline_fault->message;
  }
  return {};
}

}  // namespace

void conclude(CiReport& report) {
  CiSummary& summary = report.summary;
  summary = {};
  summary.runs = static_cast<std::int64_t>(report.runs.size());
  summary.missing_runs = static_cast<std::int64_t>(report.missing_run_ids.size());
  for (const CiRun& run : report.runs) {
    for (const CiRow& row : run.rows) count(row, summary);
  }
  const std::string analyzed = plural(summary.analyzed, "analyzed result", "analyzed results");
  const std::string regressed =
      std::to_string(summary.regressions) + " of " + analyzed + " regressed";
  report.status_reason = reason_to_act(report);
  if (!report.status_reason.empty()) {
    report.status = ReportStatus::action_required;
    if (summary.regressions > 0) report.status_reason += "; " + regressed;
  } else if (summary.regressions > 0) {
    report.status = ReportStatus::failure;
    report.status_reason = regressed;
  } else if (summary.analyzed == 0) {
    report.status = ReportStatus::skipped;
    report.status_reason = "no result has enough history to be analyzed";
    if (summary.compared == 0) report.status_reason = "no result has a baseline";
  } else {
    report.status = ReportStatus::success;
    report.status_reason = "no regression in " + analyzed;
  }
}

std::string report_url_of(const CiQuery& query) {
  std::string url = "/ci/report";
  const auto add = [&](const char* name, const std::string& value) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += std::string(name) + "=" + percent_encode(value);
  };
  if (query.repository) add("repository", *query.repository);
  if (query.commit_sha) add("commit_sha", *query.commit_sha);
  if (!query.run_ids.empty()) add("run_ids", joined(query.run_ids));
  if (!query.baseline_run_ids.empty()) add("baseline_run_ids", joined(query.baseline_run_ids));
  if (query.baseline) add("baseline", name_of(*query.baseline));
  if (query.percent) add("threshold", json_number(*query.percent));
  if (query.z) add("threshold_z", json_number(*query.z));
  return url;
}

}  // namespace bl::results
