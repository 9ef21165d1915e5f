#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "objects/object_store.h"

namespace bl::engine {

/// The files of a table that a query opens, and where.
struct TableFiles {
  std::vector<const lake::DataFile*> files;  ///< of the snapshot, which is kept by the caller
  std::vector<std::string> paths;            ///< of the same
  std::int64_t skipped = 0;
  std::optional<lake::RowNumbers> numbers;  ///< where the table's rows are numbered
};

/// Prunes by the table's ranges, orders as it says. Errors: unsupported (a store that is no
/// folder).
Result<TableFiles> files_of(const NamedTable& table, const objects::ObjectStore& store);

}  // namespace bl::engine
