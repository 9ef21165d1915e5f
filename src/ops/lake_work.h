#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lake/lake.h"
#include "ops/model.h"

/// What an operator does to a lake that this process has open: behind the routes, and behind the
/// commands when no server runs. All answers are JSON objects, as openapi_lake.yaml has them.
/// Threads: any.
namespace bl::ops {

struct LakeWorkLimits {
  std::size_t findings_max = 1'000;    ///< that an answer lists; all are counted
  std::size_t snapshots_max = 10'000;  ///< that may be asked for at once
};

/// The lake and all of its tables. From memory. `options`: those that it was opened with;
/// `replica_json`: how the replica of results stands; empty: nothing keeps one here.
Result<std::string> lake_status(lake::Lake& lake, const lake::LakeOptions& options,
                                const std::string& replica_json = {});

/// One table: its columns, its newest `snapshots` snapshots, and what lies in its folder that no
/// snapshot lists. Cost: a listing of its objects. Errors: not_found, those of catalog and store.
Result<std::string> lake_table_status(lake::Lake& lake, const std::string& table,
                                      std::size_t snapshots);

/// What a call is about.
struct LakeCall {
  std::string table;          ///< empty: all of them
  std::int64_t snapshot = 0;  ///< of a rollback
};

/// One thing that can be done.
struct LakeAction {
  enum class Wants : unsigned char { nothing, maybe_table, table_and_snapshot };
  std::string_view name;  ///< `verify`: the last part of the path and of the command
  Wants wants = Wants::nothing;
  /// Errors: not_found (the table, the snapshot), cancelled (by `progress`), those of the lake.
  Result<std::string> (*work)(lake::Lake& lake, const LakeCall& call, const Progress& progress);
};

/// verify, compact, expire, sweep, rollback.
std::span<const LakeAction> lake_actions();
/// BL_CHECKs that there is one of that name.
const LakeAction& lake_action(std::string_view name);

}  // namespace bl::ops
