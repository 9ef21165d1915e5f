#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// The messages of BigQueryRead (spec/bigquery-and-gate.md 3.1). Unknown fields are passed over.
/// Pure.
namespace bl::bigquery::read {

enum class DataFormat : std::int64_t { unspecified = 0, avro = 1, arrow = 2 };

struct CreateRequest {
  std::string parent;  ///< projects/P
  std::string table;   ///< projects/P/datasets/D/tables/T
  std::int64_t data_format = 0;
  std::optional<Timestamp> snapshot_time;
  std::vector<std::string> selected_fields;
  std::string row_restriction;
  std::int64_t buffer_compression = 0;  ///< 1 LZ4_FRAME, 2 ZSTD
  std::int64_t picos_precision = 0;     ///< of timestamps; 0 and 1 are microseconds
  std::optional<double> sample_percentage;
  std::int64_t response_codec = 0;
  std::int64_t max_stream_count = 0, preferred_min_stream_count = 0;
  std::string trace_id;
  /// As they came, for the answer.
  std::optional<std::string> read_options, table_modifiers;
};
struct ReadRequest {
  std::string stream;
  std::int64_t offset = 0;
};
struct SplitRequest {
  std::string stream;
  double fraction = 0;
};

/// Errors: malformed (with the byte).
Result<CreateRequest> read_create_request(std::string_view bytes);
Result<ReadRequest> read_read_request(std::string_view bytes);
Result<SplitRequest> read_split_request(std::string_view bytes);

struct SessionAnswer {
  std::string name;
  Timestamp expires;
  std::string_view schema_message;
  std::vector<std::string> streams;
  std::int64_t rows = 0, bytes = 0, file_bytes = 0;
};
std::string session_message(const SessionAnswer& answer, const CreateRequest& request);

struct RowsAnswer {
  std::string_view schema_message;  ///< empty: not the first
  std::string_view batch_message;
  std::int64_t rows = 0;
  double progress_before = 0, progress = 0;
};
std::string rows_message(const RowsAnswer& answer);

std::string split_message(std::string_view primary, std::string_view remainder);

}  // namespace bl::bigquery::read
