#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "lake/table.h"

/// What goes when nobody needs it any more. Every step may be cut off at any point: the next call
/// goes on.
namespace bl::lake {

struct Expired {
  std::int64_t files = 0;  ///< removed from the store
  std::int64_t kept = 0;   ///< that a table's second log still lists
};

/// Snapshots of before `keep_from` that are not the newest of a table go, then the files that only
/// they listed. A table that stood still since before `keep_from` while files of others were
/// removed gets an empty commit, so that its newest snapshot keeps them no longer than twice that
/// time. What a table of `tables` or a lease (lease.h) holds stays, and what is in `held`.
/// `tables`: all that this process has open. Errors: those of catalog and store.
Result<Expired> expire(Catalog& catalog, objects::ObjectStore& store,
                       std::span<const std::shared_ptr<Table>> tables, std::set<std::int64_t> held,
                       Timestamp now, Timestamp keep_from);

/// Files in the table's folder that are of before `older_than` and that no log lists go: commits
/// that failed left them. `older_than` must be before the begin of every commit that may still be
/// under way. Gives how many. Errors: as expire().
Result<std::int64_t> sweep(Catalog& catalog, objects::ObjectStore& store, Table& table,
                           Timestamp older_than);

}  // namespace bl::lake
