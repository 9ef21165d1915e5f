#pragma once

#include <functional>
#include <string>

#include "duck/value.h"
#include "lake/delta_model.h"
#include "objects/object_store.h"

/// The rows of a Delta table's version, read by the engine from the files that the log lists.
namespace bl::lake {

/// A SELECT of a snapshot's rows, in no order.
struct DeltaRows {
  std::string sql;      ///< goes into a larger query in parentheses
  duck::Values values;  ///< its parameters, from $1 on
};

/// How the engine and we reach the files of a table, by their paths below it.
struct DeltaPlace {
  std::function<std::string(const std::string& path)> address;       ///< what the engine opens
  std::function<Result<std::string>(const std::string& path)> read;  ///< bytes (of deletions)
};
/// A table below `prefix` in a store whose addresses the engine opens. Keep the store longer.
DeltaPlace delta_place(objects::ObjectStore& store, const std::string& prefix);

/// Columns in the table's order and of its types; those that a file lacks are null; deleted rows
/// are left out. Reads deletions, no data. Errors: unsupported (by name), corrupt (deletions,
/// partition columns), and those of `read`.
Result<DeltaRows> delta_rows(const DeltaSnapshot& snapshot, const DeltaPlace& place);

}  // namespace bl::lake
