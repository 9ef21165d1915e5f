#include <algorithm>
#include <map>

#include "results/store/facts.h"
#include "results/store/history_points.h"
#include "results/store/setting.h"
#include "results/store_settings.h"
#include "results/units.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::ParamRows;
using verdict::Direction;

constexpr std::size_t k_page_rows = 500;  // as in the statements below

constexpr std::string_view k_setting = "units";

// The setting: what the best values were chosen by, as `results.units` says it, without long
// names. A store that never heard of units has none.
std::string setting_text(const std::vector<UserUnit>& units) {
  std::string text;
  for (const UserUnit& unit : units) {
    if (!text.empty()) text += ',';
    text += unit.symbol;
    text += unit.direction == Direction::more_is_better ? "=more" : "=less";
  }
  return text;
}

struct UnitChanges {
  std::string stored;  // the setting
  std::vector<UserUnit> before;
  std::vector<std::string> changed;  // symbols

  bool was_known(const std::string& symbol) const {
    return std::ranges::any_of(before, [&](const UserUnit& unit) { return unit.symbol == symbol; });
  }
};

Result<UnitChanges> find_changes(store::Database& database) {
  UnitChanges changes;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const auto stored, stored_setting(connection, k_setting));
    changes.stored = stored.value_or("");
    return {};
  }));
  BL_TRY(changes.before, parse_user_units(changes.stored));
  std::map<std::string, Direction> then;
  for (const UserUnit& unit : user_units()) then[unit.symbol] = direction_by_ending(unit.symbol);
  for (const UserUnit& unit : changes.before) then[unit.symbol] = unit.direction;
  for (const auto& [symbol, direction] : then) {
    if (direction_of(symbol) != direction) changes.changed.push_back(symbol);
  }
  return changes;
}

// Points (SQLite) ------------------------------------------------------------------------------

Result<std::vector<HistoryFact>> points_of(store::Connection& connection,
                                           const std::vector<DerivedFact>& facts) {
  std::vector<const DerivedFact*> wanted;
  ParamRows fingerprints(1);
  for (const DerivedFact& fact : facts) {
    if (!fact.is_history_point()) continue;
    wanted.push_back(&fact);
    fingerprints.add({fact.fingerprint});
  }
  std::vector<HistoryFact> points;
  if (wanted.empty()) return points;
  BL_RETURN_IF_ERROR(
      connection.query_many("select series_no from bl_series where history_fingerprint = $1",
                            fingerprints, [&](std::size_t i, const store::Row& row) {
                              points.push_back({row.integer(0), wanted[i]});
                            }));
  return points;
}

/// Gives the id of the page's last result; "" after the last page.
Result<std::string> choose_page_of_points(store::Connection& connection, const std::string& unit,
                                          const std::string& after) {
  BL_TRY(auto page, read_facts(connection,
                               store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES
                                                    "where r.unit = $1 and r.id > $2 "
                                                    "order by r.id limit 500">(),
                               {std::string_view(unit), std::string_view(after)}));
  const std::vector<DerivedFact> facts = views_of(page);
  BL_TRY(const auto points, points_of(connection, facts));
  if (!points.empty()) BL_RETURN_IF_ERROR(put_history_points(connection, points));
  return page.size() < k_page_rows ? std::string() : page.back().id;
}

Result<bool> has_series_of(store::Database& database, const std::string& unit) {
  bool has = false;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    return connection.query(store::both_dialects<"select 1 from @series where unit = $1 limit 1">(),
                            {std::string_view(unit)}, [&](const store::Row&) {
                              has = true;
                              return true;
                            });
  }));
  return has;
}

// A good result has a unit that was known when it came in: one that never was has no points, but
// for stores that are older than the setting.
Result<void> choose_points(store::Database& database, const UnitChanges& changes,
                           const std::string& unit) {
  if (database.dialect() == store::Dialect::postgres) return {};
  if (!changes.was_known(unit)) {
    BL_TRY(const bool has, has_series_of(database, unit));
    if (!has) return {};
  }
  std::string after;
  do {
    std::string last;
    BL_RETURN_IF_ERROR(database.write([&](store::Connection& connection) -> Result<void> {
      BL_TRY(last, choose_page_of_points(connection, unit, after));
      return {};
    }));
    after = last;
  } while (!after.empty());
  return {};
}

// Series ---------------------------------------------------------------------------------------

struct LatestOfSeries {
  std::int64_t series_no = 0;
  std::string result_id;
};

Result<std::vector<LatestOfSeries>> series_after(store::Connection& connection,
                                                 const std::string& unit, std::int64_t after) {
  std::vector<LatestOfSeries> page;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select series_no, latest_result_id from @series "
                           "where unit = $1 and series_no > $2 order by series_no limit 500">(),
      {std::string_view(unit), after}, [&](const store::Row& row) {
        page.push_back({row.integer(0), std::string(row.text(1))});
        return true;
      }));
  return page;
}

// A series that got a newer result meanwhile keeps what that brought.
Result<void> choose_page_of_series(store::Connection& connection,
                                   const std::vector<LatestOfSeries>& page) {
  ParamRows ids(1);
  for (const LatestOfSeries& series : page) ids.add({std::string_view(series.result_id)});
  BL_TRY(const auto facts, read_facts(connection, ids));
  std::map<std::string_view, std::optional<double>> best;
  for (const OwnedFact& fact : facts) best[fact.id] = fact.fact.best;
  ParamRows rows(3);
  for (const LatestOfSeries& series : page) {
    rows.add({series.series_no, std::string_view(series.result_id),
              store::param_of(best[series.result_id])});
  }
  auto updated = connection.execute_many(
      store::both_dialects<"update @series set latest_best = $3, change_count = change_count + 1 "
                           "where series_no = $1 and latest_result_id = $2">(),
      rows);
  if (!updated.ok()) return std::move(updated).error();
  return {};
}

Result<std::int64_t> choose_series(store::Database& database, const std::string& unit) {
  std::int64_t count = 0;
  for (std::int64_t after = 0;;) {
    std::vector<LatestOfSeries> page;
    BL_RETURN_IF_ERROR(database.write([&](store::Connection& connection) -> Result<void> {
      BL_TRY(page, series_after(connection, unit, after));
      return page.empty() ? Result<void>() : choose_page_of_series(connection, page);
    }));
    count += static_cast<std::int64_t>(page.size());
    if (page.size() < k_page_rows) return count;
    after = page.back().series_no;
  }
}

}  // namespace

Result<std::vector<std::string>> changed_units(store::Database& database) {
  BL_TRY(UnitChanges changes, find_changes(database));
  return std::move(changes.changed);
}

Result<std::int64_t> apply_changed_units(store::Database& database) {
  BL_TRY(const UnitChanges changes, find_changes(database));
  std::int64_t series = 0;
  for (const std::string& unit : changes.changed) {
    BL_RETURN_IF_ERROR(choose_points(database, changes, unit));
    BL_TRY(const std::int64_t chosen, choose_series(database, unit));
    series += chosen;
  }
  const std::string text = setting_text(user_units());
  if (text == changes.stored) return series;
  BL_RETURN_IF_ERROR(database.write(
      [&](store::Connection& connection) { return keep_setting(connection, k_setting, text); }));
  return series;
}

}  // namespace bl::results
