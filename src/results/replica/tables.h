#pragma once

#include <span>
#include <string_view>

#include "columns/type.h"
#include "lake/layout.h"

/// The tables of the replica as data: which columns the lake has, and where each comes from in the
/// store. docs/formats/replica.md is the same for people; a test compares the two. Private to the
/// replica.
namespace bl::results::replica {

/// How a column's value is made of what the store gives.
enum class Make : unsigned char {
  plain,       ///< as it is
  measured,    ///< a REAL or numeric; null where no double holds it
  summary,     ///< a mean, or the samples that it is to be made of
  samples,     ///< an array of numbers, each with its own digits, as JSON
  month,       ///< of microseconds: 202408, in UTC
  id_high,     ///< of 32 hex digits: the first 64 bits; null of any other text
  id_low,      ///< the last 64 bits
  id_odd,      ///< a text that is not 32 hex digits; null of one that is
  key,         ///< 64 bits of a text: the first ones of 32 hex digits, XXH3 of any other
  repository,  ///< the number of a repository in the table `repositories`
};

struct Column {
  std::string_view name;
  columns::Kind kind;
  bool nullable;
  /// SQL over the tables of the shape, with the marks of store/both_dialects.h.
  std::string_view from;
  Make make = Make::plain;
  std::string_view from_postgres = {};  ///< empty: the same
};

struct Shape {
  std::string_view name;
  std::span<const Column> columns;
  std::string_view tables;  ///< ` from ...`, with marks
  /// The column of the lake that names a row, whole numbers or texts, and its SQL in the store.
  std::string_view key, key_in_store;
  /// The rows in pages: SQL of a number or text that is unique.
  std::string_view page_by;
  lake::Layout layout;
  /// The column of `results` that names a row; a row that no result names need not be there. Empty:
  /// every row of the store is.
  std::string_view named_by = {};

  columns::Schema schema() const;
  bool has_number_key() const;
  const Column& column(std::string_view named) const;
};

/// One row a result: what lists, histories and comparisons need.
const Shape& results_shape();
/// One row a result: samples and documents.
const Shape& samples_shape();
const Shape& series_shape();
const Shape& runs_shape();
const Shape& commits_shape();
const Shape& cases_shape();
const Shape& contexts_shape();
const Shape& infos_shape();
const Shape& hardware_shape();
/// The replica's own: the numbers that it gave to repositories. Has no source in the store.
const Shape& repositories_shape();

/// All but `repositories`, in the order in which they are published: what others refer to first,
/// results last.
std::span<const Shape* const> all_shapes();
/// Those that are neither results nor their samples.
std::span<const Shape* const> small_shapes();

}  // namespace bl::results::replica
