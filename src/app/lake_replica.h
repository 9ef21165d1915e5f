#pragma once

#include <chrono>
#include <vector>

#include "base/config.h"
#include "inference/sweep_replica.h"
#include "ops/lake_replica.h"
#include "results/replica.h"

/// The replicas of results and sweeps in the lake: the settings `replica.*`, and what ops is given
/// of them.
namespace bl::app {

struct ReplicaSettings {
  bool enabled = false;  ///< a task of the server keeps it up to date
  std::chrono::milliseconds refresh_every{5'000};
  results::ReplicaLimits limits;
};

std::vector<ConfigKey> replica_config_keys();
/// Errors: invalid, naming the key (also: enabled without a lake).
Result<ReplicaSettings> replica_settings_from(const Config& config, bool has_lake);

/// Both, over one store and one lake.
struct LakeReplicas {
  results::Replicator& results;
  inference::SweepReplica& sweeps;
};
ops::ReplicaPort replica_port(LakeReplicas replicas);
ops::ReplicaCommand replica_command();
ops::ReplicaProofCommand replica_proof_command();

}  // namespace bl::app
