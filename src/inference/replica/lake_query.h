#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "inference/replica/tables.h"
#include "store/database.h"

/// Questions to the replica's tables. Private to the lake's reader.
namespace bl::inference::replica {

/// A table that a question names, and what of it is asked for.
struct Part {
  const Shape* shape;
  std::vector<lake::ColumnRange> ranges;
};

/// Calls `each` for every row of the answer, until it fails. Errors: unavailable (the replica was
/// not made yet), too_large (more rows than an answer has), those of the engine.
Result<void> ask(lake::Lake& lake, engine::Engine& engine, std::string sql, duck::Values values,
                 std::vector<Part> parts,
                 const std::function<Result<void>(const store::Row&)>& each);

/// The columns of a configuration of a table called `p`, in the order of store/stored_rows.h.
std::string config_columns();

}  // namespace bl::inference::replica
