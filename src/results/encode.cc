#include "results/encode.h"

#include "base/json.h"
#include "base/optional_time.h"
#include "base/uri.h"
#include "results/commits/commit_json.h"
#include "results/verdict_encode.h"

namespace bl::results {
namespace {

using json::Writer;
using verdict::Direction;

/// A stored document's text; what stands for absence when there is none.
std::string_view document_or(std::string_view text, std::string_view absent) {
  return text.empty() || text == "null" ? absent : text;
}

/// The commit as lists show it.
void write_list_commit(Writer& out, const std::optional<StoredCommit>& commit) {
  if (!commit) {
    out.null();
    return;
  }
  out.begin_object().member("hash", commit->sha).member("repository", commit->repository);
  write_what_was_committed(out, *commit);
  out.end_object();
}

void write_detail_commit(Writer& out, const std::optional<StoredCommit>& commit) {
  if (!commit) {
    out.null();
    return;
  }
  out.begin_object()
      .member("id", commit->id)
      .member("sha", commit->sha)
      .member("repository", commit->repository)
      .member("message", commit->message)
      .member("timestamp", to_rfc3339(commit->timestamp))
      .end_object();
}

void write_samples(Writer& out, const json::Array& samples) {
  out.begin_array();
  for (const json::Value& sample : samples) out.value(sample);
  out.end_array();
}

void write_aggregates(Writer& out, const Stats& stats) {
  out.begin_object()
      .member("min", stats.min)
      .member("max", stats.max)
      .member("mean", stats.mean)
      .member("median", stats.median)
      .member("stdev", stats.stdev)
      .member("q1", stats.q1)
      .member("q3", stats.q3)
      .member("iqr", stats.iqr)
      .end_object();
}

/// The case's name and parameters in one object, the name first.
void write_tags(Writer& out, const Case& benchmark_case) {
  out.begin_object().member("name", benchmark_case.name);
  if (benchmark_case.tags.is_object()) {
    for (const auto& [key, value] : benchmark_case.tags.members()) {
      if (key != "name") out.member(key, value);
    }
  }
  out.end_object();
}

void write_list_item(Writer& out, const ResultRow& row) {
  out.begin_object()
      .member("id", row.id)
      .member("run_id", row.run_id)
      .member("run_reason", row.run_reason)
      .member("run_tags", row.run_tags)
      .member("batch_id", row.batch_id)
      .member("timestamp", to_rfc3339_seconds(row.timestamp))
      .member("unit", row.unit)
      .member("single_value_summary", row.summary.value)
      .member("single_value_summary_type", row.summary.type)
      .member("history_fingerprint", row.history_fingerprint)
      .member("case_name", row.case_name)
      .member("case_tags", row.case_tags)
      .key("commit");
  write_list_commit(out, row.commit);
  out.member("has_error", row.has_error).end_object();
}

void write_lookback(Writer& out, const verdict::LookbackStats& stats) {
  out.begin_object()
      .member("begins_distribution_change", stats.begins_change)
      .member("is_step", stats.is_step)
      .member("is_outlier", stats.is_outlier)
      .member("segment_id", stats.segment)
      .member("rolling_mean_excluding_this_commit", stats.mean_excluding_this_commit)
      .member("rolling_mean", stats.rolling_mean)
      .member("residual", stats.residual)
      .member("rolling_stddev", stats.stddev)
      .end_object();
}

void write_sample(Writer& out, const HistoryPoint& point, const History& history) {
  out.begin_object()
      .member("benchmark_result_id", point.result_id)
      .member("result_timestamp", to_rfc3339(point.result_timestamp))
      .member("mean", point.mean)
      .member("single_value_summary", point.summary.value)
      .member("single_value_summary_type", point.summary.type)
      .member("unit", point.unit)
      .member("hardware_hash", history.hardware_hash)
      .member("commit_hash", point.commit_sha)
      .member("commit_repository", history.repository)
      .member("commit_message", point.commit_message)
      .member("commit_timestamp", to_rfc3339(point.commit_timestamp));
  out.key("data").raw(document_or(point.data_json, "[]"));
  out.key("run_tags").raw(document_or(point.run_tags_json, "{}"));
  const auto info = history.infos.find(point.info_id);
  out.key("info").raw(info == history.infos.end() ? "{}" : document_or(info->second, "{}"));
  out.key("change_annotations").raw(document_or(point.change_annotations_json, "{}"));
  out.key("zscorestats");
  write_lookback(out, point.lookback);
  out.end_object();
}

void write_side(Writer& out, const CompareSide& side) {
  out.begin_object()
      .member("benchmark_result_id", side.result_id)
      .member("single_value_summary", side.summary.value)
      .member("run_id", side.run_id)
      .end_object();
}

void write_judged(Writer& out, const std::optional<verdict::Judged>& judged,
                  std::string_view score_name, std::string_view threshold_name) {
  if (!judged) {
    out.null();
    return;
  }
  out.begin_object()
      .member(score_name, judged->score)
      .member(threshold_name, judged->threshold)
      .member("regression_indicated", judged->regression)
      .member("improvement_indicated", judged->improvement)
      .end_object();
}

void write_series_item(Writer& out, const SeriesRow& row, const StoredVerdicts& verdicts) {
  out.begin_object()
      .member("history_fingerprint", row.history_fingerprint)
      .member("name", row.name)
      .member("tags", row.tags)
      .member("context", row.context)
      .member("hardware", row.hardware)
      .member("repository", row.repository)
      .member("unit", row.unit)
      .member("less_is_better", less_is_better(row.unit))
      .member("status", name_of(row.status))
      .member("z_score", row.z_score)
      .member("change_percent", row.change_percent)
      .member("latest_result_id", row.latest_result_id)
      .member("latest_single_value_summary", row.latest_summary.value)
      .member("latest_single_value_summary_type", row.latest_summary.type)
      .member("latest_commit_sha", row.latest_commit_sha)
      .member("latest_commit_timestamp", to_rfc3339(row.latest_commit_timestamp))
      .member("latest_result_timestamp", to_rfc3339(row.latest_result_timestamp))
      .member("point_count", row.point_count)
      .key("sparkline")
      .begin_array();
  for (const double value : row.sparkline) out.value(value);
  out.end_array();
  write_verdict(out, verdicts, row.history_fingerprint);
  out.end_object();
}

void write_attention(Writer& out, const RunRow& run) {
  const Attention attention = attention_of(run);
  out.begin_object()
      .member("status", attention.status)
      .member("status_reason", attention.reason)
      .member("report_url", "/runs/" + percent_encode(run.run_id))
      .key("summary")
      .begin_object()
      .member("compared", attention.compared)
      .member("regressions", attention.regressions)
      .member("benchmark_errors", attention.benchmark_errors)
      .member("missing_baseline", attention.missing_baseline)
      .member("not_comparable", attention.not_comparable)
      .end_object()
      .end_object();
}

void write_run(Writer& out, const RunRow& run, WithAttention attention, const RunVerdict& verdict) {
  out.begin_object()
      .member("run_id", run.run_id)
      .member("run_reason", run.run_reason)
      .member("run_tags", run.run_tags)
      .member("batch_count", run.batch_count)
      .member("latest_batch_id", run.latest_batch_id)
      .member("result_count", run.result_count)
      .member("error_count", run.error_count)
      .member("series_count", run.series_count)
      .member("latest_result_id", run.latest_result_id)
      .member("repository", run.repository)
      .member("commit_sha", run.commit_sha)
      .member("first_result_at", to_rfc3339(run.first_result_at))
      .member("last_result_at", to_rfc3339(run.last_result_at))
      .key("commit");
  write_list_commit(out, run.commit);
  if (attention == WithAttention::yes) {
    out.key("attention");
    write_attention(out, run);
  }
  out.key("verdict");
  write_run_verdict(out, verdict);
  out.end_object();
}

}  // namespace

std::optional<bool> less_is_better(const std::optional<std::string>& unit) {
  if (!unit) return std::nullopt;
  return direction_of(*unit) == Direction::less_is_better;
}

void write_pairwise(Writer& out, const std::optional<verdict::Judged>& judged) {
  write_judged(out, judged, "percent_change", "percent_threshold");
}

void write_lookback(Writer& out, const std::optional<verdict::Judged>& judged) {
  write_judged(out, judged, "z_score", "z_threshold");
}

std::string encode_result(const StoredResult& result, SummaryMode mode) {
  std::string text;
  Writer out(text);
  const Summary summary = result.summary(mode);
  out.begin_object()
      .member("id", result.id)
      .member("run_id", result.run_id)
      .member("run_tags", result.run_tags)
      .member("run_reason", result.run_reason)
      .member("batch_id", result.batch_id)
      .member("timestamp", to_rfc3339_seconds(result.timestamp))
      .member("commit_repo_url", result.repository)
      .member("history_fingerprint", result.history_fingerprint)
      .key("tags");
  write_tags(out, result.benchmark_case);
  out.member("context", result.context).member("info", result.info).key("hardware");
  out.begin_object()
      .member("id", result.hardware_id)
      .member("type", result.hardware.type == Hardware::Type::cluster ? "cluster" : "machine")
      .member("name", result.hardware.name)
      .member("hash", result.hardware_hash)
      .end_object();
  out.key("commit");
  write_detail_commit(out, result.stored_commit);
  out.member("unit", result.stats.unit)
      .member("less_is_better", less_is_better(result.stats.unit))
      .member("time_unit", result.stats.time_unit)
      .member("iterations", result.stats.iterations)
      .key("data");
  write_samples(out, result.stats.data);
  out.key("times");
  write_samples(out, result.stats.times);
  out.key("stats");
  write_aggregates(out, result.stats);
  out.member("error", result.error)
      .member("optional_benchmark_info", result.optional_benchmark_info)
      .member("validation", result.validation)
      .member("change_annotations", result.change_annotations)
      .member("single_value_summary", summary.value)
      .member("single_value_summary_type", summary.type)
      .end_object();
  return text;
}

std::string encode_submitted(const Submitted& submitted) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("id", submitted.id)
      .member("run_id", submitted.run_id)
      .member("history_fingerprint", submitted.history_fingerprint)
      .end_object();
  return text;
}

std::string encode_results(std::span<const ResultRow> rows,
                           const std::optional<std::string>& next_cursor) {
  std::string text;
  Writer out(text);
  out.begin_object().key("results").begin_array();
  for (const ResultRow& row : rows) write_list_item(out, row);
  out.end_array().member("next_page_cursor", next_cursor).end_object();
  return text;
}

std::string encode_history(const History& history, const StoredVerdicts& verdicts) {
  std::string text;
  text.reserve(128 + history.points.size() * 1024);
  Writer out(text);
  out.begin_object()
      .member("history_fingerprint", history.fingerprint)
      .key("samples")
      .begin_array();
  for (const HistoryPoint& point : history.points) write_sample(out, point, history);
  out.end_array();
  write_verdict(out, verdicts, history.fingerprint);
  out.end_object();
  return text;
}

std::string encode_comparison(const Comparison& comparison, const StoredVerdicts& verdicts) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("unit", comparison.unit)
      .member("less_is_better", comparison.less_is_better)
      .key("baseline");
  write_side(out, comparison.baseline);
  out.key("contender");
  write_side(out, comparison.contender);
  out.key("analysis").begin_object().key("pairwise");
  write_pairwise(out, comparison.pairwise);
  out.key("lookback_z_score");
  write_lookback(out, comparison.lookback);
  out.end_object();
  write_verdict(out, verdicts, comparison.contender.history_fingerprint);
  out.end_object();
  return text;
}

std::string encode_series(const SeriesPage& page, const StoredVerdicts& verdicts) {
  std::string text;
  Writer out(text);
  out.begin_object().key("series").begin_array();
  for (const SeriesRow& row : page.series) write_series_item(out, row, verdicts);
  out.end_array().member("next_page_cursor", page.next_cursor).end_object();
  return text;
}

std::string encode_recent_runs(std::span<const RunRow> runs,
                               std::span<const std::string> repositories, WithAttention attention,
                               std::span<const RunVerdict> verdicts) {
  std::string text;
  Writer out(text);
  out.begin_object().key("runs").begin_array();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    write_run(out, runs[i], attention, i < verdicts.size() ? verdicts[i] : RunVerdict());
  }
  out.end_array().key("repositories").begin_array();
  for (const std::string& repository : repositories) {
    out.begin_object().member("repository", repository).end_object();
  }
  out.end_array().end_object();
  return text;
}

std::string encode_facts(const Facts& facts, std::string_view version) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("version", version)
      .member("series", facts.series)
      .member("results", facts.results)
      .member("runs", facts.runs)
      .member("commits", facts.commits)
      .key("repositories")
      .begin_array();
  for (const std::string& repository : facts.repositories) out.value(repository);
  out.end_array().end_object();
  return text;
}

}  // namespace bl::results
