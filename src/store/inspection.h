#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/database.h"

/// Questions that an operator asks of a store; they change nothing. Threads: any.
namespace bl::store {

struct TableRows {
  std::string table;  ///< PostgreSQL: `schema.table`
  std::int64_t rows = 0;
  bool operator==(const TableRows&) const = default;
};
/// Every table of the store with its rows counted, in one snapshot, by name. PostgreSQL: those of
/// the schemas public and benchlake. Cost: a scan of each; read_ms_max holds.
Result<std::vector<TableRows>> count_rows(Database& database);
/// The same in a snapshot that the caller has.
Result<std::vector<TableRows>> count_rows(Connection& connection);

struct MigrationStep {
  enum class State : unsigned char {
    applied,
    missing,  ///< migrate() would apply it
    changed,  ///< applied, but with another text than this program's
    unknown,  ///< applied, and this program does not know it: the store is newer
  };
  std::int64_t number = 0;
  std::string name;
  State state = State::missing;
};
const char* name_of(MigrationStep::State state);

/// What migrate(migrations) would find, by number. Errors: those of the driver.
Result<std::vector<MigrationStep>> plan_migrations(Database& database,
                                                   std::span<const Migration> migrations);

}  // namespace bl::store
