#pragma once

#include <span>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

/// ResultWriter over the store. One submission is one transaction: the submission key, the
/// dimension rows, the commit (repaired when it was unknown), the fact, its number, a change-log
/// row, and the derived tables (store_derived.h). Texts and hashes are made on the caller's thread;
/// the writer's only runs statements. Threads: any.
class StoreResultWriter final : public ResultWriter {
 public:
  /// The database is migrated with migrations() (schema.h).
  StoreResultWriter(store::Database& database, IdSource& ids, const Clock& clock)
      : database_(database), ids_(ids), clock_(clock) {}

  Result<Submitted> submit(const Submission& submission) override;
  /// All in one transaction, in order: all are stored, or none. For bulk loads. Errors: as submit.
  Result<std::vector<Submitted>> submit_all(std::span<const Submission> submissions);

 private:
  store::Database& database_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace bl::results
