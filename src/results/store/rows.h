#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "results/model.h"
#include "results/ports.h"
#include "store/database.h"

/// Rows of the results tables -> values. Private to the store's side of the domain.
namespace bl::results {

/// Calls `each` for every row until it fails; gives its error, else the query's.
Result<void> for_each_row(store::Connection& connection, const store::Sql& sql,
                          std::span<const store::Param> params,
                          const std::function<Result<void>(const store::Row&)>& each);
inline Result<void> for_each_row(store::Connection& connection, const store::Sql& sql,
                                 std::initializer_list<store::Param> params,
                                 const std::function<Result<void>(const store::Row&)>& each) {
  return for_each_row(connection, sql, std::span<const store::Param>(params.begin(), params.size()),
                      each);
}

/// A stored document: SQL NULL and the JSON value null are both null (spec/results-conbench.md
/// 1.1). Members are sorted by their keys. Errors: corrupt.
Result<json::Value> document_of(const store::Row& row, int column);
/// As above for columns that hold an object; null, and what is none, gives `{}`.
Result<json::Value> object_of(const store::Row& row, int column);
/// The same as JSON text: compact, sorted.
Result<std::string> object_text_of(const store::Row& row, int column);
/// A stored sample array; null gives `[]`, and what no double holds is a null in it. Errors:
/// corrupt.
Result<json::Array> samples_of(const store::Row& row, int column);

/// What a single value summary is made from, as it lies in a fact row.
struct SummaryColumns {
  std::optional<std::string> unit;
  bool has_error = false;
  std::optional<double> min, max, mean;
  std::string_view data;  ///< JSON array; empty when SQL NULL
};
/// unit, error is not null, min, max, mean, data, beginning at `column`. Views into the row.
SummaryColumns summary_columns(const store::Row& row, int column);
/// No unit, no data, an error, or a null among the data [2.3].
bool failed(const SummaryColumns& columns);
/// The same as BenchmarkResult::summary, without building a result. Samples are parsed only where
/// the stored aggregates do not answer.
Summary summary_of(const SummaryColumns& columns, SummaryMode mode);
/// "min" or "max" by the unit's direction, "mean", or "n/a" without a unit.
std::string_view summary_type(std::optional<std::string_view> unit, SummaryMode mode);

/// Columns of `"commit" c` in the order that commit_of reads them.
#define BL_COMMIT_COLUMNS                                                                 \
  "c.id, c.sha, c.repository, c.parent, @micros{c.timestamp}, c.message, c.author_name, " \
  "c.author_login, c.author_avatar, c.branch, c.fork_point_sha"
inline constexpr int k_commit_columns = 11;
/// nullopt when the id is null (an outer join that found nothing).
std::optional<StoredCommit> commit_of(const store::Row& row, int column);

/// Exactly one bound of a range of texts that begin with `prefix`: the first text after all of
/// them.
std::string after_prefix(std::string_view prefix);

}  // namespace bl::results
