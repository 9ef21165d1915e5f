#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "columns/batch.h"

/// One column being built: append is inline, a few loads and stores for each value. Table
/// (columns/table.h) keeps columns of one length together and
/// within limits; use that. One thread.
namespace bl::columns {

/// Bounds of one batch in the making.
struct BuilderLimits {
  std::int64_t rows_max = 1 << 20;
  std::size_t bytes_max = 64u << 20;  ///< at most 1 GiB, so that offsets fit 32 bits
};

/// Which rows are null; costs nothing until the first one is.
class Validity {
 public:
  void push_valid(std::int64_t rows_before) {
    (void)rows_before;
    if (null_count_ > 0) bits_.push(true);
  }
  void push_null(std::int64_t rows_before) {
    if (null_count_ == 0) bits_.push_many(true, rows_before);
    bits_.push(false);
    ++null_count_;
  }
  std::int64_t null_count() const { return null_count_; }
  void take_into(ColumnData& column) {
    column.null_count = null_count_;
    column.validity = bits_.take();
    null_count_ = 0;
  }

 private:
  BitBuffer bits_;
  std::int64_t null_count_ = 0;
};

/// Values of a fixed width.
template <class T>
class ColumnBuilder {
 public:
  static std::size_t size_of(T) { return sizeof(T); }
  static std::size_t size_of_null() { return sizeof(T); }
  void append(T value) {
    validity_.push_valid(rows_);
    values_.push(value);
    ++rows_;
  }
  void append_null() {
    validity_.push_null(rows_);
    values_.push(T{});
    ++rows_;
  }
  std::int64_t rows() const { return rows_; }
  ColumnData take() {
    ColumnData out;
    out.rows = std::exchange(rows_, 0);
    validity_.take_into(out);
    out.buffers.push_back(std::move(values_));
    return out;
  }

 private:
  Validity validity_;
  Buffer values_;
  std::int64_t rows_ = 0;
};

template <>
class ColumnBuilder<bool> {
 public:
  static std::size_t size_of(bool) { return 1; }
  static std::size_t size_of_null() { return 1; }
  void append(bool value) {
    validity_.push_valid(values_.bits());
    values_.push(value);
  }
  void append_null() {
    validity_.push_null(values_.bits());
    values_.push(false);
  }
  std::int64_t rows() const { return values_.bits(); }
  ColumnData take() {
    ColumnData out;
    out.rows = values_.bits();
    validity_.take_into(out);
    out.buffers.push_back(values_.take());
    return out;
  }

 private:
  Validity validity_;
  BitBuffer values_;
};

/// Begin and end of every row of a text or list column.
class Offsets {
 public:
  void push(std::size_t end) {
    if (rows_ == 0) offsets_.push(std::int32_t{0});
    offsets_.push(static_cast<std::int32_t>(end));
    ++rows_;
  }
  std::int64_t rows() const { return rows_; }
  Buffer take() {
    if (rows_ == 0) offsets_.push(std::int32_t{0});
    rows_ = 0;
    return std::move(offsets_);
  }

 private:
  Buffer offsets_;
  std::int64_t rows_ = 0;
};

template <>
class ColumnBuilder<std::string_view> {
 public:
  static std::size_t size_of(std::string_view value) { return value.size() + sizeof(std::int32_t); }
  static std::size_t size_of_null() { return sizeof(std::int32_t); }
  void append(std::string_view value) {
    validity_.push_valid(offsets_.rows());
    bytes_.append(value.data(), value.size());
    offsets_.push(bytes_.size());
  }
  void append_null() {
    validity_.push_null(offsets_.rows());
    offsets_.push(bytes_.size());
  }
  std::int64_t rows() const { return offsets_.rows(); }
  ColumnData take() {
    ColumnData out;
    out.rows = offsets_.rows();
    validity_.take_into(out);
    out.buffers.push_back(offsets_.take());
    out.buffers.push_back(std::move(bytes_));
    return out;
  }

 private:
  Validity validity_;
  Offsets offsets_;
  Buffer bytes_;
};

template <>
class ColumnBuilder<Bytes> {
 public:
  static std::size_t size_of(Bytes value) { return Inner::size_of(value.bytes); }
  static std::size_t size_of_null() { return Inner::size_of_null(); }
  void append(Bytes value) { inner_.append(value.bytes); }
  void append_null() { inner_.append_null(); }
  std::int64_t rows() const { return inner_.rows(); }
  ColumnData take() { return inner_.take(); }

 private:
  using Inner = ColumnBuilder<std::string_view>;
  Inner inner_;
};

/// Lists without null elements.
template <class T>
class ColumnBuilder<List<T>> {
 public:
  template <class Values>
  static std::size_t size_of(const Values& values) {
    std::size_t bytes = sizeof(std::int32_t);
    for (const auto& value : values) bytes += ColumnBuilder<T>::size_of(T{value});
    return bytes;
  }
  static std::size_t size_of_null() { return sizeof(std::int32_t); }
  template <class Values>
  void append(const Values& values) {
    validity_.push_valid(offsets_.rows());
    for (const auto& value : values) elements_.append(T{value});
    offsets_.push(static_cast<std::size_t>(elements_.rows()));
  }
  void append_null() {
    validity_.push_null(offsets_.rows());
    offsets_.push(static_cast<std::size_t>(elements_.rows()));
  }
  std::int64_t rows() const { return offsets_.rows(); }
  ColumnData take() {
    ColumnData out;
    out.rows = offsets_.rows();
    validity_.take_into(out);
    out.buffers.push_back(offsets_.take());
    out.children.push_back(elements_.take());
    return out;
  }

 private:
  Validity validity_;
  Offsets offsets_;
  ColumnBuilder<T> elements_;
};

}  // namespace bl::columns
