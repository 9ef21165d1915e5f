#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "app/periodic_task.h"
#include "base/config.h"
#include "base/random.h"
#include "engine/duck_engine.h"
#include "results/lake_compare.h"
#include "results/lake_history.h"
#include "results/lake_runs.h"
#include "results/lake_series.h"
#include "results/read_router.h"
#include "results/store_distributions.h"

/// Reads of results that the lake may answer: the settings `reads.*`, and the parts behind them.
namespace bl::app {

struct ReadSettings {
  results::ReadModes modes{};
  bool unproven = false;  ///< the lake may answer without evidence
  results::ReadRouterLimits limits;
  engine::DuckEngineLimits engine;
};

std::vector<ConfigKey> read_config_keys();
/// Errors: invalid, naming the key (also: a mode that asks a lake where `replica.enabled` is not).
Result<ReadSettings> read_settings_from(const Config& config, bool has_replica);

/// The lake's readers, the engine below them, and the router before them and the store's.
class LakeReads {
 public:
  struct World {
    store::Database& database;
    lake::Lake& lake;
    results::Replicator& replicator;
    results::ReadEvidence& evidence;
    const Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
  };
  /// All that is given outlives it. Errors: those of the engine; conflict (demand_proved).
  static Result<std::unique_ptr<LakeReads>> open(const ReadSettings& settings,
                                                 const results::Readers& store,
                                                 const results::DistributionOptions& analysis,
                                                 const World& world);
  /// Comparisons are made from here on.
  void start();
  void stop() { task_.reset(); }
  /// Other modes than before. Errors: conflict (demand_proved): nothing is changed.
  Result<void> set_modes(const ReadSettings& settings);
  results::ReadRouter& router() { return router_; }
  /// What they ask: shared with other readers of the lake.
  engine::Engine& engine() { return *engine_; }
  /// That the lake answers although its evidence is not whole; as of the last set_modes().
  std::int64_t unproven_ports() const { return unproven_ports_; }

 private:
  LakeReads(std::unique_ptr<engine::Engine> engine, const ReadSettings& settings,
            const results::Readers& store, const results::DistributionOptions& analysis,
            const World& world);

  std::unique_ptr<engine::Engine> engine_;
  results::ReadEvidence& evidence_;
  Log& log_;
  results::LakeHistoryReader history_;
  results::LakeCompareReader compare_;
  results::LakeProjectHealthReader health_;
  results::LakeRunBrowser runs_;
  results::ReadRouter router_;
  std::atomic<std::int64_t> unproven_ports_ = 0;
  std::unique_ptr<PeriodicTask> task_;
};

}  // namespace bl::app
