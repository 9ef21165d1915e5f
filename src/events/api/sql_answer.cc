#include "events/sql_answer.h"

#include <algorithm>

#include "columns/cell_json.h"
#include "events/api/request_body.h"

namespace bl::events {
namespace {

constexpr std::int64_t k_time_ms_min = 1'000;  // less does not start a process

void write_rows(json::Writer& writer, const columns::Batch& batch) {
  std::vector<columns::CellWriter> cells;
  for (int i = 0; i < batch.columns(); ++i) cells.push_back(columns::cell_writer(batch.column(i)));
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    writer.begin_array();
    for (const columns::CellWriter& cell : cells) cell(writer, row);
    writer.end_array();
  }
}

void write_statistics(json::Writer& writer, const engine::Statistics& statistics) {
  writer.begin_object()
      .member("wall_seconds", std::chrono::duration<double>(statistics.wall).count())
      .member("rows", statistics.rows)
      .member("bytes", statistics.bytes)
      .member("files_scanned", statistics.files_scanned)
      .member("files_skipped", statistics.files_skipped)
      .end_object();
}

}  // namespace

Result<SqlQuestion> decode_sql_question(std::string_view body, const engine::QueryLimits& most) {
  BL_TRY(RequestBody object, RequestBody::parse(body));
  SqlQuestion question{.sql = object.required_text("sql"), .limits = most};
  const auto bytes_most = static_cast<std::int64_t>(most.bytes_max);
  question.limits.rows_max = object.integer("rows_max", 1, most.rows_max).value_or(most.rows_max);
  question.limits.bytes_max =
      static_cast<std::uint64_t>(object.integer("bytes_max", 1, bytes_most).value_or(bytes_most));
  const std::int64_t time_most = most.time_max.count();
  question.limits.time_max = std::chrono::milliseconds(
      object.integer("time_max_ms", std::min(k_time_ms_min, time_most), time_most)
          .value_or(time_most));
  BL_RETURN_IF_ERROR(object.finish());
  return question;
}

Result<std::string> sql_answer(EventSql& sql, EventLog& log, const SqlQuestion& question,
                               std::shared_ptr<engine::QueryControl> control) {
  BL_TRY(const auto cursor, sql.run(log, question.sql, {}, question.limits, std::move(control)));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("columns");
  columns::write_columns(writer, cursor->schema());
  writer.key("rows").begin_array();
  while (true) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) break;
    write_rows(writer, *batch);
  }
  const engine::Statistics statistics = cursor->statistics();
  writer.end_array().member("truncated", statistics.is_truncated).key("statistics");
  write_statistics(writer, statistics);
  writer.end_object();
  return body;
}

}  // namespace bl::events
