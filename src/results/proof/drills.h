#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "results/replica.h"
#include "results/replica_proof.h"

/// What is done to a replica on purpose, and whether it is found and mended. Private to the proof.
namespace bl::results::proof {

using GoOn = std::function<bool(std::string_view phase, std::size_t done, std::size_t all)>;

/// Damages the largest file of `results` in four ways, looks, mends, looks again. The report's
/// `reconciliation`. `begun` is called before the first damage: who is killed later begins with a
/// repair. Errors: those of the replicator and the lake.
Result<json::Value> damage_and_mend(lake::Lake& lake, Replicator& replicator,
                                    const std::function<Result<void>()>& begun, const GoOn& go_on);

/// A store and a lake of their own in `folder`/drill: one thread submits without a pause, this one
/// refreshes. A result's lag ends with the first refresh that began after its acknowledgement. The
/// report's `freshness`. Errors: those of store and lake.
Result<json::Value> refresh_beside_a_writer(const ProofRequest& request, const ProofWorld& world,
                                            const GoOn& go_on);

/// Over the store that the above left: `lake refresh` as processes that are killed, a catalog that
/// is lost, a copy that is put back. The report's `operations`; empty without a program. Errors:
/// io, those of starting programs.
Result<json::Value> drill_operations(const ProofRequest& request, Disk& disk, const GoOn& go_on);

}  // namespace bl::results::proof
