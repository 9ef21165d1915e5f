#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "bigquery/googlesql.h"
#include "bigquery/tables.h"
#include "engine/engine.h"

/// INSERT, UPDATE, DELETE, MERGE and TRUNCATE: a query that says which rows change, and one commit
/// of the table (ADR 0007).
namespace bl::bigquery {

/// Rows.
struct Changed {
  std::int64_t inserted = 0, updated = 0, deleted = 0;
  bool operator==(const Changed&) const = default;
};

struct ChangeLimits {
  /// Of new rows, and of rows that go.
  std::int64_t rows_max = 50'000'000;
  std::uint64_t bytes_max = 2ull << 30;
  /// What is only inserted goes to the table's journal up to here, and above it to files.
  std::uint64_t append_bytes_max = 8u << 20;
  /// How often all is done again when maintenance moved the files meanwhile.
  int attempts_max = 8;
};

/// Runs the statement, all of it or nothing, and returns when what it did is durable and seen by
/// every later snapshot. `parameters`: one for each of `statement.parameters`, in that order. Of
/// `limits` only the time counts, from the call on.
///
/// The statement sees the tables as they were at some moment after the call; of its target, every
/// row that was acknowledged before the call. Rows that others append meanwhile stay as they are
/// and are not lost. UPDATE, DELETE, MERGE and TRUNCATE of one table stand in a line. Each file
/// with a row that changes is written anew.
///
/// Errors: those of Engine::run (invalid: also what the table's fields forbid, and a target row
/// that several source rows would change); not_found (a table); forbidden (a target that is read
/// only); conflict (files moved attempts_max times, or the target's schema is no longer that of the
/// statement); too_large (rows_max, bytes_max); unsupported (a target with a column of a name that
/// row numbers need); those of lake::Table. After outcome_unknown it may have been done.
///
/// Threads: any.
Result<Changed> apply_changes(const sql::Translated& statement, const duck::Values& parameters,
                              Tables& tables, engine::Engine& engine,
                              const engine::QueryLimits& limits,
                              std::shared_ptr<engine::QueryControl> control,
                              const ChangeLimits& change_limits = {});

}  // namespace bl::bigquery
