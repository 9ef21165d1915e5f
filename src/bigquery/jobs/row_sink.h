#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "bigquery/tables.h"

/// Where rows of queries, loads and copies go: into a table that may have to be made, emptied, or
/// widened, all of them or none.
namespace bl::bigquery {

enum class WriteDisposition : unsigned char { append, truncate, empty };
enum class CreateDisposition : unsigned char { if_needed, never };
/// `WRITE_APPEND`, ...; nullopt for other words.
std::optional<WriteDisposition> write_disposition_named(std::string_view name);
std::optional<CreateDisposition> create_disposition_named(std::string_view name);

struct Destination {
  TableName name;
  WriteDisposition write = WriteDisposition::append;
  CreateDisposition create = CreateDisposition::if_needed;
  bool allow_field_addition = false;
  json::Value properties;  ///< of a table that is made: `timePartitioning`, ...; an object or null
  std::optional<Timestamp> expires;  ///< of the same
  bool keeps_properties = true;      ///< a table that is emptied keeps its own
};

struct RowSinkLimits {
  /// Of rows that are added to a table that is there, in memory: too_large.
  std::uint64_t append_bytes_max = 1ull << 30;
  /// Up to so much is one record of the journal; more is written as files.
  std::uint64_t journal_bytes_max = 16ull << 20;
  /// A table that is made or emptied takes so much at once.
  std::uint64_t staged_bytes = 16ull << 20;
};

/// One thread. What is not committed leaves nothing behind.
class RowSink {
 public:
  /// `schema`: of the rows that come, in the table's order and with its modes where it is there and
  /// stays (`target_schema` gives that). Errors: not_found (the dataset; the table, and
  /// CREATE_NEVER), conflict (`Already Exists`: it has rows, and WRITE_EMPTY), invalid (a view, a
  /// schema that the table has not), forbidden (the dataset `benchlake`).
  static Result<std::unique_ptr<RowSink>> open(Tables& tables, const Destination& destination,
                                               const TableSchema& schema,
                                               const RowSinkLimits& limits = {});
  /// Of lake_schema_of(schema()). Errors: invalid, too_large, those of the lake.
  Result<void> add(const columns::Batch& batch);
  /// The rows are in the table. Again with the same `key` adds nothing to a table that was there
  /// (for a day). Errors: those of the lake.
  Result<TableHandle> commit(const std::string& key);

  const TableSchema& schema() const { return schema_; }
  std::int64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  RowSink(Tables& tables, Destination destination, const RowSinkLimits& limits)
      : tables_(tables), destination_(std::move(destination)), limits_(limits) {}
  Result<void> open_existing(const TableSchema& schema);
  Result<void> write_staged();

  Tables& tables_;
  const Destination destination_;
  const RowSinkLimits limits_;
  TableSchema schema_;
  columns::Schema columns_;
  TableHandle there_;                    // rows are added to it
  std::unique_ptr<StagedTable> staged_;  // else
  std::optional<TableRecord> replaced_;  // whose place that takes
  std::vector<columns::Batch> pending_;
  std::uint64_t pending_bytes_ = 0, bytes_ = 0;
  std::int64_t rows_ = 0;
};

/// What rows for that destination must look like: the table's schema where it is there and is not
/// emptied, with columns of `wanted` added where that is allowed; else `wanted`. Errors: invalid (a
/// column that the table has not, or of another type), and as RowSink::open.
Result<TableSchema> target_schema(Tables& tables, const Destination& destination,
                                  const TableSchema& wanted);

/// Same type, element and fields; modes and descriptions may differ.
bool is_same_type(const TableField& a, const TableField& b);

}  // namespace bl::bigquery
