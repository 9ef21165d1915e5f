#pragma once

#include <string>

#include "results/replica.h"

namespace bl::results {

/// JSON objects of the operator's API (ops/openapi_lake.yaml): ReplicaRefreshed, ReplicaChecked,
/// ReplicaRemoved, ReplicaStatus.
std::string encode(const ReplicaRound& round);
std::string encode(const ReplicaCheck& check);
std::string encode(const RemovalProof& proof);
std::string encode(const ReplicaStatus& status);

}  // namespace bl::results
