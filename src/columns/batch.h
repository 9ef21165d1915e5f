#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "base/time.h"
#include "columns/buffer.h"
#include "columns/type.h"

/// Rows in columns: immutable, shared, cheap to copy and to slice. The currency between wires,
/// journal, DuckDB and answers. Read through typed views: the type is checked once for a column,
/// then every row is a plain load. Threads: any.
namespace bl::columns {

/// Days since 1970-01-01.
struct Date {
  std::int32_t days = 0;
  auto operator<=>(const Date&) const = default;
};
/// Microseconds since midnight.
struct TimeOfDay {
  std::int64_t micros = 0;
  auto operator<=>(const TimeOfDay&) const = default;
};
/// Microseconds since 1970-01-01T00:00:00, of a clock nobody knows where.
struct NaiveTimestamp {
  std::int64_t micros = 0;
  auto operator<=>(const NaiveTimestamp&) const = default;
};
/// Bytes that are no text.
struct Bytes {
  std::string_view bytes;
  auto operator<=>(const Bytes&) const = default;
};
/// An unscaled decimal, two's complement.
struct Decimal {
  std::uint64_t low = 0;
  std::int64_t high = 0;
  bool operator==(const Decimal&) const = default;
};

/// Where a column's memory lies; made by Column, for the views below.
struct RawColumn {
  std::int64_t rows = 0;
  std::int64_t offset = 0;  ///< of row 0, in all buffers
  std::int64_t null_count = 0;
  const std::uint8_t* validity = nullptr;  ///< one bit a row; null when no row is null
  const std::uint8_t* values = nullptr;    ///< fixed-width values, bits, or bytes of texts
  const std::int32_t* offsets = nullptr;   ///< of texts and lists
  int other_bytes = 0;                     ///< width of a value of Kind::other; 0: not fixed
};

/// What every view knows.
class ViewBase {
 public:
  explicit ViewBase(const RawColumn& raw) : raw_(raw) {}
  std::int64_t rows() const { return raw_.rows; }
  std::int64_t null_count() const { return raw_.null_count; }
  bool is_null(std::int64_t row) const {
    if (raw_.validity == nullptr) return false;
    const std::int64_t at = raw_.offset + row;
    return ((raw_.validity[at >> 3] >> (at & 7)) & 1) == 0;
  }

 protected:
  RawColumn raw_;
};

/// Fixed-width values as they lie in memory. A null row's value is undefined. T: the C++ type of a
/// kind, see Stored below.
template <class T>
class View : public ViewBase {
 public:
  using ViewBase::ViewBase;
  T operator[](std::int64_t row) const {
    T value;
    std::memcpy(&value, raw_.values + static_cast<std::size_t>(raw_.offset + row) * sizeof(T),
                sizeof(T));
    return value;
  }
  std::optional<T> get(std::int64_t row) const {
    if (is_null(row)) return std::nullopt;
    return (*this)[row];
  }
};

template <>
class View<bool> : public ViewBase {
 public:
  using ViewBase::ViewBase;
  bool operator[](std::int64_t row) const {
    const std::int64_t at = raw_.offset + row;
    return ((raw_.values[at >> 3] >> (at & 7)) & 1) != 0;
  }
  std::optional<bool> get(std::int64_t row) const {
    if (is_null(row)) return std::nullopt;
    return (*this)[row];
  }
};

/// Texts; valid as long as the batch.
template <>
class View<std::string_view> : public ViewBase {
 public:
  using ViewBase::ViewBase;
  std::string_view operator[](std::int64_t row) const {
    const std::int32_t* at = raw_.offsets + raw_.offset + row;
    return {reinterpret_cast<const char*>(raw_.values) + at[0],
            static_cast<std::size_t>(at[1] - at[0])};
  }
  std::optional<std::string_view> get(std::int64_t row) const {
    if (is_null(row)) return std::nullopt;
    return (*this)[row];
  }
};

template <>
class View<Bytes> : public ViewBase {
 public:
  using ViewBase::ViewBase;
  Bytes operator[](std::int64_t row) const { return {View<std::string_view>(raw_)[row]}; }
  std::optional<Bytes> get(std::int64_t row) const {
    if (is_null(row)) return std::nullopt;
    return (*this)[row];
  }
};

/// The lists of a column: one row is a range of rows of `elements`. `View<List<double>>`.
template <class T>
struct List {};

template <class T>
class View<List<T>> : public ViewBase {
 public:
  View(const RawColumn& raw, const RawColumn& elements) : ViewBase(raw), elements_(elements) {}
  const View<T>& elements() const { return elements_; }
  /// First element of the row, and how many it has.
  std::int64_t begin(std::int64_t row) const { return raw_.offsets[raw_.offset + row]; }
  std::int64_t size(std::int64_t row) const {
    const std::int32_t* at = raw_.offsets + raw_.offset + row;
    return at[1] - at[0];
  }
  T at(std::int64_t row, std::int64_t index) const { return elements_[begin(row) + index]; }

 private:
  View<T> elements_;
};

/// The kind that a C++ type is stored as: std::int64_t -> int64, Timestamp -> timestamp, ...
template <class T>
struct Stored;
// clang-format off
template <> struct Stored<bool> { static constexpr Kind kind = Kind::boolean; };
template <> struct Stored<std::int8_t> { static constexpr Kind kind = Kind::int8; };
template <> struct Stored<std::int16_t> { static constexpr Kind kind = Kind::int16; };
template <> struct Stored<std::int32_t> { static constexpr Kind kind = Kind::int32; };
template <> struct Stored<std::int64_t> { static constexpr Kind kind = Kind::int64; };
template <> struct Stored<std::uint8_t> { static constexpr Kind kind = Kind::uint8; };
template <> struct Stored<std::uint16_t> { static constexpr Kind kind = Kind::uint16; };
template <> struct Stored<std::uint32_t> { static constexpr Kind kind = Kind::uint32; };
template <> struct Stored<std::uint64_t> { static constexpr Kind kind = Kind::uint64; };
template <> struct Stored<float> { static constexpr Kind kind = Kind::float32; };
template <> struct Stored<double> { static constexpr Kind kind = Kind::float64; };
template <> struct Stored<std::string_view> { static constexpr Kind kind = Kind::text; };
template <> struct Stored<Bytes> { static constexpr Kind kind = Kind::binary; };
template <> struct Stored<Date> { static constexpr Kind kind = Kind::date; };
template <> struct Stored<TimeOfDay> { static constexpr Kind kind = Kind::time; };
template <> struct Stored<NaiveTimestamp> { static constexpr Kind kind = Kind::naive_timestamp; };
template <> struct Stored<Timestamp> { static constexpr Kind kind = Kind::timestamp; };
template <> struct Stored<Decimal> { static constexpr Kind kind = Kind::decimal; };
template <class T> struct Stored<List<T>> { static constexpr Kind kind = Kind::list; };
// clang-format on

class Batch;

/// One column of a batch, or a child of one. Keeps the memory alive; its views do not.
class Column {
 public:
  const Type& type() const { return type_; }
  std::int64_t rows() const { return raw_.rows; }
  std::int64_t null_count() const { return raw_.null_count; }
  bool is_null(std::int64_t row) const { return ViewBase(raw_).is_null(row); }

  /// Errors: invalid (the column holds another type).
  template <class T>
  Result<View<T>> as() const {
    BL_RETURN_IF_ERROR(expect(Stored<T>::kind));
    return View<T>(raw_);
  }
  /// The view of lists of T.
  template <class T>
  Result<View<List<T>>> as_list() const {
    BL_RETURN_IF_ERROR(expect(Kind::list));
    const Column elements = child(0);
    BL_RETURN_IF_ERROR(elements.expect(Stored<T>::kind));
    return View<List<T>>(raw_, elements.raw_);
  }
  /// The values of a type that is not ours (Kind::other, named by type().other) as Arrow lays them
  /// out, each as a T. Errors: invalid (another kind, or of another width).
  template <class T>
  Result<View<T>> as_raw() const {
    BL_RETURN_IF_ERROR(expect(Kind::other));
    BL_RETURN_IF_ERROR(expect_width(sizeof(T)));
    return View<T>(raw_);
  }
  /// Of a struct its field, of a list its elements (row i of the list is a range of them), of a map
  /// its keys (0) and values (1). BL_CHECKs the index. A struct's null rows are not the child's.
  Column child(int index) const;
  /// Of a list or map: where a row's elements begin, and how many they are. BL_CHECKs the kind.
  std::int64_t list_begin(std::int64_t row) const;
  std::int64_t list_size(std::int64_t row) const;

 private:
  friend struct ArrowBridge;
  Result<void> expect(Kind kind) const;
  Result<void> expect_width(std::size_t bytes) const;
  Column() = default;

  std::shared_ptr<const void> array_;
  Type type_;
  RawColumn raw_;
};

/// What a builder hands over: one column's memory by Arrow's layout.
struct ColumnData {
  std::int64_t rows = 0;
  std::int64_t null_count = 0;
  Buffer validity;              ///< empty when null_count is 0
  std::vector<Buffer> buffers;  ///< values; offsets and bytes; offsets
  std::vector<ColumnData> children;
};

class Batch {
 public:
  /// No rows.
  static Batch empty(const Schema& schema);
  /// Takes built columns over. Errors: invalid (text that is no UTF-8, with the column's name).
  /// BL_CHECKs that there are as many columns as the schema has, all of `rows` rows.
  static Result<Batch> make(const Schema& schema, std::int64_t rows,
                            std::vector<ColumnData> columns);

  const Schema& schema() const { return schema_; }
  std::int64_t rows() const { return rows_; }
  int columns() const { return schema_.columns(); }
  /// BL_CHECKs the index.
  Column column(int index) const;
  /// Errors: not_found (with the name).
  Result<Column> column(std::string_view name) const;
  /// The rows [from, from + count). No copy; BL_CHECKs the range.
  Batch slice(std::int64_t from, std::int64_t count) const;
  /// Those columns in that order. No copy. Errors: not_found.
  Result<Batch> select(std::span<const std::string> names) const;
  /// The same columns under another schema of the same types (other names, metadata). Errors:
  /// invalid.
  Result<Batch> with_schema(const Schema& schema) const;
  /// The rows under a schema of more columns behind these: null there, the empty list where a list
  /// may not be null. What may be null there may be here too, or not. Errors: invalid (other
  /// columns; one that may not be null, and is no list).
  Result<Batch> widen(const Schema& schema) const;
  /// Bytes of memory that the rows use; shared memory counts for each.
  std::uint64_t bytes() const;
  /// Every row equal, nulls and NaNs too; schemas too.
  bool operator==(const Batch& other) const;
  /// At most `rows_max` rows as a table for people and test messages.
  std::string text(std::int64_t rows_max = 20) const;

 private:
  friend struct ArrowBridge;
  Batch() = default;

  std::shared_ptr<const void> batch_;
  Schema schema_;
  std::int64_t rows_ = 0;
};

/// One batch of all rows; copies. Errors: invalid (schemas differ, or more bytes in one text column
/// than 2^31).
Result<Batch> concatenate(std::span<const Batch> batches);

}  // namespace bl::columns
