#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_copy.h"
#include "base/numbers.h"
#include "ops/checks/checks.h"
#include "ops/store_access.h"
#include "store/sqlite_file.h"

namespace bl::ops {
namespace {

using Severity = Finding::Severity;

constexpr double k_wal_note_bytes = 256.0 * (1 << 20);
constexpr std::int64_t k_clock_slack_s = 300;

std::optional<double> bytes_of(const std::string& path) {
  struct stat facts{};
  if (stat(path.c_str(), &facts) != 0) return std::nullopt;
  return static_cast<double>(facts.st_size);
}

/// Files that a killed backup or restore left, and stores that a restore has put aside.
void check_left_overs(const std::string& file, Findings& findings) {
  const std::string folder = folder_of(file);
  const std::string base = file.substr(file.rfind('/') + 1);
  const auto disk = make_real_disk();
  const auto names = disk->list(folder);
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    const bool is_kept = name.starts_with(base + ".replaced-");
    if (!is_kept && name != base + ".restoring") continue;
    const std::string path = folder + "/" + name;
    findings.add(Severity::note, "left_overs", path,
                 fmt::format("{}: {}", readable_bytes(bytes_of(path).value_or(0)),
                             is_kept ? "the store that a restore replaced"
                                     : "a restore that was killed left it"),
                 is_kept ? "remove it when you are sure that you do not need it" : "remove it");
  }
}

void check_integrity(const std::string& file, Findings& findings) {
  const auto problems = store::check_sqlite_file(file, store::CheckDepth::quick);
  const char* remedy =
      "stop the server, keep a copy of the file, restore the newest backup: benchlake restore";
  if (!problems.ok()) {
    findings.add(Severity::error, "integrity", file, problems.error().message, remedy);
  } else if (!problems->empty()) {
    findings.add(Severity::error, "integrity", file,
                 fmt::format("the database is damaged, {} problems, the first: {}",
                             problems->size(), problems->front()),
                 remedy);
  } else {
    findings.fine("integrity", file,
                  "the database is sound, " + readable_bytes(bytes_of(file).value_or(0)));
  }
}

void check_schema(const DoctorRequest& request, store::Database& database, Findings& findings) {
  const std::string& where = request.setting.place.redacted;
  const auto steps = store::plan_migrations(database, request.migrations);
  if (!steps.ok()) {
    findings.add(Severity::error, "schema", where, steps.error().message,
                 "see whether the store answers");
    return;
  }
  using State = store::MigrationStep::State;
  std::size_t missing = 0;
  for (const store::MigrationStep& step : *steps) {
    const std::string name = fmt::format("migration {} {}", step.number, step.name);
    if (step.state == State::missing) ++missing;
    if (step.state == State::changed) {
      findings.add(Severity::error, "schema", where,
                   name + " was applied with another text than this program's",
                   "run the program that made the store, or restore a backup");
    } else if (step.state == State::unknown) {
      findings.add(Severity::error, "schema", where,
                   name + " is not known to this program: the store is newer",
                   "install the newer program");
    }
  }
  if (missing > 0) {
    findings.add(Severity::warning, "schema", where,
                 fmt::format("{} of {} migrations are missing", missing, steps->size()),
                 "`benchlake migrate`, or start the server");
  } else {
    findings.fine("schema", where, fmt::format("{} migrations are applied", steps->size()));
  }
}

/// Of facts that should be none.
struct FactRule {
  std::string_view name;
  Severity severity;
  const char* check;
  const char* what;  // after the number
  const char* remedy;
};
constexpr FactRule k_fact_rules[] = {
    {"unknown_commits", Severity::warning, "commits",
     "commits are unknown: their results are in no history",
     "submit from a checkout (--git), or let the server reach GitHub"},
    {"stale_series", Severity::note, "series", "series wait for their status to be judged anew",
     "nothing while a server runs: it does so by itself"},
    {"failed_alert_messages", Severity::warning, "alerts",
     "messages of alerts failed for good: nobody got them",
     "see why: GET /api/v1/alerts/deliveries?status=failed; what failed is not sent again"},
    {"abandoned_jobs", Severity::warning, "jobs",
     "background jobs were left by a server that died or lost the store, and nobody has taken them "
     "over",
     "start a server on the store: it takes them over; GET /api/v1/background-jobs names them"},
    {"changed_units", Severity::warning, "units",
     "units are set in another direction than the best values of stored results were chosen by",
     "start the server anew with these results.units: it chooses them again"},
    {"machines_with_other_keys", Severity::note, "hardware_keys",
     "machines keep a hash of other keys than results.hardware_keys: their series go on, apart "
     "from those of new machines",
     "nothing, if that is what you want; else set results.hardware_keys as it was"},
};

const FactRule* rule_of(const StoredFact& fact) {
  for (const FactRule& rule : k_fact_rules) {
    if (rule.name == fact.name && fact.value > 0) return &rule;
  }
  return nullptr;
}

void check_facts(const DoctorRequest& request, store::Database& database, const Clock& clock,
                 Findings& findings) {
  const std::string& where = request.setting.place.redacted;
  const auto facts = request.facts(database);
  if (!facts.ok()) {
    findings.add(Severity::note, "facts", where, facts.error().message,
                 "bring the schema up to date first");
    return;
  }
  for (const StoredFact& fact : *facts) {
    if (fact.name == "newest_change_s") {
      if (fact.value <= clock.now().micros / 1'000'000 + k_clock_slack_s) continue;
      findings.add(Severity::error, "clock", "system clock",
                   "the store holds changes from the future: " +
                       to_rfc3339(Timestamp::from_seconds(fact.value)),
                   "set the clock (NTP): ids and histories are ordered by it");
    } else if (const FactRule* rule = rule_of(fact); rule != nullptr) {
      findings.add(rule->severity, rule->check, where, fmt::format("{} {}", fact.value, rule->what),
                   rule->remedy);
    } else {
      findings.fine("facts", where, fmt::format("{}: {}", fact.title, fact.value));
    }
  }
}

struct SettingRule {
  const char* name;
  const char* good;
  Severity severity;
  const char* what;
};
constexpr SettingRule k_rules[] = {
    {"fsync", "on", Severity::error, "a crash of the machine can destroy the database"},
    {"full_page_writes", "on", Severity::error, "a crash of the machine can tear pages"},
    {"synchronous_commit", "on", Severity::error, "what was acknowledged can be lost in a crash"},
    {"zero_damaged_pages", "off", Severity::error, "damaged pages are wiped silently"},
    {"autovacuum", "on", Severity::warning, "tables and indexes bloat"},
};

bool is_good(const SettingRule& rule, std::string_view value) {
  if (value == rule.good) return true;
  // Stronger than "on".
  return std::string_view(rule.name) == "synchronous_commit" && value == "remote_apply";
}

Result<std::vector<std::vector<std::string>>> rows_of(store::Database& database,
                                                      const store::Sql& sql, int columns) {
  std::vector<std::vector<std::string>> rows;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    rows.clear();
    return connection.query(sql, {}, [&](const store::Row& row) {
      std::vector<std::string> texts;
      for (int i = 0; i < columns; ++i) texts.emplace_back(row.text(i));
      rows.push_back(std::move(texts));
      return true;
    });
  }));
  return rows;
}

void check_settings(store::Database& database, Findings& findings) {
  const auto rows = rows_of(database,
                            "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN "
                            "('fsync', 'full_page_writes', 'synchronous_commit',"
                            " 'zero_damaged_pages', 'autovacuum') ORDER BY name",
                            2);
  if (!rows.ok()) {
    return findings.add(Severity::warning, "settings", "pg_settings", rows.error().message);
  }
  bool all_good = true;
  for (const auto& row : *rows) {
    for (const SettingRule& rule : k_rules) {
      if (row[0] != rule.name || is_good(rule, row[1])) continue;
      all_good = false;
      findings.add(
          rule.severity, "settings", rule.name, fmt::format("is {}: {}", row[1], rule.what),
          fmt::format("ALTER SYSTEM SET {} = {}; SELECT pg_reload_conf()", rule.name, rule.good));
    }
  }
  if (all_good) findings.fine("settings", "pg_settings", "none loses data");
}

void check_indexes(store::Database& database, Findings& findings) {
  const auto rows =
      rows_of(database,
              "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_index i"
              " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
              " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
              " WHERE NOT i.indisvalid AND n.nspname IN ('public', 'benchlake') ORDER BY 1",
              1);
  if (!rows.ok()) {
    return findings.add(Severity::warning, "indexes", "pg_index", rows.error().message);
  }
  for (const auto& row : *rows) {
    findings.add(Severity::warning, "indexes", row[0],
                 "is invalid: a concurrent build failed or is under way",
                 "`benchlake migrate` builds ours anew; else DROP INDEX CONCURRENTLY " + row[0]);
  }
  if (rows->empty()) findings.fine("indexes", "pg_index", "all are valid");
}

void check_long_transactions(store::Database& database, Findings& findings) {
  const auto rows = rows_of(
      database,
      "SELECT pid, coalesce(application_name, ''),"
      " extract(epoch FROM clock_timestamp() - xact_start)::bigint"
      " FROM pg_catalog.pg_stat_activity WHERE datname = current_database()"
      " AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '5 minutes'"
      " ORDER BY 3 DESC LIMIT 5",
      3);
  for (const auto& row : rows.ok() ? *rows : std::vector<std::vector<std::string>>()) {
    findings.add(
        Severity::warning, "transactions", fmt::format("pid {} {}", row[0], row[1]),
        fmt::format("a transaction is open since {} s: vacuum and migrations wait for it", row[2]),
        fmt::format("SELECT pg_terminate_backend({}) when nobody needs it", row[0]));
  }
}

}  // namespace

void check_contents(const DoctorRequest& request, store::Database& database, const Clock& clock,
                    Findings& findings) {
  check_schema(request, database, findings);
  check_facts(request, database, clock, findings);
}

void check_sqlite(const DoctorRequest& request, const Clock& clock, Findings& findings) {
  const StorePlace& place = request.setting.place;
  if (!bytes_of(place.file)) {
    findings.add(Severity::note, "store", place.file, "there is no store yet",
                 "the first start of the server makes it");
    return;
  }
  if (access(place.file.c_str(), R_OK | W_OK) != 0) {
    findings.add(Severity::error, "store", place.file, "this user may not read and write the store",
                 "run as its owner, or chown it");
    return;
  }
  check_integrity(place.file, findings);
  const double wal_bytes = bytes_of(place.file + "-wal").value_or(0);
  if (wal_bytes > k_wal_note_bytes) {
    findings.add(Severity::warning, "wal", place.file + "-wal",
                 readable_bytes(wal_bytes) + ": a reader or a backup holds it, or the disk is slow",
                 "it shrinks by itself when the reader has gone; a restart shrinks it too");
  }
  check_left_overs(place.file, findings);
  const auto opened = open_for_reading(place, clock);
  if (!opened.ok()) {
    findings.add(Severity::error, "store", place.file, opened.error().message,
                 "see the finding `integrity`");
    return;
  }
  check_contents(request, *opened->database, clock, findings);
}

void check_postgres(const DoctorRequest& request, const Clock& clock, Findings& findings) {
  const StorePlace& place = request.setting.place;
  const auto opened = open_for_reading(place, clock);
  if (!opened.ok()) {
    std::string what = opened.error().message;
    const std::string where = place.redacted + ": ";
    if (what.starts_with(where)) what.erase(0, where.size());  // said once is enough
    findings.add(Severity::error, "store", place.redacted, what,
                 "see whether the server runs, and who may connect (pg_hba.conf)");
    return;
  }
  store::Database& database = *opened->database;
  const auto version =
      rows_of(database,
              "SELECT current_setting('server_version'), pg_size_pretty(pg_database_size("
              "current_database()))",
              2);
  if (version.ok() && !version->empty()) {
    findings.fine("store", place.redacted,
                  fmt::format("PostgreSQL {}, {}", version->front()[0], version->front()[1]));
  }
  check_settings(database, findings);
  check_indexes(database, findings);
  check_long_transactions(database, findings);
  check_contents(request, database, clock, findings);
}

}  // namespace bl::ops
