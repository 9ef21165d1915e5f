#include "app/operator.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/tokens.h"
#include "app/event_log.h"
#include "app/house_lake.h"
#include "app/lake_replica.h"
#include "bigquery/jobs.h"
#include "bigquery/stream_ends.h"
#include "bigquery/tables.h"
#include "inference/schema.h"
#include "ops/lake_setting.h"
#include "results/schema.h"
#include "results/store_alerts.h"
#include "results/store_backfill.h"
#include "results/store_health.h"
#include "results/store_settings.h"
#include "store/audit.h"
#include "store/jobs.h"

namespace bl::app {
namespace {

/// A server that was started anew had time to take them over.
constexpr std::chrono::minutes k_abandoned_after{10};

}  // namespace

std::vector<store::Migration> all_migrations() {
  std::vector<store::Migration> all;
  for (const auto part :
       {results::migrations(), access::migrations(), results::commit_migrations(),
        results::later_migrations(), store::audit_migrations(), access::user_migrations(),
        results::ci_migrations(), results::alert_migrations(), results::shared_table_migrations(),
        results::history_migrations(), results::verdict_migrations(), results::read_migrations(),
        inference::migrations(), results::exemplar_migrations(), bigquery::table_migrations(),
        bigquery::job_migrations(), bigquery::stream_migrations()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

Result<void> demand_current_schema(store::Database& database) {
  BL_TRY(const auto steps, store::plan_migrations(database, all_migrations()));
  const auto missing = std::count_if(steps.begin(), steps.end(), [](const auto& step) {
    return step.state == store::MigrationStep::State::missing;
  });
  if (missing == 0) return {};
  return Error(Code::conflict, fmt::format("{} migrations are missing, and store.migrate is false: "
                                           "run `benchlake migrate` first",
                                           missing));
}

Result<ops::ServerSetting> server_setting(const Settings& settings, Disk& disk) {
  ops::ServerSetting setting;
  setting.data_folder = settings.data_folder;
  BL_TRY(setting.place, ops::place_of(settings.store_uri, settings.store_limits));
  setting.tls = settings.http.tls;
  BL_TRY(const auto lake, lake_in_use(settings, disk));
  const auto shown = [&settings](const lake::LakeOptions& options) {
    return std::make_shared<ops::LakeSetting>(
        ops::LakeSetting{.options = options, .query = settings.query});
  };
  if (lake != nullptr) setting.lake = shown(*lake);
  setting.restored_lake = setting.lake;
  if (lake == nullptr && settings.own_lake != nullptr) {
    setting.restored_lake = shown(*settings.own_lake);
  }
  setting.connections_max = settings.http.limits.connections_max;
  setting.events = event_log_port(settings.events, settings.data_folder, settings.store_uri);
  return setting;
}

ops::StoredFacts stored_facts() {
  return [](store::Database& database) -> Result<std::vector<ops::StoredFact>> {
    BL_TRY(const results::StoreHealth health, results::store_health(database));
    std::vector<ops::StoredFact> facts = {
        {"results", "results", health.results},
        {"runs", "runs", health.runs},
        {"series", "series", health.series},
        {"stale_series", "series that wait for a new judgement", health.stale_series},
        {"commits", "commits", health.commits},
        {"unknown_commits", "commits of which only the hash is known", health.unknown_commits}};
    BL_TRY(const results::AlertCounts alerts, results::alert_counts(database));
    facts.push_back({"open_alerts", "alert rules that are open", alerts.open});
    if (alerts.failed > 0)
      facts.push_back({"failed_alert_messages", "messages of alerts that failed", alerts.failed});
    BL_TRY(const std::int64_t abandoned,
           store::abandoned_jobs(database, SystemClock().now() - k_abandoned_after));
    if (abandoned > 0) facts.push_back({"abandoned_jobs", "jobs that nobody is at", abandoned});
    facts.push_back({"waiting_alert_messages", "messages of alerts that wait", alerts.pending});
    BL_TRY(const results::BackfillState backfill, results::backfill_state(database));
    if (!backfill.done)
      facts.push_back({"backfill_left", "results that lists do not show yet", backfill.left()});
    if (health.newest_change)
      facts.push_back({"newest_change_s", "", health.newest_change->micros / 1'000'000});
    return facts;
  };
}

namespace {

/// Beside those, what stored rows owe to settings of another time.
ops::StoredFacts facts_under(std::shared_ptr<const results::HardwareKeys> keys) {
  return
      [keys = std::move(keys)](store::Database& database) -> Result<std::vector<ops::StoredFact>> {
        BL_TRY(std::vector<ops::StoredFact> facts, stored_facts()(database));
        BL_TRY(const auto units, results::changed_units(database));
        if (!units.empty())
          facts.push_back({"changed_units", "units with another direction than before",
                           static_cast<std::int64_t>(units.size())});
        BL_TRY(const std::int64_t machines, results::machines_with_other_keys(database, *keys));
        if (machines > 0)
          facts.push_back({"machines_with_other_keys", "machines of other keys", machines});
        return facts;
      };
}

}  // namespace

ops::BackfillPort backfill_port() {
  return {.state = [](store::Database& database) -> Result<ops::BackfillPort::State> {
            BL_TRY(const results::BackfillState state, results::backfill_state(database));
            return ops::BackfillPort::State{state.done, state.facts, state.left()};
          },
          .run = [](store::Database& database, const ops::Progress& go_on) -> Result<void> {
            const SystemClock clock;
            Metrics metrics;
            const results::BackfillLimits limits{.page_facts = 5'000};  // nobody waits for us
            results::Backfill backfill(database, clock, metrics, limits);
            BL_TRY(const results::BackfillState before, results::backfill_state(database));
            const auto total = static_cast<std::uint64_t>(before.left());
            for (std::uint64_t looked = 0;;) {
              BL_TRY(const bool is_done, backfill.walk_is_done());
              if (is_done) return {};
              BL_TRY([[maybe_unused]] const bool more, backfill.step());
              looked += limits.page_facts;
              if (!go_on("results looked at", looked, total)) return {};
            }
          },
          .triggers = results::foreign_change_triggers};
}

ops::CommandPorts command_ports() {
  ops::CommandPorts ports;
  ports.options = store_options();
  const auto keys = std::make_shared<results::HardwareKeys>();  // told before facts are asked for
  ports.setting = [keys](const Arguments& arguments,
                         const CommandIo& io) -> Result<ops::ServerSetting> {
    const std::unique_ptr<Disk> disk = make_real_disk();
    BL_TRY(const Config config, load_config(arguments, io, *disk));
    BL_TRY(const Settings settings, settings_from(config, io.environment));
    BL_RETURN_IF_ERROR(results::set_user_units(settings.units));
    *keys = settings.hardware_keys;
    BL_TRY(ops::ServerSetting setting, server_setting(settings, *disk));
    setting.warnings = config.warnings();
    return setting;
  };
  ports.migrations = all_migrations();
  ports.facts = facts_under(keys);
  ports.version = BL_VERSION;
  ports.backfill = backfill_port();
  ports.replica = replica_command();
  ports.replica_proof = replica_proof_command();
  return ports;
}

}  // namespace bl::app
