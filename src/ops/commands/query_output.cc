#include "ops/commands/query_output.h"

#include <fmt/format.h>

#include "base/terminal.h"
#include "duck/database.h"
#include "duck/parquet.h"
#include "ops/query_json.h"

namespace bl::ops {
namespace {

/// What stands in a cell: a text without its quotes, another value as JSON; nullopt of null.
std::optional<std::string> cell_text(const CellWriter& write, std::int64_t row) {
  std::string text;
  json::Writer writer(text);
  write(writer, row);
  if (text == "null") return std::nullopt;
  if (text.front() != '"') return text;
  const auto unquoted = json::parse(text, {.string_bytes_max = 512u << 20});
  return unquoted.ok() ? unquoted->as_string() : text;
}

template <class Each>
void for_each_row(const QueryOutput& output, const Each& each) {
  for (const columns::Batch& batch : output.batches) {
    std::vector<CellWriter> writers;
    for (int i = 0; i < batch.columns(); ++i) writers.push_back(cell_writer(batch.column(i)));
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      std::vector<std::optional<std::string>> cells;
      for (const CellWriter& write : writers) cells.push_back(cell_text(write, row));
      each(cells);
    }
  }
}

bool is_number(columns::Kind kind) {
  return kind >= columns::Kind::int8 && kind <= columns::Kind::decimal;
}

void print_table(const QueryOutput& output, std::FILE* to) {
  std::vector<Table::Column> titles;
  for (const columns::Field& field : output.schema.fields()) {
    titles.push_back(
        {field.name, is_number(field.type.kind) ? Table::Align::right : Table::Align::left});
  }
  Table table(std::move(titles));
  for_each_row(output, [&](const auto& cells) {
    std::vector<std::string> row;
    for (const auto& cell : cells) row.push_back(cell.value_or(""));
    table.add_row(std::move(row));
  });
  fmt::print(to, "{}", table.to_text(terminal_width(to), is_color_terminal(to)));
}

std::string csv_cell(const std::string& text) {
  // An empty text is no null.
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void print_csv(const QueryOutput& output, std::FILE* to) {
  std::string line;
  for (const columns::Field& field : output.schema.fields()) {
    if (!line.empty()) line += ',';
    line += csv_cell(field.name);
  }
  fmt::print(to, "{}\r\n", line);
  for_each_row(output, [&](const auto& cells) {
    line.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += ',';
      if (cells[i]) line += csv_cell(*cells[i]);
    }
    fmt::print(to, "{}\r\n", line);
  });
}

void print_json(const QueryOutput& output, std::FILE* to) {
  std::string columns;
  json::Writer writer(columns);
  write_columns(writer, output.schema);
  fmt::print(to, R"({{"columns":{},"rows":[)", columns);
  bool is_first = true;
  for (const columns::Batch& batch : output.batches) {
    fmt::print(to, "{}", query_rows(batch, std::exchange(is_first, false)));
  }
  fmt::print(to, R"(],"truncated":{},"statistics":{}}})", output.is_truncated,
             output.statistics_json);
  fmt::print(to, "\n");
}

}  // namespace

Result<void> print_output(const QueryOutput& output, const std::string& format, std::FILE* to) {
  if (format == "table") {
    print_table(output, to);
  } else if (format == "csv") {
    print_csv(output, to);
  } else if (format == "json") {
    print_json(output, to);
  } else {
    return Error{Code::invalid, "--format must be table, csv, json or parquet: '" + format + "'"};
  }
  if (std::fflush(to) != 0) return Error{Code::io, "cannot write the answer"};
  return {};
}

Result<void> write_parquet_file(const QueryOutput& output, Disk& disk, const std::string& path) {
  BL_TRY(const auto database, duck::Database::open({}));
  BL_TRY(const auto connection, database->connect());
  BL_TRY(const auto offered, connection->offer("answer", output.schema, output.batches));
  BL_TRY([[maybe_unused]] const duck::ParquetFile file,
         duck::write_parquet(*connection, disk, "SELECT * FROM answer", {}, path));
  return {};
}

}  // namespace bl::ops
