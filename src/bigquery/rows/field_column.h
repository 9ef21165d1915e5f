#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bigquery/literals.h"
#include "bigquery/model.h"
#include "columns/builders.h"

/// A column of a table in the making, with everything below it. Private to this folder. One thread.
namespace bl::bigquery {

/// Values are appended one after the other; of a repeated field, `end_list` makes what came since
/// the last one a row. Whoever appends to a record appends one value (or list) to each of its
/// children. The schema outlives the column.
class FieldColumn {
 public:
  /// `bytes` counts what is kept, of all columns of a batch; about.
  FieldColumn(const TableField& field, std::size_t& bytes);

  const TableField& field() const { return *field_; }
  bool is_repeated() const { return field_->mode == FieldMode::repeated; }
  /// How many rows, of a repeated field its lists.
  std::int64_t rows() const { return is_repeated() ? lists_.rows() : values_; }
  /// How many values, of a repeated field in all its lists.
  std::int64_t values() const { return values_; }
  /// Of a record its fields, of a range start and end.
  std::vector<FieldColumn>& children() { return children_; }
  /// Without regard to case, -1 when there is none. `hint`: where it may well be.
  int find(std::string_view name, std::size_t hint);

  void put_bool(bool value) {
    validity_.push_valid(values_++);
    bits_.push(value);
    bytes_ += 1;
  }
  /// T: as the field's type is kept (std::int64_t, double, std::int32_t, Decimal).
  template <class T>
  void put(T value) {
    validity_.push_valid(values_++);
    fixed_.push(value);
    bytes_ += sizeof(T);
  }
  void put_text(std::string_view text) {
    validity_.push_valid(values_++);
    text_.append(text.data(), text.size());
    offsets_.push(text_.size());
    bytes_ += text.size() + sizeof(std::int32_t);
  }
  void put_interval(const Interval& interval) {
    validity_.push_valid(values_++);
    put_parts(interval);
  }
  /// A record or a range, whose children got theirs.
  void put_struct() {
    validity_.push_valid(values_++);
    bytes_ += 1;
  }
  void put_null();
  void end_list() {
    lists_.push(static_cast<std::size_t>(values_));
    bytes_ += sizeof(std::int32_t);
  }
  /// Null, or the empty list.
  void put_missing() { is_repeated() ? end_list() : put_null(); }

  /// All rows so far; begins anew.
  columns::ColumnData take();

 private:
  void put_parts(const Interval& interval) {
    months_.push(interval.months);
    days_.push(interval.days);
    fixed_.push(interval.micros);
    bytes_ += 16;
  }
  columns::ColumnData take_values();

  const TableField* field_;
  std::size_t& bytes_;
  std::int64_t values_ = 0;
  columns::Validity validity_;
  columns::Offsets lists_;
  columns::BitBuffer bits_;
  columns::Buffer fixed_;
  columns::Offsets offsets_;
  columns::Buffer text_;
  columns::Buffer months_, days_;
  std::vector<TableField> range_fields_;
  std::vector<FieldColumn> children_;
  std::map<std::string, int, std::less<>> by_name_;  // made when it is first needed
};

}  // namespace bl::bigquery
