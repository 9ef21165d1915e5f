#include "results/store/facts.h"

#include <cmath>

#include "store/both_dialects.h"

namespace bl::results {
namespace {

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

// Another program may have stored any JSON where an object belongs.
json::Value object_or_empty(const store::Row& row, int column) {
  auto object = object_of(row, column);
  return object.ok() ? std::move(object).value() : json::Value::object();
}

std::optional<double> finite(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace

const DerivedFact& OwnedFact::view() {
  fact.result_id = id;
  fact.run_id = run_id;
  fact.repository = repository;
  fact.fingerprint = fingerprint;
  fact.batch_id = view_of(batch_id);
  fact.run_reason = view_of(run_reason);
  fact.unit = view_of(unit);
  fact.data = data;
  fact.run_tags = run_tags;
  fact.change_annotations = annotations;
  fact.context_id = context_id;
  fact.info_id = info_id;
  fact.hardware_name = hardware_name;
  fact.hardware_hash = hardware_hash;
  fact.case_name = case_name;
  fact.case_tags = case_tags;
  if (commit) {
    fact.commit_id = commit->id;
    fact.commit_sha = commit->sha;
    fact.commit_message = commit->message;
    fact.commit_timestamp = commit->timestamp;
    fact.on_default_branch = commit->on_default_branch();
  }
  return fact;
}

std::vector<DerivedFact> views_of(std::vector<OwnedFact>& page) {
  std::vector<DerivedFact> facts;
  facts.reserve(page.size());
  for (OwnedFact& owned : page) facts.push_back(owned.view());
  return facts;
}

OwnedFact fact_of(const store::Row& row) {
  OwnedFact owned;
  owned.fact.result_no = row.integer(0);
  owned.id = row.text(1);
  owned.run_id = row.text(2);
  owned.repository = row.text(3);
  owned.fingerprint = row.text(4);
  owned.batch_id = row.text_or_null(5);
  owned.run_reason = row.text_or_null(6);
  owned.fact.timestamp = Timestamp{row.integer(7)};
  const SummaryColumns columns = summary_columns(row, 8);
  owned.unit = columns.unit;
  owned.fact.failed = failed(columns);
  owned.fact.mean = finite(columns.mean);
  owned.fact.best = summary_of(columns, SummaryMode::best).value;
  owned.fact.summary_mean = summary_of(columns, SummaryMode::mean).value;
  owned.data = row.is_null(13) ? "[]" : std::string(row.text(13));
  owned.run_tags = json::to_stored_text(object_or_empty(row, 14));
  BenchmarkResult annotated;
  annotated.change_annotations = object_or_empty(row, 15);
  owned.fact.begins_change = annotated.begins_distribution_change();
  owned.annotations = json::to_stored_text(annotated.change_annotations);
  owned.context_id = row.text(16);
  owned.info_id = row.text(17);
  owned.hardware_name = row.text(18);
  owned.hardware_hash = row.text(19);
  owned.case_name = row.text(20);
  owned.case_tags = json::to_stored_text(object_or_empty(row, 21));
  owned.commit = commit_of(row, 22);
  return owned;
}

Result<std::vector<OwnedFact>> read_facts(store::Connection& connection, const store::Sql& sql,
                                          std::initializer_list<store::Param> params) {
  std::vector<OwnedFact> page;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const store::Row& row) {
    page.push_back(fact_of(row));
    return true;
  }));
  return page;
}

Result<std::vector<OwnedFact>> read_facts(store::Connection& connection,
                                          const store::ParamRows& ids) {
  std::vector<OwnedFact> facts;
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES "where r.id = $1">(), ids,
      [&](std::size_t, const store::Row& row) { facts.push_back(fact_of(row)); }));
  return facts;
}

}  // namespace bl::results
