#include "app/advice_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "results/alert_github.h"
#include "results/contenders.h"
#include "traces/trace_set_diff.h"

namespace bl::app {
namespace {

using advice::Call;
using advice::ChangeReport;
using advice::JudgedRow;
using advice::Unknown;

constexpr std::size_t k_series_at_once = 200;     ///< results::VerdictLimits::contenders_max
constexpr std::size_t k_series_max = 1'000;       ///< judged of one commit
constexpr std::size_t k_traces_max = 50;          ///< of a result
constexpr std::size_t k_spans_max = 200'000;      ///< of a result's traces
constexpr std::size_t k_command_bytes_max = 500;  ///< of a recorded command

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.is_object() ? object.find(key) : nullptr;
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<double> number_at(const json::Value& object, const char* key) {
  const json::Value* value = object.is_object() ? object.find(key) : nullptr;
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

bool flag_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

/// One line that people may copy into a shell.
std::optional<std::string> command_in(const json::Value& document) {
  const std::string text = text_at(document, "command");
  const bool is_line = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (text.empty() || text.size() > k_command_bytes_max || !is_line) return std::nullopt;
  return text;
}

std::optional<std::string> command_of(const results::CiReport& report, const results::CiRun& run,
                                      const results::CiRow& row) {
  for (const std::size_t place : {row.info, row.context}) {
    const auto document = json::parse(report.documents[place]);
    if (!document.ok()) continue;
    if (auto command = command_in(*document)) return command;
  }
  return command_in(run.run_tags);
}

/// A later run of a commit is compared with its first one: that says nothing of the commit.
bool is_own_baseline(const results::CiRun& run) {
  return run.commit && run.baseline_commit && run.commit->sha == run.baseline_commit->sha;
}

JudgedRow row_of(const results::CiReport& report, const results::CiRun& run,
                 const results::CiRow& row) {
  JudgedRow judged{.name = row.name,
                   .fingerprint = row.history_fingerprint,
                   .hardware = row.hardware,
                   .unit = row.unit,
                   .result_id = row.contender.result_id,
                   .failed = row.contender.failed,
                   .baseline_failed = row.baseline && row.baseline->failed};
  if (auto tags = json::parse(report.documents[row.tags]); tags.ok() && tags->is_object()) {
    for (const auto& [key, value] : tags->members()) {
      if (key != "name") judged.tags.set(key, value);
    }
  }
  if (row.baseline && !is_own_baseline(run)) judged.baseline_result_id = row.baseline->result_id;
  judged.command = command_of(report, run, row);
  using results::RowStatus;
  if (judged.failed) judged.reason = row.reason;
  if (row.status == RowStatus::missing_baseline) judged.unknown_code = Unknown::Code::no_baseline;
  if (row.status == RowStatus::not_comparable) judged.unknown_code = Unknown::Code::not_comparable;
  return judged;
}

/// Each series once: of several results of a commit the newest, and failed only where all of them
/// did.
std::vector<JudgedRow> rows_of(const results::CiReport& report) {
  std::vector<JudgedRow> rows;
  std::map<std::string, std::size_t> places;
  for (const results::CiRun& run : report.runs) {
    for (const results::CiRow& row : run.rows) {
      const auto [place, is_new] = places.try_emplace(row.history_fingerprint, rows.size());
      if (is_new) {
        rows.push_back(row_of(report, run, row));
        rows.back().runs_after = 0;
      } else if (!row.contender.failed) {
        JudgedRow newer = row_of(report, run, row);
        newer.runs_after = rows[place->second].runs_after;
        if (!newer.baseline_result_id)
          newer.baseline_result_id = rows[place->second].baseline_result_id;
        rows[place->second] = std::move(newer);
      } else if (!rows[place->second].baseline_result_id) {
        rows[place->second].baseline_result_id = row_of(report, run, row).baseline_result_id;
      }
      if (!row.contender.failed) ++rows[place->second].runs_after;
    }
  }
  return rows;
}

Call call_of(const std::string& decision) {
  if (decision == "slower") return Call::slower;
  if (decision == "faster") return Call::faster;
  if (decision == "wait") return Call::wait;
  return decision == "steady" ? Call::steady : Call::unknown;
}

/// Schema `VerdictChange` of a row.
void take_change(JudgedRow& row, const json::Value& change) {
  row.percent = number_at(change, "percent");
  row.is_worse = flag_at(change, "is_worse");
  row.is_of_unit = flag_at(change, "of_unit");
  if (auto sha = text_at(change, "commit_sha"); !sha.empty()) row.since_sha = std::move(sha);
  if (!row.confidence) row.confidence = number_at(change, "confidence");
}

bool is_on_default_branch(const results::CiReport& report) {
  return std::ranges::any_of(report.runs, [](const results::CiRun& run) {
    return run.commit && run.commit->on_default_branch();
  });
}

advice::CommitFacts facts_of(const results::StoredCommit& commit) {
  return {commit.sha, commit.message, commit.author_name};
}

void tell_baselines(const results::CiReport& report, ChangeReport& facts) {
  for (const results::CiRun& run : report.runs) {
    if (!run.baseline_fault) continue;
    const auto code = run.commit && run.commit->timestamp ? Unknown::Code::no_baseline
                                                          : Unknown::Code::commit_unknown;
    Unknown unknown{
        code, fmt::format("Run {} has no baseline: {}", run.run_id, run.baseline_fault->message)};
    if (std::ranges::find(facts.unknown, unknown) == facts.unknown.end())
      facts.unknown.push_back(std::move(unknown));
  }
  for (const std::string& run : report.missing_run_ids) {
    facts.unknown.push_back(
        {Unknown::Code::runs_missing, fmt::format("Run {} has no results", run)});
  }
}

void take_commits(const results::CiReport& report, ChangeReport& facts) {
  for (const results::CiRun& run : report.runs) {
    facts.run_ids.push_back(run.run_id);
    if (run.commit) facts.commits.push_back(facts_of(*run.commit));
    if (!run.baseline_commit || is_own_baseline(run)) continue;
    facts.commits.push_back(facts_of(*run.baseline_commit));
    if (!facts.base_sha) facts.base_sha = run.baseline_commit->sha;
    if (facts.is_on_default_branch) {
      facts.commits_between = static_cast<std::int64_t>(run.commits_skipped.size());
    }
  }
  if (!facts.commits.empty()) facts.head = facts.commits.front();
}

/// The contenders of all runs that left the default branch at the same time, those of one series
/// together.
std::map<std::int64_t, results::BranchRun> branches_of(const results::CiReport& report) {
  std::map<std::int64_t, results::BranchRun> branches;
  for (const results::CiRun& run : report.runs) {
    results::BranchRun one = results::contenders_of(run);
    if (one.series.empty()) continue;
    results::BranchRun& all = branches[one.up_to.micros];
    all.up_to = one.up_to;
    for (results::ContenderSeries& series : one.series) {
      const auto known = std::ranges::find(all.series, series.history_fingerprint,
                                           &results::ContenderSeries::history_fingerprint);
      if (known == all.series.end()) {
        all.series.push_back(std::move(series));
        continue;
      }
      known->results.insert(known->results.end(), series.results.begin(), series.results.end());
      std::ranges::sort(known->results, {}, [](const results::ContenderResult& result) {
        return std::pair(result.result_timestamp.micros, result.result_id);
      });
    }
  }
  return branches;
}

Result<std::vector<traces::Spans>> load(traces::TraceStore& store,
                                        const std::vector<results::StoredExemplar>& exemplars,
                                        std::vector<std::string>& ids) {
  std::vector<traces::Spans> loaded;
  std::size_t spans_left = k_spans_max;
  std::set<std::string> seen;
  for (const results::StoredExemplar& exemplar : exemplars) {
    if (seen.size() == k_traces_max || spans_left == 0) break;
    if (!seen.insert(exemplar.trace_id.hex()).second) continue;
    traces::TraceQuery query{.id = exemplar.trace_id};
    if (exemplar.start_ns) {
      const std::int64_t start = *exemplar.start_ns;
      query.hint = traces::Window{start, exemplar.end_ns.value_or(start + 1)};
    }
    query.spans_max = spans_left;
    BL_TRY(traces::TraceStore::Found found, store.trace(query));
    if (!found.trace || found.trace->has_more || found.trace->spans.empty()) continue;
    spans_left -= found.trace->spans.size();
    ids.push_back(exemplar.trace_id.hex());
    loaded.push_back(std::move(found.trace->spans));
  }
  return loaded;
}

advice::GrownSpan grown_of(const traces::PathDiff& path, const traces::SetDiff& diff) {
  advice::GrownSpan span{.service = path.path.back().service, .name = path.path.back().name};
  for (const traces::PathStep& step : path.path) span.path.push_back(step.name);
  const traces::SetMeasure& own = path.self_ns;
  span.before_ns = own.base_p50;
  span.after_ns = own.compare_p50;
  span.shift_ns = own.shift;
  span.shift_low_ns = own.shift_low;
  span.shift_high_ns = own.shift_high;
  if (diff.trace_ns.is_change && diff.trace_ns.shift > 0)
    span.share = std::min(own.shift / diff.trace_ns.shift, 1.0);
  return span;
}

}  // namespace

void take_verdict(JudgedRow& row, const std::string& verdict_json) {
  const auto verdict = json::parse(verdict_json);
  if (!verdict.ok()) return;
  row.call = call_of(text_at(*verdict, "decision"));
  row.confidence = number_at(*verdict, "confidence");
  row.noise_percent = number_at(*verdict, "noise_percent");
  if (const auto repeats = number_at(*verdict, "repeats"))
    row.repeats = static_cast<std::int64_t>(*repeats);
  const auto results = static_cast<std::int64_t>(number_at(*verdict, "results").value_or(0));
  row.runs_before = std::max<std::int64_t>(results - row.runs_after, 0);
  const json::Value* change = verdict->find("change");
  const bool speaks_of_it = row.call != Call::steady && row.call != Call::unknown;
  if (speaks_of_it && change != nullptr && change->is_object()) take_change(row, *change);
}

Result<std::string> repository_of_question(const std::string& text) {
  if (text.starts_with("https://") || text.starts_with("git@"))
    return results::normalise_repository(text);
  BL_TRY(const std::string name, results::github_repository_name(text));
  return "https://github.com/" + name;
}

Result<results::CiReport> ResultFacts::ci_report(const advice::Question& question) {
  results::CiQuery query;
  BL_TRY(query.repository, repository_of_question(question.repository));
  query.commit_sha = question.sha;
  query.baseline = results::BaselineChoice::automatic;
  if (!question.base) return reporter_.report(query);
  // Runs are compared with runs: each with that of the base of the same reason, else its first.
  BL_TRY(const results::CiReport head, reporter_.report(query));
  results::CiQuery of_base = query;
  of_base.commit_sha = question.base;
  BL_TRY(const results::CiReport base, reporter_.report(of_base));
  if (head.runs.empty() || base.runs.empty()) return head;
  query.baseline = std::nullopt;
  for (const results::CiRun& run : head.runs) {
    const auto same = std::ranges::find(base.runs, run.run_reason, &results::CiRun::run_reason);
    query.run_ids.push_back(run.run_id);
    query.baseline_run_ids.push_back(same == base.runs.end() ? base.runs.front().run_id
                                                             : same->run_id);
  }
  return reporter_.report(query);
}

Result<void> ResultFacts::judge_branch(const results::CiReport& report, ChangeReport& facts) {
  std::map<std::string, JudgedRow*, std::less<>> rows;
  for (JudgedRow& row : facts.rows) rows[row.fingerprint] = &row;
  std::size_t judged = 0;
  for (const auto& [time, branch] : branches_of(report)) {
    for (std::size_t at = 0; at < branch.series.size(); at += k_series_at_once) {
      if (judged >= k_series_max) break;
      results::BranchRun part{.up_to = branch.up_to};
      const std::size_t end = std::min(at + k_series_at_once, branch.series.size());
      part.series.assign(branch.series.begin() + static_cast<std::ptrdiff_t>(at),
                         branch.series.begin() + static_cast<std::ptrdiff_t>(end));
      judged += part.series.size();
      BL_TRY(const results::StoredVerdicts verdicts, verdicts_.contenders(part));
      for (const auto& [fingerprint, verdict] : verdicts) {
        JudgedRow& row = *rows.at(fingerprint);
        if (row.failed) continue;
        take_verdict(row, verdict.json);
        row.began_before = row.since_sha && *row.since_sha != facts.head.sha;
      }
    }
  }
  if (judged > k_series_max) {
    facts.unknown.push_back(
        {Unknown::Code::facts_failed,
         fmt::format("More than {} benchmarks: the others were not judged", k_series_max)});
  }
  return {};
}

Result<void> ResultFacts::judge_default(const results::CiReport& report, ChangeReport& facts) {
  BL_TRY(const results::CommitVerdict commit,
         verdicts_.commit(report.runs.front().commit->repository, facts.head.sha));
  if (!commit.enabled) return {};
  std::vector<std::string_view> fingerprints;
  for (const JudgedRow& row : facts.rows) fingerprints.push_back(row.fingerprint);
  BL_TRY(const results::StoredVerdicts verdicts, verdicts_.verdicts(fingerprints));
  for (JudgedRow& row : facts.rows) {
    const auto stored = verdicts.find(row.fingerprint);
    if (row.failed || stored == verdicts.end()) continue;
    take_verdict(row, stored->second.json);
    // The stored verdict is of the newest result. What it waits for is this commit's only when the
    // change would begin here; what it calls slower or faster is said by the commit's statement.
    const bool is_here = row.since_sha && *row.since_sha == facts.head.sha;
    if (row.call != Call::unknown && !(row.call == Call::wait && is_here)) {
      row.call = Call::steady;
      row.since_sha = std::nullopt;
    }
  }
  for (const results::CommitVerdictRow& changed : commit.changed) {
    const auto row =
        std::ranges::find(facts.rows, changed.history_fingerprint, &JudgedRow::fingerprint);
    const auto change = json::parse(changed.change_json);
    if (row == facts.rows.end() || row->failed || !change.ok()) continue;
    row->confidence = std::nullopt;
    take_change(*row, *change);
    row->call = row->is_worse ? Call::slower : Call::faster;
    row->is_corrected = true;  // merged over all series of the commit (verdict/merge.h)
  }
  return {};
}

Result<ChangeReport> ResultFacts::report(const advice::Question& question) {
  BL_TRY(const results::CiReport report, ci_report(question));
  ChangeReport facts{.head = {question.sha, "", ""}, .report_url = report.report_url};
  if (report.runs.empty()) {
    facts.unknown.push_back({Unknown::Code::no_results, "No result names this commit yet"});
    return facts;
  }
  facts.is_on_default_branch = is_on_default_branch(report);
  facts.rows = rows_of(report);
  take_commits(report, facts);
  tell_baselines(report, facts);
  BL_RETURN_IF_ERROR(facts.is_on_default_branch ? judge_default(report, facts)
                                                : judge_branch(report, facts));
  return facts;
}

Result<advice::TraceComparison> ExemplarTraces::compare(std::string_view baseline_result_id,
                                                        std::string_view result_id) {
  using State = advice::TraceComparison::State;
  BL_TRY(const auto base, exemplars_.of_result(baseline_result_id));
  BL_TRY(const auto compare, exemplars_.of_result(result_id));
  advice::TraceComparison comparison;
  if (base.empty() || compare.empty()) return comparison;
  BL_TRY(traces::TraceStore* const store, traces_.store());
  std::vector<std::string> base_ids, compare_ids;
  BL_TRY(const auto before, load(*store, base, base_ids));
  BL_TRY(const auto after, load(*store, compare, compare_ids));
  comparison.base_count = before.size();
  comparison.compare_count = after.size();
  comparison.state = State::gone;
  if (before.empty() || after.empty()) return comparison;
  BL_TRY(const traces::SetDiff diff, traces::diff_sets(before, after));
  comparison.state = diff.can_decide ? State::compared : State::too_few;
  if (!diff.can_decide) return comparison;
  for (const traces::PathDiff& path : diff.changed) {
    if (path.path.empty() || !path.self_ns.is_change || path.self_ns.shift <= 0) continue;
    comparison.grown.push_back(grown_of(path, diff));
    comparison.grown.back().base_traces = base_ids;
    comparison.grown.back().compare_traces = compare_ids;
  }
  std::ranges::stable_sort(comparison.grown, std::greater(), &advice::GrownSpan::shift_ns);
  return comparison;
}

Result<std::vector<advice::FailedBuild>> FailedBuilds::failed(
    const std::vector<std::string>& build_ids) {
  std::vector<advice::FailedBuild> failed;
  BL_TRY(events::EventLog* const log, events_.log_if_any());
  if (log == nullptr) return failed;
  for (const std::string& id : build_ids) {
    BL_TRY(const auto build, log->build_request(id));
    const bool is_bad = build && (build->status == events::BuildRequestStatus::failed ||
                                  build->status == events::BuildRequestStatus::cancelled);
    if (!is_bad) continue;
    const bool is_failure = build->status == events::BuildRequestStatus::failed;
    failed.push_back({id, is_failure ? "failed" : "cancelled",
                      fmt::format("Build {} {}: what it would have measured is not known", id,
                                  is_failure ? "failed" : "was cancelled")});
  }
  return failed;
}

}  // namespace bl::app
