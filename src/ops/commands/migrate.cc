#include <fmt/format.h>

#include "base/disk.h"
#include "base/json.h"
#include "ops/commands/declarations.h"
#include "ops/store_access.h"

namespace bl::ops {
namespace {

using Steps = std::vector<store::MigrationStep>;

void print_steps(const Steps& steps, bool as_json, CommandIo& io) {
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
    writer.end_array().end_object();
    fmt::print(io.out, "{}\n", text);
    return;
  }
  Table table({{"number", Table::Align::right}, {"migration"}, {"state"}});
  for (const store::MigrationStep& step : steps)
    table.add_row({std::to_string(step.number), step.name, store::name_of(step.state)});
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
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

Result<ExitCode> migrate(const std::vector<store::Migration>& migrations,
                         const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
  const SystemClock clock;
  BL_TRY(const Steps before, plan(setting.place, migrations, clock));
  if (arguments.flag("--dry-run")) {
    print_steps(before, arguments.flag("--json"), io);
    if (const store::MigrationStep* obstacle = obstacle_of(before)) {
      fmt::print(io.err, "dry run: this program would refuse the store; migration {} {} is {}\n",
                 obstacle->number, obstacle->name, store::name_of(obstacle->state));
      return ExitCode::regression;
    }
    fmt::print(io.err, "dry run: {} migrations would be applied\n", missing_of(before));
    return ExitCode::ok;
  }
  if (is_current(before)) {
    print_steps(before, arguments.flag("--json"), io);
    fmt::print(io.err, "the schema is up to date\n");
    return ExitCode::ok;
  }
  if (setting.place.dialect == store::Dialect::sqlite)
    BL_RETURN_IF_ERROR(make_real_disk()->make_folder(setting.data_folder));
  BL_TRY(const OpenedStore opened, open_as_owner(setting.place, clock));
  auto migrated = opened.database->migrate(migrations);
  if (!migrated.ok())
    return std::move(migrated).error().with_context("the store " + setting.place.redacted);
  BL_TRY(const Steps after, store::plan_migrations(*opened.database, migrations));
  print_steps(after, arguments.flag("--json"), io);
  fmt::print(io.err, "{} migrations applied\n", missing_of(before) - missing_of(after));
  return ExitCode::ok;
}

}  // namespace

Command migrate_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "migrate",
       .help = "brings the store's schema up to date, under a lock; a start of the server does too",
       .example = "benchlake migrate --dry-run --data ./data",
       .options = {{.name = "--dry-run", .help = "only say what would be done"}},
       .arguments = {}},
      [migrations = ports.migrations](const ServerSetting& setting, const Arguments& arguments,
                                      CommandIo& io) {
        return migrate(migrations, setting, arguments, io);
      });
}

}  // namespace bl::ops
