#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "columns/batch.h"
#include "lake/file_set.h"
#include "objects/object_store.h"
#include "traces/store/footers.h"

/// Rows of some traces out of a file, without the engine: a few milliseconds of parsing, binding
/// and planning are more than the reading itself. One request for neighbouring row groups; ids are
/// looked at first, and the other columns of those groups alone that have one.
namespace bl::traces {

/// Hours of starts, both included.
struct Hours {
  std::int32_t first = 0, last = 0;
};

struct DirectQuery {
  std::vector<TraceId> ids;  ///< in order of (high, low) as signed numbers
  Hours hours;
  std::optional<Window> starts;
};
/// Orders ids as a DirectQuery wants them.
void sort_ids(std::vector<TraceId>& ids);

/// Columns of the table that are given.
struct DirectColumns {
  columns::Schema schema;
  std::vector<std::size_t> places;  ///< of SpanTable's
};
/// `names`: separated by commas; `*`: all.
DirectColumns direct_columns(std::string_view names);

/// Row groups that are read at once: [first, last] of `groups`, which is ascending.
struct GroupRun {
  std::size_t first = 0, last = 0;
};
std::vector<GroupRun> runs_of(const parquet::Footer& footer, std::span<const std::size_t> groups);

/// Gives `each` the rows of a row group as a batch. Errors: those of the store (not_found, io,
/// ...), corrupt, unsupported, and those of `each`.
Result<void> read_directly(objects::ObjectStore& store, const lake::DataFile& file,
                           const parquet::Footer& footer, std::span<const std::size_t> groups,
                           const DirectQuery& query, const DirectColumns& columns,
                           const std::function<Result<void>(const columns::Batch&)>& each);

}  // namespace bl::traces
