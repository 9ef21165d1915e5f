#include "app/lake_reads.h"

#include <fmt/format.h>

namespace bl::app {
namespace {

constexpr std::chrono::milliseconds k_pause{100};

}  // namespace

std::vector<ConfigKey> read_config_keys() {
  using enum ConfigType;
  std::vector<ConfigKey> keys = {
      {"reads.history", text, "store",
       "who answers histories: store, shadow(5%), lake, lake+shadow(5%)"},
      {"reads.compare", text, "store", "who answers comparisons of two results"},
      {"reads.health", text, "store", "who answers lists of series, searches and counts"},
      {"reads.runs", text, "store", "who answers results, lists of them, and recent runs"},
      {"reads.unproven", boolean, "false",
       "the lake may answer although no proof says that it answers as the store does"},
      {"reads.behind_max", duration_ms, "30s", "a lake that is further behind is not asked"},
      {"reads.memory", bytes, "512MiB", "memory of all reads of the lake together"},
      {"reads.threads", integer, "2", "threads of all of them"},
      {"reads.running_max", integer, "4", "that run at once; others wait"},
  };
  return keys;
}

Result<ReadSettings> read_settings_from(const Config& config, bool has_replica) {
  ReadSettings settings;
  for (const results::ReadPort port : results::k_read_ports) {
    const std::string key = std::string("reads.") + name_of(port);
    const auto mode = results::parse_read_mode(config.text(key));
    if (!mode.ok()) return Error{Code::invalid, key + " " + mode.error().message};
    if (*mode != results::ReadMode() && !has_replica) {
      return Error{Code::invalid,
                   fmt::format("{} needs replica.enabled: {}", key, config.text(key))};
    }
    mode_of(settings.modes, port) = *mode;
  }
  settings.unproven = config.boolean("reads.unproven");
  const auto positive = [&](const char* key, std::int64_t& value,
                            std::int64_t least = 1) -> Result<void> {
    value = config.integer(key);
    if (value >= least) return {};
    return Error{Code::invalid, fmt::format("{} must be at least {}: {}", key, least, value)};
  };
  std::int64_t behind = 0, memory = 0, threads = 0, running = 0;
  BL_RETURN_IF_ERROR(positive("reads.behind_max", behind));
  BL_RETURN_IF_ERROR(positive("reads.memory", memory, 64ll << 20));
  BL_RETURN_IF_ERROR(positive("reads.threads", threads));
  BL_RETURN_IF_ERROR(positive("reads.running_max", running));
  settings.limits.behind_max = std::chrono::milliseconds(behind);
  settings.engine.database.memory_bytes_max = static_cast<std::uint64_t>(memory);
  settings.engine.database.threads = static_cast<int>(threads);
  settings.engine.admission.running_max = static_cast<std::size_t>(running);
  return settings;
}

Result<std::unique_ptr<LakeReads>> LakeReads::open(const ReadSettings& settings,
                                                   const results::Readers& store,
                                                   const results::DistributionOptions& analysis,
                                                   const World& world) {
  BL_TRY(auto engine, engine::open_duck_engine(world.lake.store(), world.metrics, settings.engine));
  std::unique_ptr<LakeReads> reads(
      new LakeReads(std::move(engine), settings, store, analysis, world));
  BL_RETURN_IF_ERROR(reads->set_modes(settings));
  return reads;
}

LakeReads::LakeReads(std::unique_ptr<engine::Engine> engine, const ReadSettings& settings,
                     const results::Readers& store, const results::DistributionOptions& analysis,
                     const World& world)
    : engine_(std::move(engine)),
      evidence_(world.evidence),
      log_(world.log),
      history_(world.lake, *engine_, world.database.dialect(), analysis.mode, analysis.commits),
      compare_(world.lake, *engine_, analysis.mode, analysis.commits),
      health_(world.lake, *engine_, world.database.dialect(), analysis.mode, analysis.commits),
      runs_(world.lake, *engine_, analysis.mode),
      router_(store, {history_, compare_, health_, runs_, analysis.mode}, world.evidence,
              {world.database, [&replicator = world.replicator] { return replicator.status(); },
               world.clock, world.random, world.log, world.metrics},
              settings.limits) {}

void LakeReads::start() {
  task_ = std::make_unique<PeriodicTask>(k_pause, [this] { return router_.compare_some(); });
}

Result<void> LakeReads::set_modes(const ReadSettings& settings) {
  const auto proved = demand_proved(settings.modes, evidence_);
  if (!proved.ok() && !settings.unproven) return proved;
  const results::ReadModes before = router_.modes();
  router_.set_modes(settings.modes);
  std::int64_t unproven = 0;
  for (const results::ReadPort port : results::k_read_ports) {
    const results::ReadMode& now = mode_of(settings.modes, port);
    results::ReadModes alone{};
    mode_of(alone, port) = now;
    const bool is_unproven = !demand_proved(alone, evidence_).ok();
    unproven += is_unproven ? 1 : 0;
    if (now == mode_of(before, port)) continue;
    log_.info("reads", {{"port", name_of(port)}, {"mode", text_of(now)}});
    if (is_unproven) {
      log_.warning("reads_unproven", {{"port", name_of(port)}, {"mode", text_of(now)}});
    }
  }
  unproven_ports_ = unproven;
  return {};
}

}  // namespace bl::app
