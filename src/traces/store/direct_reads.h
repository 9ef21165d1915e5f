#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "columns/batch.h"
#include "lake/file_set.h"
#include "objects/object_store.h"
#include "traces/store/footers.h"
#include "traces/store/row_condition.h"

/// Rows of some traces out of a file, without the engine: a few milliseconds of parsing, binding
/// and planning are more than the reading itself. One request for neighbouring row groups; ids are
/// looked at first, and the other columns of those groups alone that have one. Searches look at the
/// columns that they ask for, and at nothing else.
namespace bl::traces {

/// Hours of starts, both included.
struct Hours {
  std::int32_t first = 0, last = 0;
};

struct DirectQuery {
  std::vector<TraceId> ids;  ///< in order of (high, low) as signed numbers
  Hours hours;
  std::optional<Window> starts;
  const RowCondition* condition = nullptr;  ///< rows that do not meet it are left out
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
/// `columns`: those that are asked for; none: all.
std::vector<GroupRun> runs_of(const parquet::Footer& footer, std::span<const std::size_t> groups,
                              std::span<const std::size_t> columns = {});

/// Gives `each` the cells of each of those row groups, one group after the other. Of `columns`
/// none: all. Errors: those of the store (not_found, io, ...), corrupt, unsupported, and those of
/// `each`.
Result<void> each_group(objects::ObjectStore& store, const lake::DataFile& file,
                        const parquet::Footer& footer, std::span<const std::size_t> groups,
                        std::span<const std::size_t> columns,
                        const std::function<Result<void>(std::size_t, const CellsOf&)>& each);

/// Gives `each` the rows of a row group as a batch, one after the other; it may be another thread
/// that calls it, but none does any more on return. Errors: as each_group.
Result<void> read_directly(objects::ObjectStore& store, const lake::DataFile& file,
                           const parquet::Footer& footer, std::span<const std::size_t> groups,
                           const DirectQuery& query, const DirectColumns& columns,
                           const std::function<Result<void>(const columns::Batch&)>& each);

/// Rows that meet a condition and began within a window.
struct ScanQuery {
  const RowCondition& condition;
  Window starts;
};
using EachStart = std::function<void(const TraceId&, std::int64_t start_ns)>;
/// The columns that it reads.
std::vector<std::size_t> columns_of(const ScanQuery& query);
/// The cells of a batch of the table, which outlives them.
CellsOf cells_of(const columns::Batch& batch);
/// `are_within`: all rows began within the window, which is known. Errors: those of `cells`.
Result<void> scan_rows(std::int64_t rows, const ScanQuery& query, bool are_within,
                       const CellsOf& cells, const EachStart& each);

}  // namespace bl::traces
