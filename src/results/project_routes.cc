#include "base/json.h"
#include "net/query_fields.h"
#include "results/ci_routes.h"
#include "results/comparison.h"
#include "results/cursor.h"
#include "results/encode.h"

namespace bl::results {
namespace {

using json::Writer;
using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;

constexpr std::string_view k_families = "families";
constexpr std::size_t k_search_bytes_max = 1'024;

void write_counts(Writer& out, const StatusCounts& counts) {
  out.begin_object()
      .member("series", counts.series)
      .member("regressed", counts.regressed)
      .member("improved", counts.improved)
      .member("stable", counts.stable)
      .member("insufficient", counts.insufficient)
      .end_object();
}

void write_notes(Writer& out, const std::vector<SeriesNote>& notes) {
  out.begin_array();
  for (const SeriesNote& note : notes) {
    out.begin_object()
        .member("history_fingerprint", note.history_fingerprint)
        .member("name", note.name)
        .key("tags")
        .raw(note.tags_json);
    out.member("hardware", note.hardware)
        .member("latest_result_id", note.latest_result_id)
        .member("unit", note.unit)
        .member("less_is_better", less_is_better(note.unit))
        .member("status", name_of(note.status))
        .member("change_percent", note.change_percent)
        .member("z_score", note.z_score)
        .end_object();
  }
  out.end_array();
}

// Attention ----------------------------------------------------------------------------------

void write_latest_run(Writer& out, const RunRow& run) {
  const Attention attention = attention_of(run);
  out.begin_object()
      .member("run_id", run.run_id)
      .member("run_reason", run.run_reason)
      .member("commit_sha", run.commit_sha)
      .member("last_result_at", to_rfc3339(run.last_result_at))
      .member("result_count", run.result_count)
      .member("error_count", run.error_count)
      .member("status", attention.status)
      .member("status_reason", attention.reason)
      .end_object();
}

Result<std::string> get_attention(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  AttentionQuery asked;
  asked.repository = query.text("repository");
  asked.since = query.time("active_since");
  asked.worst_max = static_cast<int>(query.integer("worst", 0, 100).value_or(5));
  asked.runs_max = static_cast<int>(query.integer("runs", 0, 100).value_or(5));
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto projects, ports.project.attention(asked));
  std::string text;
  Writer out(text);
  out.begin_object().key("projects").begin_array();
  for (const ProjectAttention& project : projects) {
    out.begin_object().member("repository", project.repository).key("counts");
    write_counts(out, project.counts);
    out.member("runs", project.runs)
        .member("results", project.results)
        .member("errors", project.errors)
        .key("worst");
    write_notes(out, project.worst);
    out.key("latest_runs").begin_array();
    for (const RunRow& run : project.latest_runs) write_latest_run(out, run);
    out.end_array().end_object();
  }
  out.end_array().end_object();
  return text;
}

// Families -----------------------------------------------------------------------------------

// A page ends at a name and a repository; a blank line parts them, which no repository has.
constexpr std::string_view k_between = "\n\n";

void read_position(QueryFields& query, FamilyFilter& filter) {
  const auto position = cursor_of(query, k_families);
  if (!position) return;
  const std::size_t at = position->rfind(k_between);
  if (at == std::string::npos || filter.sort != FamilyFilter::Sort::name) {
    query.fault("cursor", "is of another list", *position);
    return;
  }
  filter.after_name = position->substr(0, at);
  filter.after_repository = position->substr(at + k_between.size());
}

Result<std::string> list_families(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  FamilyFilter filter;
  filter.repository = query.text("repository");
  filter.name = query.text("name");
  filter.text = query.text("q", k_search_bytes_max);
  filter.sort =
      static_cast<FamilyFilter::Sort>(query.choice("sort", {"name", "regressed"}).value_or(0));
  filter.page_size = static_cast<int>(query.integer("page_size", 1, 500).value_or(100));
  filter.notes_max = static_cast<int>(query.integer("notes", 0, 100).value_or(3));
  read_position(query, filter);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto families, ports.project.families(filter));
  std::string text;
  Writer out(text);
  out.begin_object().key("families").begin_array();
  for (const Family& family : families) {
    out.begin_object()
        .member("name", family.name)
        .member("repository", family.repository)
        .key("counts");
    write_counts(out, family.counts);
    out.member("hardware_count", family.hardware_count)
        .member("context_count", family.context_count)
        .member("latest_result_timestamp", to_rfc3339(family.latest_result_timestamp))
        .key("worst");
    write_notes(out, family.worst);
    out.key("best");
    write_notes(out, family.best);
    out.end_object();
  }
  out.end_array().key("next_page_cursor");
  if (filter.sort == FamilyFilter::Sort::name &&
      families.size() == static_cast<std::size_t>(filter.page_size)) {
    const Family& last = families.back();
    out.value(make_cursor(k_families, last.name + std::string(k_between) + last.repository));
  } else {
    out.null();
  }
  out.end_object();
  return text;
}

// Since --------------------------------------------------------------------------------------

void write_since_row(Writer& out, const SinceRow& row) {
  out.begin_object()
      .member("history_fingerprint", row.history_fingerprint)
      .member("name", row.name)
      .key("tags")
      .raw(row.tags_json);
  out.member("hardware", row.hardware)
      .member("unit", row.unit)
      .member("less_is_better", less_is_better(row.unit))
      .member("baseline_result_id", row.baseline_result_id)
      .member("baseline_value", row.baseline_value)
      .member("latest_result_id", row.latest_result_id)
      .member("latest_value", row.latest_value)
      .member("latest_commit_sha", row.latest_commit_sha)
      .key("change");
  write_pairwise(out, row.change);
  out.end_object();
}

Result<std::string> get_since(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  SinceQuery asked;
  asked.repository = query.required_text("repository");
  asked.commit_sha = query.required_text("commit_sha");
  const auto percent = query.positive("threshold");
  const auto rows_max =
      static_cast<std::size_t>(query.integer("page_size", 1, 50'000).value_or(1'000));
  BL_RETURN_IF_ERROR(query.finish());
  if (auto repository = normalise_repository(asked.repository); repository.ok()) {
    asked.repository = std::move(repository).value();
  }
  BL_TRY(auto rules, ports.thresholds.rules(asked.repository));
  const UsedThresholds used =
      ThresholdRules(std::move(rules)).of_project(percent, verdict::k_z_threshold);
  asked.threshold_percent = used.values.percent;
  BL_TRY(const Since since, ports.project.since(asked));
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("repository", since.repository)
      .member("commit_sha", since.commit_sha)
      .member("threshold", asked.threshold_percent)
      .member("compared", since.compared)
      .member("regressions", since.regressions)
      .member("improvements", since.improvements)
      .member("not_comparable", since.not_comparable)
      .key("series")
      .begin_array();
  for (std::size_t i = 0; i < since.rows.size() && i < rows_max; ++i) {
    write_since_row(out, since.rows[i]);
  }
  out.end_array().end_object();
  return text;
}

// Inventory ----------------------------------------------------------------------------------

void write_missing(Writer& out, const MissingBenchmark& missing) {
  out.begin_object().member("name", missing.name).key("tags").raw(missing.tags_json);
  out.key("hardware");
  if (missing.hardware.empty()) {
    out.null();
  } else {
    out.value(missing.hardware);
  }
  out.member("history_fingerprint", missing.history_fingerprint)
      .member("last_run_id", missing.last_run_id)
      .member("last_result_id", missing.last_result_id)
      .member("seen_in_runs", missing.seen_in_runs)
      .member("pinned", missing.pinned)
      .end_object();
}

Result<std::string> get_inventory(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  InventoryQuery asked;
  asked.run_id = query.required_text("run_id");
  asked.runs = static_cast<int>(query.integer("runs", 1, 50).value_or(10));
  if (const auto share = query.positive("share")) {
    if (*share > 1) query.fault("share", "must be at most 1");
    asked.share = *share;
  }
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const Inventory inventory, ports.inventory.inventory(asked));
  std::string text;
  Writer out(text);
  out.begin_object()
      .member("run_id", inventory.run_id)
      .member("repository", inventory.repository)
      .member("run_reason", inventory.run_reason)
      .key("learnt_from_run_ids")
      .begin_array();
  for (const std::string& run_id : inventory.learnt_from_run_ids) out.value(run_id);
  out.end_array()
      .member("expected", inventory.expected)
      .member("present", inventory.present)
      .member("missing_count", inventory.missing_count)
      .member("additional", inventory.additional)
      .key("missing")
      .begin_array();
  for (const MissingBenchmark& missing : inventory.missing) write_missing(out, missing);
  out.end_array().end_object();
  return text;
}

}  // namespace

void add_project_routes(net::Router& router, const CiRoutePorts& ports) {
  const auto get = [&](const char* pattern,
                       Result<std::string> (*work)(const Request&, const CiRoutePorts&)) {
    add_answer(router, ports, Method::get, pattern, Access::read, work);
  };
  get("/api/v1/attention", get_attention);
  get("/api/v1/families", list_families);
  get("/api/v1/compare/since", get_since);
  get("/api/v1/inventory", get_inventory);
}

}  // namespace bl::results
