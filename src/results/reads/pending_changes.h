#pragma once

#include "results/reads/question.h"
#include "store/database.h"

namespace bl::results::reads {

struct PendingLimits {
  std::int64_t changes_max = 2'000;  ///< looked at for one read; more: it may well be touched
};

/// Whether changes behind `place` of the change log, which the lake does not have, may change the
/// answer to a question about `subject`. A change that cannot be told (a deleted result, a commit
/// that became known) counts. Cost: one probe of the log; where there are changes, so many results.
Result<bool> is_touched(store::Database& database, std::int64_t place, const Subject& subject,
                        const PendingLimits& limits = {});

/// The newest place of the change log; 0 when it is empty.
Result<std::int64_t> newest_place(store::Database& database);

}  // namespace bl::results::reads
