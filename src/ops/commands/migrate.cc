#include <fmt/format.h>

#include "base/disk.h"
#include "base/json.h"
#include "ops/commands/declarations.h"
#include "ops/migration_plan.h"
#include "ops/store_access.h"

namespace bl::ops {
namespace {

using Steps = std::vector<store::MigrationStep>;

// Measured on two cores: results of others become rows of lists at this rate.
constexpr std::int64_t k_backfill_per_second = 2'000;

/// What a dry run found beside the steps.
struct Outlook {
  MigrationPlan plan;
  BackfillPort::State backfill;
};

void write_outlook(json::Writer& writer, const Outlook& outlook) {
  writer.member("schema", outlook.plan.schema);
  writer.key("tables").begin_array();
  for (const auto& table : outlook.plan.tables) {
    writer.begin_object()
        .member("name", table.name)
        .member("rows", table.rows)
        .member("bytes", table.bytes)
        .end_object();
  }
  writer.end_array().key("added_tables").begin_array();
  for (const std::string& table : outlook.plan.added_tables) writer.value(table);
  writer.end_array().key("indexes").begin_array();
  for (const auto& index : outlook.plan.indexes) {
    writer.begin_object()
        .member("name", index.name)
        .member("table", index.table)
        .member("bytes", index.bytes)
        .end_object();
  }
  writer.end_array();
  writer.member("results_to_backfill", outlook.backfill.left)
      .member("backfill_seconds", outlook.backfill.left / k_backfill_per_second);
}

void print_outlook(const Outlook& outlook, CommandIo& io) {
  if (outlook.plan.schema.empty()) return;
  fmt::print(io.out, "\nschema found: {}\n", outlook.plan.schema);
  Table table({{"table"}, {"rows", Table::Align::right}, {"bytes", Table::Align::right}});
  for (const auto& one : outlook.plan.tables)
    table.add_row({one.name, std::to_string(one.rows), std::to_string(one.bytes)});
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  for (const std::string& name : outlook.plan.added_tables)
    fmt::print(io.out, "would add the table {}\n", name);
  for (const auto& index : outlook.plan.indexes) {
    fmt::print(io.out, "would build the index {} of {} beside its writers, about {} bytes\n",
               index.name, index.table, index.bytes);
  }
  fmt::print(io.out, "would make rows of lists from about {} results, about {} s\n",
             outlook.backfill.left, outlook.backfill.left / k_backfill_per_second);
}

void print_steps(const Steps& steps, bool as_json, CommandIo& io,
                 const Outlook* outlook = nullptr) {
  if (as_json) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("migrations").begin_array();
    for (const store::MigrationStep& step : steps) {
      writer.begin_object()
          .member("number", step.number)
          .member("name", step.name)
          .member("state", store::name_of(step.state))
          .end_object();
    }
    writer.end_array();
    if (outlook != nullptr && !outlook->plan.schema.empty()) write_outlook(writer, *outlook);
    writer.end_object();
    fmt::print(io.out, "{}\n", text);
    return;
  }
  Table table({{"number", Table::Align::right}, {"migration"}, {"state"}});
  for (const store::MigrationStep& step : steps)
    table.add_row({std::to_string(step.number), step.name, store::name_of(step.state)});
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  if (outlook != nullptr) print_outlook(*outlook, io);
}

Result<Outlook> outlook_of(const StorePlace& place, const CommandPorts& ports, const Steps& steps,
                           const Clock& clock) {
  Outlook outlook;
  if (place.dialect == store::Dialect::sqlite) return outlook;
  BL_TRY(const OpenedStore opened, open_for_reading(place, clock));
  BL_TRY(outlook.plan, plan_of(*opened.database, ports.migrations, steps));
  if (ports.backfill.state) {
    BL_TRY(outlook.backfill, ports.backfill.state(*opened.database));
  }
  return outlook;
}

/// A store that is not there yet misses every step.
Result<Steps> plan(const StorePlace& place, const std::vector<store::Migration>& migrations,
                   const Clock& clock) {
  const auto opened = open_for_reading(place, clock);
  if (opened.ok()) return store::plan_migrations(*opened->database, migrations);
  if (opened.error().code != Code::not_found || place.dialect != store::Dialect::sqlite)
    return opened.error();
  Steps steps;
  for (const store::Migration& migration : migrations)
    steps.push_back({migration.number, std::string(migration.name)});
  return steps;
}

std::size_t missing_of(const Steps& steps) {
  return static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(), [](const store::MigrationStep& step) {
        return step.state == store::MigrationStep::State::missing;
      }));
}

/// What keeps the real call from doing anything; nullptr: nothing.
const store::MigrationStep* obstacle_of(const Steps& steps) {
  const auto found = std::find_if(steps.begin(), steps.end(), [](const store::MigrationStep& step) {
    return step.state == store::MigrationStep::State::changed ||
           step.state == store::MigrationStep::State::unknown;
  });
  return found == steps.end() ? nullptr : &*found;
}

bool is_current(const Steps& steps) {
  return !steps.empty() && std::all_of(steps.begin(), steps.end(), [](const auto& step) {
    return step.state == store::MigrationStep::State::applied;
  });
}

Result<ExitCode> dry_run(const CommandPorts& ports, const ServerSetting& setting,
                         const Steps& before, bool as_json, CommandIo& io) {
  const SystemClock clock;
  BL_TRY(const Outlook outlook, outlook_of(setting.place, ports, before, clock));
  print_steps(before, as_json, io, &outlook);
  if (const store::MigrationStep* obstacle = obstacle_of(before)) {
    fmt::print(io.err, "dry run: this program would refuse the store; migration {} {} is {}\n",
               obstacle->number, obstacle->name, store::name_of(obstacle->state));
    return ExitCode::regression;
  }
  fmt::print(io.err, "dry run: {} migrations would be applied\n", missing_of(before));
  return ExitCode::ok;
}

/// Triggers first: what others do while the backfill runs is noted.
Result<void> after_schema(const CommandPorts& ports, store::Database& database, bool triggers,
                          CommandIo& io) {
  if (database.dialect() == store::Dialect::sqlite) return {};
  if (triggers && ports.backfill.triggers) {
    for (const std::string& statement : ports.backfill.triggers()) {
      BL_RETURN_IF_ERROR(database.write([&](store::Connection& connection) {
        return connection.query_text(statement, {}, [](const store::Row&) { return true; });
      }));
    }
    fmt::print(io.err, "triggers note what others change\n");
  }
  if (!ports.backfill.run) return {};
  const SystemClock clock;
  PhaseBars bars(io.err, clock);
  return ports.backfill.run(database,
                            [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
                              bars.show(phase, done, std::max(done, total));
                              return true;
                            });
}

Result<ExitCode> migrate(const CommandPorts& ports, const ServerSetting& setting,
                         const Arguments& arguments, CommandIo& io) {
  const SystemClock clock;
  const std::vector<store::Migration>& migrations = ports.migrations;
  const bool as_json = arguments.flag("--json");
  BL_TRY(const Steps before, plan(setting.place, migrations, clock));
  if (arguments.flag("--dry-run")) return dry_run(ports, setting, before, as_json, io);
  const bool is_sqlite = setting.place.dialect == store::Dialect::sqlite;
  if (is_sqlite && is_current(before)) {
    print_steps(before, as_json, io);
    fmt::print(io.err, "the schema is up to date\n");
    return ExitCode::ok;
  }
  if (is_sqlite) BL_RETURN_IF_ERROR(make_real_disk()->make_folder(setting.data_folder));
  BL_TRY(const OpenedStore opened, open_as_owner(setting.place, clock));
  auto migrated = opened.database->migrate(migrations);
  if (!migrated.ok())
    return std::move(migrated).error().with_context("the store " + setting.place.redacted);
  BL_TRY(const Steps after, store::plan_migrations(*opened.database, migrations));
  print_steps(after, as_json, io);
  const std::size_t applied = missing_of(before) - missing_of(after);
  if (applied == 0) {
    fmt::print(io.err, "the schema is up to date\n");
  } else {
    fmt::print(io.err, "{} migrations applied\n", applied);
  }
  BL_RETURN_IF_ERROR(after_schema(ports, *opened.database, arguments.flag("--triggers"), io));
  return ExitCode::ok;
}

}  // namespace

Command migrate_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "migrate",
       .help = "brings the store's schema up to date, under a lock; a start of the server does too",
       .example = "benchlake migrate --dry-run --data ./data",
       .options = {{.name = "--dry-run", .help = "only say what would be done"},
                   {.name = "--triggers",
                    .help = "PostgreSQL: note at once what other programs do to the results"}},
       .arguments = {}},
      [ports](const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
        return migrate(ports, setting, arguments, io);
      });
}

}  // namespace bl::ops
