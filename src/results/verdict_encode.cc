#include "results/verdict_encode.h"

#include <cmath>

#include "base/json.h"
#include "base/optional_time.h"
#include "results/model.h"
#include "verdict/comparison.h"

namespace bl::results {
namespace {

using json::Writer;

const char* name_of(verdict::Lesson lesson) {
  switch (lesson) {
    case verdict::Lesson::none:
      break;
    case verdict::Lesson::expected:
      return "expected";
    case verdict::Lesson::machine_changed:
      return "machine_changed";
    case verdict::Lesson::noise:
      return "noise";
  }
  return nullptr;
}

void write_change(Writer& out, const VerdictChange& change) {
  out.begin_object()
      .member("result_id", change.result_id)
      .member("commit_sha", change.commit_sha)
      .member("commit_timestamp", to_rfc3339(change.commit_timestamp))
      .member("before", change.before)
      .member("after", change.after)
      .member("percent", change.percent)
      .member("is_worse", change.is_worse)
      .member("is_recovery", change.is_recovery)
      .member("confidence", change.confidence);
  if (change.of_unit) out.member("of_unit", true);
  out.end_object();
}

void write_drift(Writer& out, const VerdictDrift& drift) {
  out.begin_object()
      .member("first_result_id", drift.first_result_id)
      .member("last_result_id", drift.last_result_id)
      .member("percent", drift.percent)
      .member("is_worse", drift.is_worse)
      .end_object();
}

void write_segment(Writer& out, const VerdictSegment& segment) {
  out.begin_object()
      .member("first_result_id", segment.first_result_id)
      .member("last_result_id", segment.last_result_id)
      .member("env", static_cast<std::int64_t>(segment.environment))
      .member("results", segment.results)
      .member("level", segment.level)
      .member("low", segment.low)
      .member("high", segment.high)
      .end_object();
}

void write_said(Writer& out, const SaidVerdict& said) {
  out.begin_object()
      .member("at_result_id", said.at_result_id)
      .member("since_result_id", said.since_result_id)
      .member("is_worse", said.is_worse)
      .member("percent", said.percent)
      .member("confidence", said.confidence)
      .end_object();
}

void write_point(Writer& out, const VerdictPoint& point) {
  out.begin_object()
      .member("result_id", point.result_id)
      .member("result_timestamp", to_rfc3339(point.result_timestamp))
      .member("commit_sha", point.commit_sha)
      .member("commit_timestamp", to_rfc3339(point.commit_timestamp))
      .member("commit_message", point.commit_message)
      .member("value", point.value)
      .member("env", static_cast<std::int64_t>(point.environment))
      .key("lesson");
  const char* lesson = name_of(point.lesson);
  lesson == nullptr ? out.null() : out.value(lesson);
  out.end_object();
}

void write_project(Writer& out, const VerdictProject& project) {
  out.begin_object()
      .member("repository", project.repository)
      .member("enabled", project.enabled)
      .member("updated_at", to_rfc3339(project.updated_at))
      .member("updated_by", project.updated_by)
      .end_object();
}

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

template <class T, class Write>
void write_list(Writer& out, const char* name, const std::vector<T>& list, Write write) {
  out.key(name).begin_array();
  for (const T& one : list) write(out, one);
  out.end_array();
}

void write_row(Writer& out, const CommitVerdictRow& row) {
  out.begin_object()
      .member("history_fingerprint", row.history_fingerprint)
      .member("name", row.name)
      .key("tags")
      .raw(row.tags_json);
  out.member("hardware", row.hardware)
      .member("unit", row.unit)
      .member("detector", row.detector)
      .member("version", row.version)
      .key("change")
      .raw(row.change_json);
  out.end_object();
}

}  // namespace

const char* name_of(VerdictDecision decision) {
  switch (decision) {
    case VerdictDecision::unknown:
      break;
    case VerdictDecision::steady:
      return "steady";
    case VerdictDecision::slower:
      return "slower";
    case VerdictDecision::faster:
      return "faster";
    case VerdictDecision::wait:
      return "wait";
  }
  return "unknown";
}

StoredVerdicts shown_verdicts(VerdictReader* reader,
                              std::span<const std::string_view> fingerprints) {
  if (reader == nullptr) return {};
  auto found = reader->verdicts(fingerprints);
  return found.ok() ? std::move(*found) : StoredVerdicts();
}

std::vector<RunVerdict> shown_verdicts(VerdictReader* reader, std::span<const RunKey> runs) {
  if (reader == nullptr) return {};
  auto found = reader->runs(runs);
  return found.ok() ? std::move(*found) : std::vector<RunVerdict>();
}

StoredVerdicts shown_verdicts(VerdictReader* reader, const BranchRun& run) {
  if (reader == nullptr || run.series.empty()) return {};
  auto found = reader->contenders(run);
  return found.ok() ? std::move(*found) : StoredVerdicts();
}

double badness_of(const SeriesVerdict& verdict) {
  if (verdict.decision != VerdictDecision::slower || !verdict.change) return 0;
  return -std::abs(verdict.change->percent);
}

void RunVerdict::count(VerdictDecision decision, std::int64_t series) {
  switch (decision) {
    case VerdictDecision::unknown:
      unknown += series;
      break;
    case VerdictDecision::steady:
      steady += series;
      break;
    case VerdictDecision::slower:
      slower += series;
      break;
    case VerdictDecision::faster:
      faster += series;
      break;
    case VerdictDecision::wait:
      wait += series;
      break;
  }
}

std::optional<RunVerdict::Worst> worst_of(std::string_view fingerprint, std::string_view name,
                                          std::string_view verdict_json) {
  const auto verdict = json::parse(verdict_json);
  if (!verdict.ok() || !verdict->is_object()) return std::nullopt;
  const json::Value* change = verdict->find("change");
  if (change == nullptr || !change->is_object()) return std::nullopt;
  const json::Value* percent = change->find("percent");
  if (percent == nullptr || !percent->is_number()) return std::nullopt;
  RunVerdict::Worst worst;
  worst.history_fingerprint = fingerprint;
  worst.name = name;
  worst.commit_sha = text_of(*change, "commit_sha");
  worst.sentence = text_of(*verdict, "sentence");
  worst.percent = percent->as_double();
  return worst;
}

std::string encode_change(const VerdictChange& change) {
  std::string text;
  Writer out(text);
  write_change(out, change);
  return text;
}

std::string encode_verdict(const SeriesVerdict& verdict) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("detector", verdict.detector)
      .member("version", verdict.version)
      .member("decision", name_of(verdict.decision))
      .member("confidence", verdict.confidence)
      .member("repeats", verdict.repeats)
      .key("change");
  verdict.change ? write_change(out, *verdict.change) : void(out.null());
  out.key("drift");
  verdict.drift ? write_drift(out, *verdict.drift) : void(out.null());
  out.member("judged_result_id", verdict.judged_result_id)
      .member("results", verdict.results)
      .member("noise_percent", verdict.noise_percent)
      .member("sentence", verdict.sentence)
      .end_object();
  return text;
}

std::string encode_segments(const JudgedSeries& judged) {
  std::string text;
  Writer out(text);
  out.begin_object();
  write_list(out, "segments", judged.segments, write_segment);
  write_list(out, "changes", judged.changes, write_change);
  write_list(out, "drifts", judged.drifts, write_drift);
  write_list(out, "said", judged.said, write_said);
  out.end_object();
  return text.substr(1, text.size() - 2);
}

std::string encode_picture(const VerdictPicture& picture) {
  std::string text;
  text.reserve(1'024 + picture.segments_json.size() + picture.points.size() * 400);
  Writer out(text);
  std::optional<bool> less_is_better;
  if (picture.unit) {
    less_is_better = direction_of(*picture.unit) == verdict::Direction::less_is_better;
  }
  out.begin_object()
      .member("history_fingerprint", picture.history_fingerprint)
      .member("repository", picture.repository)
      .member("unit", picture.unit)
      .member("less_is_better", less_is_better)
      .key("verdict")
      .raw(picture.verdict_json.empty() ? "null" : picture.verdict_json);
  out.member("is_stale", picture.is_stale).member("judged_at", to_rfc3339(picture.judged_at));
  write_list(out, "points", picture.points, write_point);
  out.member("more_points", picture.more_points);
  write_list(out, "environments", picture.environments,
             [](Writer& to, const std::string& one) { to.value(one); });
  out.end_object();
  text.pop_back();
  text += ',';
  text += picture.segments_json.empty() ? encode_segments({}) : picture.segments_json;
  text += '}';
  return text;
}

std::string encode_commit_verdict(const CommitVerdict& verdict) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("repository", verdict.repository)
      .member("commit_sha", verdict.commit_sha)
      .member("detector", verdict::k_detector_name)
      .member("version", verdict::k_detector_version)
      .member("enabled", verdict.enabled)
      .member("series", verdict.series)
      .member("slower", verdict.slower)
      .member("faster", verdict.faster)
      .member("doubtful", verdict.doubtful)
      .member("false_share", verdict.false_share)
      .member("common_cause", verdict.common_cause)
      .member("common_percent", verdict.common_percent);
  write_list(out, "changed", verdict.changed, write_row);
  out.member("sentence", verdict.sentence).end_object();
  return text;
}

std::string encode_project(const VerdictProject& project) {
  std::string text;
  Writer out(text);
  write_project(out, project);
  return text;
}

void write_run_verdict(Writer& out, const RunVerdict& verdict) {
  if (!verdict.any()) {
    out.null();
    return;
  }
  out.begin_object()
      .member("slower", verdict.slower)
      .member("faster", verdict.faster)
      .member("wait", verdict.wait)
      .member("steady", verdict.steady)
      .member("unknown", verdict.unknown)
      .key("worst");
  if (verdict.worst) {
    out.begin_object()
        .member("history_fingerprint", verdict.worst->history_fingerprint)
        .member("name", verdict.worst->name)
        .member("percent", verdict.worst->percent)
        .member("commit_sha", verdict.worst->commit_sha)
        .member("sentence", verdict.worst->sentence)
        .end_object();
  } else {
    out.null();
  }
  out.end_object();
}

void write_verdict(Writer& out, const StoredVerdicts& verdicts, std::string_view fingerprint) {
  const auto found = verdicts.find(fingerprint);
  out.key("verdict").raw(found == verdicts.end() ? std::string_view("null")
                                                 : std::string_view(found->second.json));
}

std::string encode_projects(const VerdictProjects& projects) {
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("detector", verdict::k_detector_name)
      .member("version", verdict::k_detector_version)
      .member("enabled_by_default", projects.enabled_by_default)
      .member("waiting", projects.waiting);
  write_list(out, "projects", projects.projects, write_project);
  out.end_object();
  return text;
}

}  // namespace bl::results
