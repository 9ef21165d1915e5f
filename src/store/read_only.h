#pragma once

#include <memory>

#include "store/database.h"

/// A database that is only looked at: for a role that may not write, a copy under inspection, a
/// standby. Threads: as Database.
namespace bl::store {

/// Whether this connection's role could write results at all: a standby, a read-only default, or a
/// role without the right to insert. SQLite: false. Errors: those of the driver.
Result<bool> is_read_only(Database& database);

/// Reads go through; write() and migrate() are refused at once: forbidden. On PostgreSQL a read of
/// a table of ours that is not there is `unavailable`, with what to do: Conbench's own tables can
/// be read without them.
std::unique_ptr<Database> make_read_only(std::unique_ptr<Database> database);

}  // namespace bl::store
