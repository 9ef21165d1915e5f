#pragma once

#include <string>
#include <vector>

#include "lake/lake.h"
#include "results/replica.h"
#include "store/database.h"

/// Deleted results leave the lake's files, and the proof of it. Private to the replica.
namespace bl::results::replica {

/// Errors: conflict (the store has one of them).
Result<void> demand_deleted(store::Database& database, const std::vector<std::string>& ids);

/// Forgets the snapshots that nobody reads, removes their files, and looks for the ids in every
/// data file of the results that is there, listed or not.
Result<RemovalProof> prove_removed(lake::Lake& lake, Timestamp now,
                                   const std::vector<std::string>& ids);

}  // namespace bl::results::replica
