#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

/// What a PostgreSQL database holds of Conbench, seen before anything is written: a database that
/// this program does not know is refused, never guessed at (spec/results-conbench.md 1). Nothing of
/// Conbench's is rewritten, `alembic_version` stays. Order and number of columns mean nothing: a
/// schema that the old program made for itself has another order, and 17 checks more.
namespace bl::store {

struct ConbenchSchema {
  enum class Kind : unsigned char {
    absent,        ///< none of its tables, or SQLite
    legacy,        ///< `alembic_version` names a revision that we know
    renewed,       ///< a ledger of the new Conbench, at a version that we know
    self_created,  ///< all seven tables, and no ledger
    ours,          ///< the seven tables, made by our own migrations
  };
  Kind kind = Kind::absent;
  std::string version;                    ///< the revision, or the ledger's version; else empty
  bool has_submission_key = false;        ///< benchmark_result has the new Conbench's two columns
  std::vector<std::string> added_tables;  ///< of the new Conbench's five, those that are there
};
const char* name_of(ConbenchSchema::Kind kind);

/// The revisions and ledger versions that can be opened, as one phrase.
std::string_view supported_conbench_schemas();

/// Errors: conflict, one sentence with what was found and what is supported: an older, newer or
/// unknown revision, a dirty ledger, a part of the tables only, a column that is not there. Those
/// of the driver. Cost: a few looks at the catalog.
Result<ConbenchSchema> recognise_conbench(Connection& connection);

}  // namespace bl::store
