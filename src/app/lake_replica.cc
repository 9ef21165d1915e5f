#include "app/lake_replica.h"

#include <fmt/format.h>

#include "app/operator.h"
#include "results/replica_encode.h"
#include "results/replica_proof.h"

namespace bl::app {
namespace {

// What was done of results, with what was done of sweeps as the member `sweeps`.
std::string with_sweeps(std::string results, std::string_view sweeps) {
  results.pop_back();  // the closing brace
  results += ",\"sweeps\":";
  results += sweeps;
  results += '}';
  return results;
}

Result<std::string> work(LakeReplicas replicas, const ops::ReplicaCall& call,
                         const ops::Progress& progress) {
  using Work = ops::ReplicaCall::Work;
  const results::ReplicaProgress go_on = [&](std::string_view phase, std::size_t done,
                                             std::size_t all) {
    return progress(phase, done, all);
  };
  switch (call.work) {
    case Work::refresh: {
      BL_TRY(const results::ReplicaRound round, replicas.results.refresh(go_on));
      BL_TRY(const inference::SweepRound sweeps, replicas.sweeps.refresh(go_on));
      return with_sweeps(results::encode(round), encode(sweeps));
    }
    case Work::check:
    case Work::repair: {
      BL_TRY(const results::ReplicaCheck check,
             replicas.results.check(call.work == Work::repair ? results::ReplicaRepair::yes
                                                              : results::ReplicaRepair::no,
                                    go_on));
      BL_TRY(const inference::SweepComparison sweeps,
             replicas.sweeps.check(call.work == Work::repair, go_on));
      return with_sweeps(results::encode(check), encode(sweeps));
    }
    case Work::prove_removed:
      break;
  }
  BL_TRY(const results::RemovalProof proof, replicas.results.prove_removed(call.results));
  return results::encode(proof);
}

}  // namespace

std::vector<ConfigKey> replica_config_keys() {
  using enum ConfigType;
  return {
      {"replica.enabled", boolean, "false",
       "results and inference sweeps are kept in the lake too, as tables; needs lake.objects"},
      {"replica.refresh_every", duration_ms, "5s", "new results are brought over so often"},
      {"replica.changes_max", integer, "20000", "results that go over in one commit"},
      {"replica.export_rows", integer, "100000",
       "results of one commit of the first export; twice as many are in memory at once"},
      {"replica.log_kept", duration_ms, "168h",
       "rows of the store's change log that the lake has go when they are so old"},
  };
}

Result<ReplicaSettings> replica_settings_from(const Config& config, bool has_lake) {
  ReplicaSettings settings;
  settings.enabled = config.boolean("replica.enabled");
  if (settings.enabled && !has_lake) {
    return Error{Code::invalid, "replica.enabled needs a lake: lake.objects is not set"};
  }
  const auto positive = [&](const char* key, std::int64_t& value) -> Result<void> {
    value = config.integer(key);
    if (value >= 1) return {};
    return Error{Code::invalid, fmt::format("{} must be at least 1: {}", key, value)};
  };
  std::int64_t every = 0;
  BL_RETURN_IF_ERROR(positive("replica.refresh_every", every));
  settings.refresh_every = std::chrono::milliseconds(every);
  BL_RETURN_IF_ERROR(positive("replica.changes_max", settings.limits.changes_max));
  BL_RETURN_IF_ERROR(positive("replica.export_rows", settings.limits.export_rows_max));
  std::int64_t kept = 0;
  BL_RETURN_IF_ERROR(positive("replica.log_kept", kept));
  settings.limits.log_kept = std::chrono::milliseconds(kept);
  return settings;
}

ops::ReplicaPort replica_port(LakeReplicas replicas) {
  return {
      .work = [replicas](const ops::ReplicaCall& call,
                         const ops::Progress& progress) { return work(replicas, call, progress); },
      .status = [replicas] { return results::encode(replicas.results.status()); }};
}

ops::ReplicaCommand replica_command() {
  return [](store::Database& database, lake::Lake& lake, const ops::ReplicaCall& call,
            const ops::Progress& progress) -> Result<std::string> {
    const SystemClock clock;
    SystemRandom random;
    IdSource ids(clock, random);
    Log log(clock, LogLevel::warning, stderr_sink());
    Metrics metrics;
    results::Replicator results(database, lake, ids, clock, log, metrics);
    inference::SweepReplica sweeps(database, lake, metrics);
    return work({results, sweeps}, call, progress);
  };
}

ops::ReplicaProofCommand replica_proof_command() {
  return [](store::Database& database, const ops::ReplicaProofCall& call,
            const ops::Progress& progress) -> Result<ops::ReplicaProofOutcome> {
    const SystemClock clock;
    SystemRandom random;
    IdSource ids(clock, random);
    Log log(clock, LogLevel::warning, stderr_sink());
    Metrics metrics;
    const auto disk = make_real_disk();
    const auto migrations = all_migrations();
    results::ProofRequest request;
    request.folder = call.folder;
    request.program = call.program;
    request.version = call.version;
    request.families = call.families;
    request.variants = call.variants;
    request.readers = call.readers;
    request.repetitions = call.repetitions;
    request.requests = call.requests;
    request.freshness_rounds = call.refreshes;
    request.refresh_every = call.refresh_every;
    request.kills = call.kills;
    BL_TRY(const results::ProofReport report,
           results::prove_replica(request,
                                  {database, migrations, *disk, clock, random, ids, log, metrics},
                                  [&](std::string_view phase, std::size_t done, std::size_t all) {
                                    return progress(phase, done, all);
                                  }));
    using From = results::ProofGate::Outcome;
    using To = ops::ReplicaProofOutcome::Verdict;
    const From outcome = report.outcome();
    return ops::ReplicaProofOutcome{report.json, outcome == From::passed   ? To::passed
                                                 : outcome == From::failed ? To::failed
                                                                           : To::not_run};
  };
}

}  // namespace bl::app
