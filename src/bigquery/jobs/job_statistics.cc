#include "bigquery/jobs/job_statistics.h"

namespace bl::bigquery {
namespace {

template <class Number>
json::Value digits(Number number) {
  return json::Value::string(std::to_string(number));
}

json::Value text(std::string_view value) {
  return json::Value::string(std::string(value));
}

}  // namespace

json::Value reference_of(const TableName& name) {
  json::Value reference = json::Value::object();
  reference.set("projectId", text(name.project));
  reference.set("datasetId", text(name.dataset));
  if (!name.table.empty()) reference.set("tableId", text(name.table));
  return reference;
}

json::Value statistics_of(const QueryOutcome& outcome) {
  const std::uint64_t bytes = outcome.cache_hit ? 0 : outcome.bytes_processed;
  json::Value query = json::Value::object();
  query.set("totalBytesProcessed", digits(bytes));
  query.set("totalBytesBilled", digits(0));
  query.set("cacheHit", json::Value::boolean(outcome.cache_hit));
  query.set("statementType", text(name_of(outcome.kind)));
  json::Value tables = json::Value::array();
  for (const TableName& name : outcome.tables) tables.items().push_back(reference_of(name));
  if (!outcome.tables.empty()) query.set("referencedTables", std::move(tables));
  if (!outcome.schema.fields.empty()) query.set("schema", schema_to_json(outcome.schema));
  if (outcome.changed) {
    const Changed& changed = *outcome.changed;
    query.set("numDmlAffectedRows", digits(changed.inserted + changed.updated + changed.deleted));
    json::Value dml = json::Value::object();
    dml.set("insertedRowCount", digits(changed.inserted));
    dml.set("updatedRowCount", digits(changed.updated));
    dml.set("deletedRowCount", digits(changed.deleted));
    query.set("dmlStats", std::move(dml));
  }
  if (!outcome.ddl_operation.empty()) {
    query.set("ddlOperationPerformed", text(outcome.ddl_operation));
    const bool is_dataset = outcome.target && outcome.target->table.empty();
    if (outcome.target) {
      query.set(is_dataset ? "ddlTargetDataset" : "ddlTargetTable", reference_of(*outcome.target));
    }
  }
  json::Value statistics = json::Value::object();
  statistics.set("totalBytesProcessed", digits(bytes));
  statistics.set("query", std::move(query));
  return statistics;
}

json::Value statistics_of(const LoadOutcome& outcome) {
  json::Value load = json::Value::object();
  load.set("inputFiles", digits(1));
  load.set("inputFileBytes", digits(outcome.bytes_in));
  load.set("outputRows", digits(outcome.rows));
  load.set("outputBytes", digits(outcome.bytes_out));
  load.set("badRecords", digits(outcome.bad_rows));
  json::Value statistics = json::Value::object();
  statistics.set("load", std::move(load));
  return statistics;
}

json::Value copy_statistics(std::int64_t rows, std::uint64_t bytes) {
  json::Value copy = json::Value::object();
  copy.set("copiedRows", digits(rows));
  copy.set("copiedLogicalBytes", digits(bytes));
  json::Value statistics = json::Value::object();
  statistics.set("copy", std::move(copy));
  return statistics;
}

}  // namespace bl::bigquery
