#include "ops/query_json.h"

namespace bl::ops {

void write_statistics(json::Writer& writer, const engine::Statistics& statistics) {
  const auto seconds = [](std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  std::optional<double> cpu;
  if (statistics.cpu) cpu = seconds(*statistics.cpu);
  writer.begin_object()
      .member("wall_seconds", seconds(statistics.wall))
      .member("waited_seconds", seconds(statistics.waited))
      .member("cpu_seconds", cpu)
      .member("bytes_read", statistics.bytes_read)
      .member("files_scanned", statistics.files_scanned)
      .member("files_skipped", statistics.files_skipped)
      .member("rows", statistics.rows)
      .member("bytes", statistics.bytes)
      .member("peak_memory_bytes", statistics.peak_memory_bytes);
  writer.key("snapshots").begin_object();
  for (const auto& [table, id] : statistics.snapshots) writer.member(table, id);
  writer.end_object().end_object();
}

std::string query_head(const std::string& id, const columns::Schema& schema) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("id", id).key("columns");
  write_columns(writer, schema);
  writer.key("rows").begin_array().end_array().end_object();
  text.resize(text.size() - 2);  // the rows stay open
  return text;
}

std::string query_rows(const columns::Batch& batch, bool is_first) {
  std::vector<CellWriter> cells;
  for (int i = 0; i < batch.columns(); ++i) cells.push_back(cell_writer(batch.column(i)));
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    writer.begin_array();
    for (const CellWriter& cell : cells) cell(writer, row);
    writer.end_array();
  }
  writer.end_array();
  text.pop_back();
  if (is_first) {
    text.erase(0, 1);
  } else {
    text[0] = ',';
  }
  return text;
}

std::string query_tail(const engine::Statistics& statistics) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("truncated", statistics.is_truncated).key("statistics");
  write_statistics(writer, statistics);
  writer.end_object();
  text[0] = ',';
  return "]" + text;
}

}  // namespace bl::ops
