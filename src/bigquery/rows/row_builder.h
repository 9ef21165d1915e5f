#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bigquery/rows/field_column.h"
#include "bigquery/rows_in.h"

/// Rows of a table in the making, with what is wrong with them. Private to this folder. One thread.
namespace bl::bigquery {

/// A row with a fault is made whole like the others (null where something is wrong) and left out at
/// the end; so nothing is ever taken back.
class RowBuilder {
 public:
  /// The schema outlives the builder.
  RowBuilder(const TableSchema& schema, const RowLimits& limits, DefaultValues defaults);

  /// The table as a record: its children are the columns.
  FieldColumn& root() { return root_; }
  const RowLimits& limits() const { return limits_; }

  /// Where in the row we are, for faults.
  void enter(const TableField& field) { place_.push_back(&field); }
  void leave() { place_.pop_back(); }
  void fault(std::string message) { fault_at(location(), std::move(message)); }
  void fault_at(std::string location, std::string message);
  std::string location() const;
  /// As much of a value as a message may quote.
  std::string quoted(std::string_view value) const;

  /// Makes a field that the row does not have: its default, null, or a fault.
  void put_missing(FieldColumn& column);
  /// The same, without a look at defaults.
  void put_absent(FieldColumn& column);
  /// After the fields of a record were appended: what is missing of them.
  void complete(FieldColumn& record, std::int64_t rows);
  void end_row() { ++row_; }
  std::int64_t row() const { return row_; }
  /// True when a batch would take too much memory: give up.
  bool is_full() const { return bytes_ > limits_.memory_bytes_max; }

  /// Errors: too_large (is_full), invalid (of more bytes of text than a column may have).
  Result<RowsIn> finish();

 private:
  static TableField root_field(const TableSchema& schema);

  RowLimits limits_;
  DefaultValues defaults_;
  TableField table_;
  std::size_t bytes_ = 0;
  FieldColumn root_;
  std::vector<const TableField*> place_;
  std::int64_t row_ = 0;
  int faults_of_row_ = 0;
  std::vector<RowFault> faults_;
  std::vector<std::int64_t> bad_;
};

/// Appends one JSON value to a field that is not repeated, or a list to one that is.
void put_json(RowBuilder& builder, FieldColumn& column, const json::Value& value,
              bool ignore_unknown);
/// Appends a value given as text, of any type but a record; a fault and null when it is none.
void put_text_value(RowBuilder& builder, FieldColumn& column, std::string_view text);
/// Appends a decimal of the field's scale after its precision was checked.
void put_decimal(RowBuilder& builder, FieldColumn& column, std::optional<columns::Decimal> value,
                 std::string_view shown);
/// Appends text or bytes after their length and encoding were checked.
void put_checked_text(RowBuilder& builder, FieldColumn& column, std::string_view text);
/// Checks the order of the range whose bounds were appended last, and appends it.
void put_range(RowBuilder& builder, FieldColumn& column, std::optional<std::int64_t> start,
               std::optional<std::int64_t> end);
/// Digits behind the point of NUMERIC and BIGNUMERIC as kept.
inline int scale_of(FieldType type) {
  return type == FieldType::bignumeric ? 19 : 9;
}

}  // namespace bl::bigquery
