#include "results/ci_encode.h"

#include "base/json.h"
#include "base/optional_time.h"
#include "base/uri.h"
#include "results/commits/commit_json.h"
#include "results/encode.h"
#include "results/verdict_encode.h"

namespace bl::results {
namespace {

using json::Writer;

// A row without its documents.
constexpr std::size_t k_row_bytes = 1'400;

void write_texts(Writer& out, std::span<const std::string> texts) {
  out.begin_array();
  for (const std::string& text : texts) out.value(text);
  out.end_array();
}

void write_summary(Writer& out, const CiSummary& summary) {
  out.begin_object()
      .member("runs", summary.runs)
      .member("missing_runs", summary.missing_runs)
      .member("contender_results", summary.contender_results)
      .member("compared", summary.compared)
      .member("analyzed", summary.analyzed)
      .member("regressions", summary.regressions)
      .member("improvements", summary.improvements)
      .member("benchmark_errors", summary.benchmark_errors)
      .member("missing_baseline", summary.missing_baseline)
      .member("not_comparable", summary.not_comparable)
      .end_object();
}

void write_commit(Writer& out, const std::optional<StoredCommit>& commit) {
  if (!commit) {
    out.null();
    return;
  }
  out.begin_object()
      .member("sha", commit->sha)
      .member("repository", commit->repository)
      .member("branch", commit->branch);
  write_what_was_committed(out, *commit);
  out.end_object();
}

void write_fault(Writer& out, const CiRun& run, const char* baseline) {
  if (!run.baseline_fault) {
    out.null();
    return;
  }
  const BaselineFault& fault = *run.baseline_fault;
  out.begin_object()
      .member("code", fault.code)
      .member("message", fault.message)
      .member("run_id", run.run_id)
      .key("baseline");
  if (baseline == nullptr) {
    out.null();
  } else {
    out.value(baseline);
  }
  out.member("commit_sha", fault.commit_sha);
  if (fault.searched_ancestor_limit) {
    out.member("searched_ancestor_limit", *fault.searched_ancestor_limit);
    out.key("searched_commit_shas");
    write_texts(out, fault.searched_commit_shas);
  }
  out.end_object();
}

void begin_side(Writer& out, const CiSide& side) {
  out.begin_object()
      .member("result_id", side.result_id)
      .member("run_id", side.run_id)
      .member("result_timestamp", to_rfc3339(side.result_timestamp))
      .member("commit_sha", side.commit_sha)
      .member("commit_timestamp", to_rfc3339(side.commit_timestamp));
}

void write_value(Writer& out, const CiSide& side) {
  out.member("single_value_summary", side.summary.value)
      .member("single_value_summary_type", side.summary.type)
      .end_object();
}

void write_error(Writer& out, const CiSide& side) {
  out.key("error");
  if (side.error_json.empty()) {
    out.null();
  } else {
    out.raw(side.error_json);
  }
}

void write_analysis(Writer& out, const CiRow& row) {
  if (!row.pairwise && !row.lookback) {
    out.null();
    return;
  }
  out.begin_object().key("pairwise");
  write_pairwise(out, row.pairwise);
  out.key("lookback_z_score");
  write_lookback(out, row.lookback);
  out.end_object();
}

void write_links(Writer& out, const CiRow& row) {
  const std::string contender = percent_encode(row.contender.result_id);
  out.begin_object()
      .member("result", "/results/" + contender)
      .member("series", "/series/" + percent_encode(row.history_fingerprint));
  if (row.baseline) {
    std::string compare = "/compare?baseline=";
    compare += percent_encode(row.baseline->result_id);
    compare += "&contender=";
    compare += contender;
    out.member("compare", compare);
  }
  out.end_object();
}

// The verdicts that stand beside the rows of a run.
struct RowVerdicts {
  const StoredVerdicts& series;
  const StoredVerdicts* contenders = nullptr;
};

void write_row(Writer& out, const CiRow& row, const std::vector<std::string>& documents,
               const RowVerdicts& verdicts) {
  out.begin_object().member("status", name_of(row.status)).member("name", row.name);
  out.key("tags").raw(documents[row.tags]);
  out.key("context").raw(documents[row.context]);
  out.key("info").raw(documents[row.info]);
  out.member("hardware", row.hardware)
      .member("history_fingerprint", row.history_fingerprint)
      .member("unit", row.unit)
      .member("less_is_better", row.less_is_better)
      .key("contender");
  begin_side(out, row.contender);
  write_error(out, row.contender);
  write_value(out, row.contender);
  out.key("baseline");
  if (row.baseline) {
    begin_side(out, *row.baseline);
    write_value(out, *row.baseline);
  } else {
    out.null();
  }
  out.key("analysis");
  write_analysis(out, row);
  write_error(out, row.contender);
  if (!row.reason.empty()) out.member("reason", row.reason);
  if (row.thresholds.source == ThresholdSource::series) {
    out.member("threshold_source", name_of(row.thresholds.source));
  }
  write_verdict(out, verdicts.series, row.history_fingerprint);
  if (verdicts.contenders != nullptr) {
    const auto found = verdicts.contenders->find(row.history_fingerprint);
    if (found != verdicts.contenders->end()) out.key("contender_verdict").raw(found->second.json);
  }
  out.key("links");
  write_links(out, row);
  out.end_object();
}

// The kind that was searched for; what was asked when there was nothing to search.
const char* baseline_of(const CiRun& run, const CiReport& report) {
  if (run.baseline) return name_of(*run.baseline);
  return report.baseline ? name_of(*report.baseline) : nullptr;
}

void write_run(Writer& out, const CiRun& run, const CiReport& report, const RowVerdicts& verdicts) {
  const char* baseline = baseline_of(run, report);
  out.begin_object()
      .member("run_id", run.run_id)
      .member("run_tags", run.run_tags)
      .member("run_reason", run.run_reason)
      .key("commit");
  write_commit(out, run.commit);
  out.key("baseline");
  if (baseline == nullptr) {
    out.null();
  } else {
    out.value(baseline);
  }
  out.member("baseline_run_id", run.baseline_run_id).key("baseline_commit");
  write_commit(out, run.baseline_commit);
  out.key("commits_skipped");
  write_texts(out, run.commits_skipped);
  out.key("baseline_error");
  write_fault(out, run, baseline);
  out.key("comparisons").begin_array();
  for (const CiRow& row : run.rows) write_row(out, row, report.documents, verdicts);
  out.end_array().end_object();
}

// Each series once.
void add(RunVerdict& all, const StoredVerdicts& verdicts, std::span<const CiRun> runs,
         double& badness) {
  auto worst = verdicts.end();
  for (auto one = verdicts.begin(); one != verdicts.end(); ++one) {
    all.count(one->second.decision, 1);
    if (one->second.decision != VerdictDecision::slower || one->second.badness >= badness) continue;
    badness = one->second.badness;
    worst = one;
  }
  if (worst == verdicts.end()) return;
  for (const CiRun& run : runs) {
    const auto row = std::ranges::find(run.rows, worst->first, &CiRow::history_fingerprint);
    if (row == run.rows.end()) continue;
    all.worst = worst_of(worst->first, row->name, worst->second.json);
    return;
  }
}

RunVerdict verdict_of_all(const CiReport& report, const StoredVerdicts& verdicts) {
  RunVerdict all;
  double badness = 1;  // none has any: what is slower has less
  add(all, verdicts, report.runs, badness);
  return all;
}

// Of several runs the series of each.
RunVerdict verdict_of_contenders(const CiReport& report,
                                 std::span<const StoredVerdicts> contenders) {
  RunVerdict all;
  double badness = 1;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    add(all, contenders[i], std::span(report.runs).subspan(i, 1), badness);
  }
  return all;
}

std::size_t size_of(const CiReport& report) {
  std::size_t bytes = 4'096;
  for (const CiRun& run : report.runs) {
    bytes += 4'096 + run.rows.size() * k_row_bytes;
    for (const CiRow& row : run.rows) {
      bytes += report.documents[row.tags].size() + report.documents[row.context].size() +
               report.documents[row.info].size() + 2 * row.contender.error_json.size();
    }
  }
  return bytes;
}

}  // namespace

std::string encode_ci_report(const CiReport& report, const StoredVerdicts& verdicts,
                             std::span<const StoredVerdicts> contenders) {
  BL_CHECK(contenders.empty() || contenders.size() == report.runs.size());
  std::string text;
  text.reserve(size_of(report));
  Writer out(text);
  out.begin_object()
      .member("repository", report.repository)
      .member("commit_sha", report.commit_sha)
      .key("selected_run_ids");
  write_texts(out, report.selected_run_ids);
  out.key("missing_run_ids");
  write_texts(out, report.missing_run_ids);
  out.key("baseline");
  if (report.baseline) {
    out.value(name_of(*report.baseline));
  } else {
    out.null();
  }
  out.member("status", name_of(report.status))
      .member("status_reason", report.status_reason)
      .member("threshold", report.thresholds.values.percent)
      .member("threshold_z", report.thresholds.values.z)
      .member("threshold_source", name_of(report.thresholds.source))
      .member("notify_improvements", report.notify_improvements)
      .key("summary");
  write_summary(out, report.summary);
  out.key("verdict");
  write_run_verdict(out, verdict_of_all(report, verdicts));
  if (const RunVerdict all = verdict_of_contenders(report, contenders); all.any()) {
    out.key("contender_verdict");
    write_run_verdict(out, all);
  }
  out.key("runs").begin_array();
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    const StoredVerdicts* of_run = contenders.empty() ? nullptr : &contenders[i];
    write_run(out, report.runs[i], report, {verdicts, of_run});
  }
  out.end_array().member("report_url", report.report_url).end_object();
  return text;
}

std::string encode_ci_summary(const CiSummary& summary) {
  std::string text;
  Writer out(text);
  write_summary(out, summary);
  return text;
}

}  // namespace bl::results
