#include "bigquery/loads.h"

#include <fmt/format.h>

#include <algorithm>

#include "bigquery/jobs/csv.h"
#include "bigquery/jobs/load_schema.h"
#include "bigquery/jobs/parquet_rows.h"
#include "bigquery/json_rows.h"

namespace bl::bigquery {
namespace {

constexpr std::size_t k_csv_rows_at_once = 10'000;

}  // namespace

Result<LoadFormat> load_format_named(std::string_view name) {
  for (const LoadFormat format : {LoadFormat::csv, LoadFormat::ndjson, LoadFormat::parquet}) {
    if (name_of(format) == name) return format;
  }
  if (name == "AVRO" || name == "ORC" || name == "DATASTORE_BACKUP") {
    return Error{Code::unsupported, fmt::format("not supported: loads of {}", name)};
  }
  return Error{Code::invalid, fmt::format("Invalid value for sourceFormat: {}", name)};
}

std::string_view name_of(LoadFormat format) {
  switch (format) {
    case LoadFormat::csv:
      return "CSV";
    case LoadFormat::ndjson:
      return "NEWLINE_DELIMITED_JSON";
    case LoadFormat::parquet:
      break;
  }
  return "PARQUET";
}

Result<std::shared_ptr<SentFile>> SentFile::create(Disk& disk, const std::string& path) {
  std::shared_ptr<SentFile> file(new SentFile(disk, path));
  BL_TRY(file->file_, disk.create(path, FileMode::secret));
  return file;
}

SentFile::~SentFile() {
  file_.reset();
  (void)disk_.remove(path_).ok();  // what stays goes with the next start
}

Result<void> SentFile::append(std::string_view bytes) {
  BL_RETURN_IF_ERROR(file_->append(bytes));
  bytes_ += bytes.size();
  return {};
}

/// One load, from its file to the table.
class Loads::Loading {
 public:
  Loading(const LoadsWorld& world, const LoadLimits& limits, const LoadRequest& request,
          engine::QueryControl& control)
      : world_(world), limits_(limits), request_(request), control_(control) {}

  Result<LoadOutcome> run() {
    outcome_.bytes_in = request_.file->bytes();
    switch (request_.format) {
      case LoadFormat::csv: {
        BL_RETURN_IF_ERROR(load_csv());
        break;
      }
      case LoadFormat::ndjson: {
        BL_RETURN_IF_ERROR(load_json());
        break;
      }
      case LoadFormat::parquet: {
        BL_RETURN_IF_ERROR(load_parquet());
        break;
      }
    }
    if (outcome_.bad_rows > request_.bad_rows_max) return too_many_bad();
    BL_RETURN_IF_ERROR(sink_->commit(request_.key));
    outcome_.rows = sink_->rows();
    outcome_.bytes_out = sink_->bytes();
    return std::move(outcome_);
  }

 private:
  Result<std::unique_ptr<LineReader>> lines() const {
    return LineReader::open(request_.file->disk(), request_.file->path(),
                            {.chunk_bytes = limits_.chunk_bytes,
                             .line_bytes_max = limits_.line_bytes_max,
                             .unpacked_bytes_max = limits_.unpacked_bytes_max});
  }

  /// What the rows are: as the request says, or the table, or as they look.
  Result<std::optional<TableSchema>> known_schema() {
    if (request_.schema) return request_.schema;
    const auto found = world_.tables.find(request_.destination.name);
    if (!found.ok() && found.error().code != Code::not_found) return found.error();
    const bool is_replaced = request_.destination.write == WriteDisposition::truncate;
    if (found.ok() && !(is_replaced && (request_.autodetect || is_parquet()))) {
      return std::optional((*found)->record().schema);
    }
    return std::optional<TableSchema>();
  }
  bool is_parquet() const { return request_.format == LoadFormat::parquet; }

  Result<void> open_sink(const TableSchema& wanted) {
    BL_TRY(const TableSchema schema, target_schema(world_.tables, request_.destination, wanted));
    BL_TRY(sink_, RowSink::open(world_.tables, request_.destination, schema, limits_.sink));
    return {};
  }

  Result<void> take(const RowsIn& rows) {
    for (const RowFault& fault : rows.faults) {
      const std::string place =
          fault.location.empty() ? "" : fmt::format(", field {}", fault.location);
      tell(fmt::format("row {}{}: {}", rows_seen_ + fault.row + 1, place, fault.message));
    }
    outcome_.bad_rows += static_cast<std::int64_t>(rows.bad.size());
    rows_seen_ += rows.batch.rows() + static_cast<std::int64_t>(rows.bad.size());
    if (outcome_.bad_rows > request_.bad_rows_max) return too_many_bad();
    if (control_.wants_end()) return Error{Code::cancelled, "the load was cancelled"};
    return sink_->add(rows.batch);
  }
  void tell(const std::string& fault) {
    if (outcome_.faults.size() < limits_.faults_max) {
      outcome_.faults.push_back("Error while reading data, error message: " + fault);
    }
  }
  Error too_many_bad() const {
    std::string message = fmt::format(
        "Error while reading data, error message: {} table encountered too many errors, giving up. "
        "Rows: {}; errors: {}.",
        request_.format == LoadFormat::ndjson ? "JSON" : name_of(request_.format), rows_seen_,
        outcome_.bad_rows);
    if (!outcome_.faults.empty()) message += " First: " + outcome_.faults[0];
    std::vector<Fault> faults;
    for (const std::string& fault : outcome_.faults) faults.push_back({"", fault, ""});
    return {Code::invalid, std::move(message), std::move(faults)};
  }
  Error no_schema() const { return {Code::invalid, "No schema specified on job or table."}; }

  // JSON -----------------------------------------------------------------------------------------

  Result<void> load_json() {
    BL_TRY(auto schema, known_schema());
    if (!schema && !request_.autodetect) return no_schema();
    if (!schema) {
      BL_TRY(schema, detect_json());
    }
    BL_RETURN_IF_ERROR(open_sink(*schema));
    BL_TRY(const auto reader, lines());
    std::string_view text;
    JsonRowOptions options;
    options.ignore_unknown_values = request_.ignore_unknown_values;
    while (true) {
      BL_TRY(const bool is_there, reader->next_lines(text));
      if (!is_there) return {};
      BL_TRY(const RowsIn rows, rows_from_ndjson(sink_->schema(), text, options));
      BL_RETURN_IF_ERROR(take(rows));
    }
  }

  Result<std::optional<TableSchema>> detect_json() {
    BL_TRY(const auto reader, lines());
    std::vector<json::Value> rows;
    std::string_view line;
    while (rows.size() < limits_.sampled_rows_max) {
      BL_TRY(const bool is_there, reader->next(line));
      if (!is_there) break;
      if (auto row = json::parse(line); row.ok()) rows.push_back(*std::move(row));
    }
    BL_TRY(TableSchema schema, detected_schema(rows));
    return std::optional(std::move(schema));
  }

  // CSV ------------------------------------------------------------------------------------------

  /// Passes over the rows that are no data.
  static Result<void> skip(CsvReader& reader, std::int64_t rows) {
    std::vector<CsvCell> cells;
    std::string fault;
    for (std::int64_t i = 0; i < rows; ++i) {
      BL_TRY(const bool is_there, reader.next(cells, fault));
      if (!is_there) break;
    }
    return {};
  }

  Result<std::optional<TableSchema>> detect_csv(std::int64_t& skipped) {
    BL_TRY(const auto lines_of_sample, lines());
    CsvReader reader(*lines_of_sample, request_.csv);
    const bool is_named = skipped > 0;
    BL_RETURN_IF_ERROR(skip(reader, is_named ? skipped - 1 : 0));
    std::vector<std::vector<CsvCell>> rows;
    std::string fault;
    while (rows.size() < limits_.sampled_rows_max) {
      std::vector<CsvCell> cells;
      BL_TRY(const bool is_there, reader.next(cells, fault));
      if (!is_there) break;
      if (fault.empty()) rows.push_back(std::move(cells));
    }
    DetectedCsv found = detected_csv(rows, is_named);
    if (found.has_header && !is_named) skipped = 1;
    return std::optional(std::move(found.schema));
  }

  /// A cell as JSON rows have it; false: the row's column is null.
  bool is_null(const CsvCell& cell) const {
    if (cell.is_quoted) return false;
    const auto& markers = request_.csv.null_markers;
    if (markers.empty()) return cell.text.empty();
    return std::ranges::find(markers, cell.text) != markers.end();
  }

  /// The row as an object, or what is wrong with it.
  Result<json::Value> object_of(std::vector<CsvCell>& cells, const TableSchema& schema) const {
    const std::size_t columns = schema.fields.size();
    if (cells.size() < columns && !request_.csv.allow_jagged_rows) {
      return Error{Code::invalid,
                   fmt::format("CSV table references column position {}, but line contains only {} "
                               "columns.",
                               columns - 1, cells.size())};
    }
    if (cells.size() > columns && !request_.ignore_unknown_values) {
      return Error{Code::invalid,
                   fmt::format("Too many values in line. Found {} column(s) while expected {}.",
                               cells.size(), columns)};
    }
    json::Object members;
    members.reserve(columns);
    for (std::size_t i = 0; i < std::min(columns, cells.size()); ++i) {
      members.emplace_back(
          schema.fields[i].name,
          is_null(cells[i]) ? json::Value() : json::Value::string(std::move(cells[i].text)));
    }
    return json::Value::object(std::move(members));
  }

  Result<void> load_csv() {
    std::int64_t skipped = request_.csv.skip_leading_rows;
    BL_TRY(auto schema, known_schema());
    if (!schema && !request_.autodetect) return no_schema();
    if (!schema) {
      BL_TRY(schema, detect_csv(skipped));
    } else if (request_.autodetect && skipped == 0) {
      BL_TRY([[maybe_unused]] const auto looked, detect_csv(skipped));
    }
    for (const TableField& field : schema->fields) {
      if (field.mode == FieldMode::repeated || field.type == FieldType::record) {
        return Error{Code::invalid, "CSV has no nested and no repeated fields: " + field.name};
      }
    }
    BL_RETURN_IF_ERROR(open_sink(*schema));
    BL_TRY(const auto of_file, lines());
    CsvReader reader(*of_file, request_.csv);
    BL_RETURN_IF_ERROR(skip(reader, skipped));
    rows_seen_ = skipped;
    std::vector<CsvCell> cells;
    std::vector<json::Value> rows;
    std::string fault;
    for (bool is_there = true; is_there;) {
      BL_TRY(is_there, reader.next(cells, fault));
      if (is_there && fault.empty()) {
        auto row = object_of(cells, *schema);
        if (row.ok()) {
          rows.push_back(*std::move(row));
        } else {
          fault = row.error().message;
        }
      }
      if (!fault.empty() || !is_there || rows.size() >= k_csv_rows_at_once) {
        BL_RETURN_IF_ERROR(take_csv(rows));
      }
      if (fault.empty() || !is_there) continue;
      tell(fmt::format("row {}: {}", ++rows_seen_, fault));
      ++outcome_.bad_rows;
      if (outcome_.bad_rows > request_.bad_rows_max) return too_many_bad();
    }
    return {};
  }

  Result<void> take_csv(std::vector<json::Value>& rows) {
    if (rows.empty()) return {};
    std::vector<const json::Value*> pointers;
    pointers.reserve(rows.size());
    for (const json::Value& row : rows) pointers.push_back(&row);
    BL_TRY(const RowsIn made, rows_from_json(sink_->schema(), pointers, {}));
    rows.clear();
    return take(made);
  }

  // Parquet --------------------------------------------------------------------------------------

  Result<void> load_parquet() {
    BL_TRY(const auto schema, known_schema());
    BL_TRY(const auto reader, ParquetRows::open(world_.engine, request_.file->path(), schema,
                                                request_.ignore_unknown_values));
    BL_RETURN_IF_ERROR(open_sink(reader->schema()));
    while (true) {
      BL_TRY(const auto rows, reader->next(sink_->schema()));
      if (!rows) return {};
      BL_RETURN_IF_ERROR(take(*rows));
    }
  }

  const LoadsWorld& world_;
  const LoadLimits& limits_;
  const LoadRequest& request_;
  engine::QueryControl& control_;
  std::unique_ptr<RowSink> sink_;
  LoadOutcome outcome_;
  std::int64_t rows_seen_ = 0;
};

Result<LoadOutcome> Loads::run(const LoadRequest& request, engine::QueryControl& control) {
  return Loading(world_, limits_, request, control).run();
}

}  // namespace bl::bigquery
