#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "columns/type.h"
#include "lake/lake.h"
#include "store/database.h"

/// The tables of the replica as data: which columns the lake has, and where each comes from in the
/// store. docs/formats/replica.md is the same for people; a test compares the two. Private to the
/// replica.
namespace bl::inference::replica {

struct Column {
  std::string_view name;
  columns::Kind kind;
  bool nullable;
  std::string_view from;  ///< SQL over the tables, with the marks of store/both_dialects.h
};

struct Shape {
  std::string_view name;
  std::span<const Column> columns;
  std::string_view tables;  ///< ` from ...`, with marks
  std::string_view run;     ///< SQL of the row's run in the store
  std::string_view row;     ///< the lake's column that is unique
  lake::Layout layout;

  columns::Schema schema() const;
  /// `select A, B, ... from ... where RUN in (...) order by ...`, in the store's dialect: of those
  /// of the runs that are the newest attempt.
  std::string select(std::span<const std::int64_t> runs, store::Dialect dialect) const;
};

/// Every table has this column: the row of `runs` that a row belongs to.
inline constexpr std::string_view k_run = "run_no";

const Shape& runs_shape();
const Shape& points_shape();
const Shape& evals_shape();
const Shape& run_stats_shape();
const Shape& changelogs_shape();
/// The table of a shape; made when it is not there. Errors: as lake::ensure_table().
Result<std::shared_ptr<lake::Table>> table_of(lake::Lake& lake, const Shape& shape);

/// In the order in which they are published: runs last, with the mark that ends a refresh.
std::span<const Shape* const> all_shapes();

}  // namespace bl::inference::replica
