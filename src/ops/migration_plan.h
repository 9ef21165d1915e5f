#pragma once

#include <string>
#include <vector>

#include "store/database.h"
#include "store/inspection.h"

/// What `migrate --dry-run` tells of a PostgreSQL database, beside the steps: whose schema was
/// found, how large its tables are, what would be added.
namespace bl::ops {

struct MigrationPlan {
  std::string schema;  ///< "legacy 99895af5dae2"
  struct Table {
    std::string name;
    std::int64_t rows = 0;  ///< as PostgreSQL estimates them
    std::int64_t bytes = 0;
  };
  std::vector<Table> tables;              ///< Conbench's, largest first
  std::vector<std::string> added_tables;  ///< that missing steps make
  struct Index {
    std::string name, table;
    std::int64_t bytes = 0;  ///< estimated from the table's rows
  };
  std::vector<Index> indexes;  ///< that missing steps build while others write
};

/// Errors: conflict (a database that is refused, with the sentence), those of the driver. Cost:
/// looks at the catalog. SQLite: an empty plan.
Result<MigrationPlan> plan_of(store::Database& database,
                              const std::vector<store::Migration>& migrations,
                              const std::vector<store::MigrationStep>& steps);

}  // namespace bl::ops
