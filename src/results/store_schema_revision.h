#pragma once

#include <string>

#include "base/result.h"
#include "store/database.h"

namespace bl::results {

/// What the legacy `ping` says of the schema: the revision in Conbench's own ledger
/// (`alembic_version`) where a database has one; else that of the tables that we make, which are
/// the same.
Result<std::string> schema_revision(store::Database& database);

/// Empties the tables of results and what is kept beside them; users, tokens and settings stay. A
/// test aid: nobody else may be writing.
Result<void> wipe_results(store::Database& database);

}  // namespace bl::results
