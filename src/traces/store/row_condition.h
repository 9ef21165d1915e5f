#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "traces/filter.h"
#include "traces/store/parquet_cells.h"

/// What a filter asks, as far as single columns of a row can say it: every span that matches is a
/// row that meets it. The engine gets it as SQL (filter_sql.h), rows that are read here are asked
/// one by one, and facts of a row group say whether any of its rows may meet it (group_facts.h).
namespace bl::traces {

struct RowCondition {
  enum class Kind : unsigned char {
    always,
    all_of,  ///< the cheaper parts first
    any_of,  ///< of no parts: never
    none_of,
    text,       ///< a column of texts; a cell that is null does not meet it
    number,     ///< a column of numbers
    attribute,  ///< a column of JSON that holds a key, perhaps with a value
  };
  Kind kind = Kind::always;
  /// Every row that meets it is a span that matches. Only such ones are parts of `none_of`.
  bool is_exact = false;
  std::vector<RowCondition> parts;
  std::size_t column = 0;  ///< of SpanTable's
  /// Texts: equal, not_equal, contains. Numbers: without contains.
  Comparison comparison = Comparison::equal;
  std::string text;
  std::int64_t number = 0;
  struct Attribute {
    std::string key;  ///< `"key":`
    /// What stands behind the key when the value is no array; empty: anything may.
    std::string value_begins;
    bool is_text = false;  ///< the value; an array that has it holds `value_begins`, too
    /// All texts that the value may be written as, whole; none: the key is all that is asked.
    std::vector<std::string> values;
  };
  Attribute attribute;
};

RowCondition row_condition_of(const SpanFilter& filter);

/// Rows of a row group or of a batch, ascending.
using Rows = std::vector<std::uint32_t>;
/// The cells of a column of SpanTable's.
using CellsOf = std::function<Result<parquet::Cells>(std::size_t column, const Rows& rows)>;

/// Those of `rows` that meet it. Cost: a column is read for each part, of the rows alone that met
/// the parts before. Errors: those of `cells`.
Result<Rows> rows_that_meet(const RowCondition& condition, Rows rows, const CellsOf& cells);

/// Adds the columns that it asks for; some perhaps twice.
void add_columns_of(const RowCondition& condition, std::vector<std::size_t>& columns);

/// A column of SpanTable's by its name, which is there.
std::size_t span_column(std::string_view name);

}  // namespace bl::traces
