#pragma once

#include <string_view>

#include "store/database.h"

/// The derived tables made good again: after a commit became known, and as a whole.
namespace bl::results {

/// Makes the good results of a commit that became known points of their histories, where the commit
/// is on the default branch. Inside the transaction that repaired the row. Cost: one pass over the
/// commit's results.
Result<void> add_repaired_history(store::Connection& connection, std::string_view commit_id);

/// Throws the derived tables away and makes them again from the facts, in one transaction that
/// holds the writer for as long as it takes (about 100 us a result). Every status is stale
/// afterwards. For doctor and for a database that another program wrote to.
Result<void> rebuild_derived(store::Database& database);

}  // namespace bl::results
