#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bigquery/rows_in.h"

/// Rows as protobuf messages of a schema that the writer sends (spec 3.4). Pure.
///
///     BOOL                 bool, whole numbers, BoolValue
///     INT64                whole numbers but uint64, enum, wrappers
///     FLOAT64              double, float, wrappers
///     STRING               string, enum (the value's name), StringValue
///     BYTES                bytes, string, BytesValue
///     DATE                 whole numbers (days since 1970), string
///     TIMESTAMP            whole numbers (microseconds since 1970), google.protobuf.Timestamp
///     DATETIME, TIME       string, int64 (packed civil time)
///     NUMERIC, BIGNUMERIC  whole numbers, float, double, string, bytes (two's complement, least
///                          significant first, of 9 and of 38 digits behind the point)
///     JSON                 string
///     INTERVAL             string, google.protobuf.Duration
///     RANGE                a message of start and end
///     RECORD               a message
///
/// Presence is proto2's: a singular field that is not there is missing, of several the last counts
/// and messages merge; repeated numbers come packed or not.
namespace bl::bigquery {

/// What missing values of the table's columns become (AppendRowsRequest); nested ones are null.
struct MissingValues {
  bool are_defaults = false;               ///< what is said of no column
  std::map<std::string, bool> default_of;  ///< by column, in small letters: DEFAULT_VALUE?
  DefaultValues defaults;
};

struct ProtoLimits {
  std::size_t descriptor_bytes_max = 4u << 20;
  int fields_max = 10'000;
  RowLimits rows;
};

/// How rows of one writer's schema become rows of one table: made once, used for many requests.
/// Threads: any.
class ProtoPlan {
 public:
  /// `descriptor`: a DescriptorProto, self-contained. Columns are found by name without regard to
  /// case, or by the option column_name. Errors: malformed (no DescriptorProto), conflict (fields
  /// without a column, named; StorageErrorCode SCHEMA_MISMATCH_EXTRA_FIELDS), invalid (a kind that
  /// the column does not take, named), too_large.
  static Result<ProtoPlan> compile(std::string_view descriptor, const TableSchema& schema,
                                   const ProtoLimits& limits = {});
  ProtoPlan(ProtoPlan&&) noexcept;
  ProtoPlan& operator=(ProtoPlan&&) noexcept;
  ~ProtoPlan();

  /// A message a row. A field that the writer's schema does not have is a fault: nothing is lost in
  /// silence. Errors: too_large.
  Result<RowsIn> decode(std::span<const std::string_view> rows, const MissingValues& missing) const;

 private:
  struct State;
  explicit ProtoPlan(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace bl::bigquery
