#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bigquery/model.h"
#include "bigquery/rows_in.h"

/// The messages of BigQueryWrite (spec/bigquery-and-gate.md 3.2). Pure. Private to this folder.
namespace bl::bigquery::write {

enum class StreamKind : int { committed = 1, pending = 2, buffered = 3 };

// Requests. Errors of all: malformed (no message of that kind, with the field).

enum class RowsForm : unsigned char { none, proto, arrow };

/// Views into the request's bytes.
struct AppendRequest {
  std::string_view stream;
  std::optional<std::int64_t> offset;
  RowsForm form = RowsForm::none;
  std::optional<std::string_view> writer_schema;  ///< a DescriptorProto, or a message of Arrow's
  std::vector<std::string_view> rows;             ///< of proto
  std::optional<std::string_view> batch;          ///< of arrow
  /// By column: MissingValueInterpretation.
  std::map<std::string, int> missing;
  std::optional<int> missing_default;
};
Result<AppendRequest> read_append(std::string_view bytes);

struct CreateRequest {
  std::string parent;
  int type = 0;
};
Result<CreateRequest> read_create(std::string_view bytes);

struct StreamRequest {  ///< GetWriteStream, FinalizeWriteStream, FlushRows
  std::string name;
  bool is_full = false;                ///< of GetWriteStream
  std::optional<std::int64_t> offset;  ///< of FlushRows
};
Result<StreamRequest> read_get(std::string_view bytes);
Result<StreamRequest> read_finalize(std::string_view bytes);
Result<StreamRequest> read_flush(std::string_view bytes);

struct CommitRequest {
  std::string parent;
  std::vector<std::string> streams;
};
Result<CommitRequest> read_commit(std::string_view bytes);

// Answers.

struct StreamAnswer {
  std::string name;
  StreamKind kind = StreamKind::committed;
  std::optional<Timestamp> created, committed;
  const TableSchema* schema = nullptr;  ///< null: it is not told
  std::string_view location;
};
std::string stream_message(const StreamAnswer& stream);

/// What one request of AppendRows is answered with.
struct AppendAnswer {
  std::string_view stream;
  std::optional<std::int64_t> offset;    ///< of the first row; none: the stream has no offsets
  const Error* error = nullptr;          ///< null: the rows are in
  std::span<const RowFault> row_faults;  ///< of an error
  const TableSchema* updated = nullptr;  ///< the table's, where it changed
};
std::string append_message(const AppendAnswer& answer);

std::string finalize_message(std::int64_t rows);
std::string flush_message(std::int64_t offset);
/// Without a time: what kept each stream from being committed.
std::string commit_message(std::optional<Timestamp> at, std::span<const Error> errors);

}  // namespace bl::bigquery::write
