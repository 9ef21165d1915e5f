#pragma once

#include "bigquery/cells.h"
#include "bigquery/job_parts.h"
#include "bigquery/tests/door_world.h"

namespace bl::bigquery {

/// The door's tables, and jobs over them.
struct JobWorld : DoorWorld {
  JobWorld() {
    store::Migration step = job_migrations()[0];
    store::Migration first = table_migrations()[0];
    first.number = 1;
    step.number = 2;
    const store::Migration steps[] = {first, step};
    BL_CHECK(database->migrate(steps).ok());
    open_jobs();
    json::Value none = json::Value::object();
    BL_CHECK(tables->create_dataset({.project = "p", .dataset = "d", .properties = none}).ok());
  }
  ~JobWorld() { parts.reset(); }

  void open_jobs() {
    auto opened = JobParts::open({*database, *tables, *lake, *disk, clock, ids, log, metrics},
                                 folder.at("jobs"), limits);
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    BL_CHECK(opened.ok());
    parts = *std::move(opened);
  }
  /// As a server that was stopped and started anew.
  void restart() {
    parts.reset();
    reopen();
    open_jobs();
  }

  TableHandle make_table(const std::string& name, std::string_view schema,
                         std::string_view ndjson = "") {
    TableRecord record;
    record.name = {"p", "d", name};
    record.schema = schema_from(schema);
    record.properties = json::Value::object();
    auto made = tables->create(record);
    BL_CHECK(made.ok());
    if (!ndjson.empty()) {
      BL_CHECK((*made)->rows().append(batch_of(record.schema, ndjson)).ok());
    }
    return *std::move(made);
  }

  QueryRequest request(std::string text) const {
    QueryRequest query;
    query.text = std::move(text);
    query.project = "p";
    query.default_dataset = "d";
    return query;
  }
  /// Parameters as a request has them.
  QueryRequest request(std::string text, std::string_view parameters) const {
    QueryRequest query = request(std::move(text));
    query.parameters = query_parameters_of(json::parse(parameters).value()).value();
    return query;
  }

  Result<QueryOutcome> run(const QueryRequest& query) {
    return parts->queries().run(query, std::make_shared<engine::QueryControl>());
  }
  /// The cells of all rows, or `code: message`.
  std::string answer(const QueryRequest& query) {
    const auto outcome = run(query);
    if (!outcome.ok())
      return std::string(bl::name_of(outcome.error().code)) + ": " + outcome.error().message;
    return outcome->rows == nullptr ? std::string("no rows") : cells(*outcome->rows);
  }
  std::string answer(const std::string& text) { return answer(request(text)); }

  /// `1,a;2,null`
  static std::string cells(const QueryResult& rows) {
    std::string text;
    for (std::int64_t row = 0; row < rows.rows();) {
      const columns::Batch batch = rows.batch_at(row).value();
      const CellWriter writer = CellWriter::make(batch, rows.schema(), TimestampForm::iso).value();
      for (std::int64_t i = 0; i < batch.rows(); ++i, ++row) {
        std::string cell;
        writer.append(cell, i);
        const json::Value parsed = json::parse(cell).value();
        text += text.empty() ? "" : ";";
        bool is_first = true;
        for (const json::Value& one : parsed.find("f")->items()) {
          const json::Value& value = *one.find("v");
          text += std::exchange(is_first, false) ? "" : ",";
          text += value.is_string() ? value.as_string() : json::to_text(value);
        }
      }
    }
    return text;
  }

  JobRequest job(std::string text, std::string id = "") const {
    JobRequest made;
    made.project = "p";
    made.id = std::move(id);
    made.user = "somebody";
    made.configuration = json::Value::object();
    made.work = request(std::move(text));
    return made;
  }
  JobView done(const JobView& job) {
    return parts->jobs()
        .wait(job.project, job.id, std::chrono::steady_clock::now() + std::chrono::seconds(30))
        .value();
  }

  JobPartsLimits limits;
  IdSource ids{clock, random};
  std::unique_ptr<JobParts> parts;
};

}  // namespace bl::bigquery
