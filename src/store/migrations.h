#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "store/database.h"

/// The part of migrate() that every driver shares: which steps are missing, and whether those that
/// were applied are the ones that this program knows. The table is `bl_migration` (PostgreSQL:
/// `benchlake.migration`), one row a step with the SHA-256 of its text.
namespace bl::store {

/// What a driver lends. The driver holds its migration lock around apply_migrations.
struct MigrationDriver {
  /// Runs the work in a transaction of its own, durable on return.
  std::function<Result<void>(const std::function<Result<void>(Connection&)>&)> transaction;
  /// Runs statements with `;` between, without parameters, in the transaction of the connection.
  std::function<Result<void>(Connection&, std::string_view script)> script;
  /// PostgreSQL: runs one statement outside of any transaction, however long it takes.
  std::function<Result<void>(std::string_view statement)> alone = {};
};

/// Errors: conflict (a checksum differs, or the database is newer: it names both; or it is a SQLite
/// file of another program), those of the driver, with number and name of the step. BL_CHECKs that
/// the numbers are 1, 2, 3, ...
Result<void> apply_migrations(std::span<const Migration> migrations, Dialect dialect,
                              const MigrationDriver& driver);

}  // namespace bl::store
