#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bigquery/proto_rows.h"
#include "bigquery/rows_in.h"
#include "columns/ipc_messages.h"

/// Rows as Arrow's messages: what writers send (spec 3.5), what read sessions give (spec 4). Pure.
namespace bl::bigquery {

struct ArrowLimits {
  columns::IpcLimits ipc;
  RowLimits rows;
};

/// How batches of one writer's schema become rows of one table: made once, used for many requests.
///
///     BOOL                    Boolean
///     INT64                   Int8 to Int64
///     FLOAT64                 Float32, Float64
///     STRING, JSON            Utf8
///     BYTES                   Binary
///     DATE                    Date32, Int32, Utf8
///     TIME                    Time64(us)
///     DATETIME                Timestamp(us)
///     TIMESTAMP               Timestamp(us, any zone: the instant counts)
///     NUMERIC, BIGNUMERIC     Decimal128, Decimal256 of any scale, rounded
///     INTERVAL                the three intervals of Arrow, Utf8
///     RANGE, RECORD           Struct
///     REPEATED                List; null is the empty list
///
/// A null of a column that is there stays null, also where the column has a default. Threads: any.
class ArrowPlan {
 public:
  /// `schema_message`: one encapsulated message, with or without an end mark behind it. Errors:
  /// malformed, too_large, unsupported (dictionaries, extension types), conflict (columns that the
  /// table has not: SCHEMA_MISMATCH_EXTRA_FIELDS), invalid (a type that the column does not take).
  static Result<ArrowPlan> compile(std::string_view schema_message, const TableSchema& schema,
                                   const ArrowLimits& limits = {});
  ArrowPlan(ArrowPlan&&) noexcept;
  ArrowPlan& operator=(ArrowPlan&&) noexcept;
  ~ArrowPlan();

  /// One encapsulated record batch. Errors: malformed, too_large.
  Result<RowsIn> decode(std::string_view batch_message, const MissingValues& missing) const;
  /// The same of a batch that was read elsewhere, of the same columns.
  Result<RowsIn> decode(const columns::Batch& batch, const MissingValues& missing) const;

 private:
  struct State;
  explicit ArrowPlan(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

/// What read sessions give: the schema's message and each batch's, with BigQuery's types and field
/// metadata: NUMERIC(P, S) as decimal128(38, 9), BIGNUMERIC as decimal256(76, 38), INTERVAL as
/// month_day_nano, DATETIME and JSON with their extension names, REQUIRED not nullable. The batches
/// are of lake_schema_of(schema). Errors: invalid.
Result<columns::IpcMessages> arrow_messages(const TableSchema& schema,
                                            columns::IpcCompression compression);

}  // namespace bl::bigquery
