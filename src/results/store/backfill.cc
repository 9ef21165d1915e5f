#include "results/store_backfill.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <set>

#include "base/ids.h"
#include "base/json.h"
#include "results/store/facts.h"
#include "results/store/remake.h"
#include "results/store/setting.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Connection;
using store::ParamRows;
using store::Row;

// Where the first walk stands: "TIMESTAMP ID" of the oldest fact seen, or "done".
constexpr const char* k_walk_setting = "backfill";
// Microseconds since 1970: until when new ids were looked for.
constexpr const char* k_looked_setting = "backfill_looked";

// After the year 9999, and still a timestamp of PostgreSQL.
constexpr std::int64_t k_end_of_time = 900'000'000'000'000'000;

std::string json_list(const std::vector<std::string>& texts) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const std::string& one : texts) writer.value(one);
  writer.end_array();
  return text;
}

enum class Numbers : unsigned char {
  next,        // as a new result gets one
  before_all,  // less than any yet, for what the walk finds: it goes back in time
};

Result<void> number_next(Connection& connection, std::vector<OwnedFact>& facts) {
  ParamRows rows(1);
  for (const OwnedFact& owned : facts) rows.add({std::string_view(owned.id)});
  return connection.query_many(
      "insert into benchlake.result_number (id) values ($1) on conflict do nothing returning no",
      rows, [&](std::size_t i, const Row& row) { facts[i].fact.result_no = row.integer(0); });
}

// Under the walk's lock.
Result<void> number_before_all(Connection& connection, std::vector<OwnedFact>& facts) {
  std::int64_t least = 0;
  BL_RETURN_IF_ERROR(
      connection.query("select least(coalesce(min(no), 0), 0) from benchlake.result_number", {},
                       [&](const Row& row) {
                         least = row.integer(0);
                         return true;
                       }));
  ParamRows rows(2);
  std::int64_t no = least - static_cast<std::int64_t>(facts.size());
  for (const OwnedFact& owned : facts) rows.add({no++, std::string_view(owned.id)});
  return connection.query_many(
      "insert into benchlake.result_number (no, id) values ($1, $2) on conflict do nothing "
      "returning no",
      rows, [&](std::size_t i, const Row& row) { facts[i].fact.result_no = row.integer(0); });
}

// Gives numbers to those of the facts that have none, and makes their derived rows. In the order of
// their ids, so that of two results of one instant the later one has the greater number. Whom
// another server numbers at the same time is passed over.
Result<std::size_t> add_unknown(Connection& connection, const std::vector<std::string>& ids,
                                Numbers numbers = Numbers::next) {
  if (ids.empty()) return std::size_t{0};
  const std::string list = json_list(ids);
  BL_TRY(
      auto found,
      read_facts(
          connection,
          store::both_dialects<
              "select 0" BL_FACT_COLUMNS_AFTER_NO " from benchmark_result r " BL_FACT_DIMENSIONS
              "where r.id = any(array(select jsonb_array_elements_text($1::jsonb))) and not exists "
              "(select 1 from @result_number n where n.id = r.id) "
              "order by r.id">(),
          {std::string_view(list)}));
  if (found.empty()) return std::size_t{0};
  BL_RETURN_IF_ERROR(numbers == Numbers::next ? number_next(connection, found)
                                              : number_before_all(connection, found));
  std::erase_if(found, [](const OwnedFact& owned) { return owned.fact.result_no == 0; });
  BL_RETURN_IF_ERROR(add_derived(connection, views_of(found)));
  return found.size();
}

Result<void> log_changes(Connection& connection, Timestamp now, std::string_view op,
                         const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  ParamRows rows(3);
  for (const std::string& id : ids) rows.add({op, std::string_view(id), now.micros});
  BL_TRY([[maybe_unused]] const auto logged,
         connection.execute_many(
             "insert into benchlake.change_log (op, result_id, result_timestamp, at) values ($1, "
             "$2, coalesce((select (extract(epoch from timestamp) * 1000000)::bigint from "
             "benchmark_result where id = $2), 0), $3)",
             rows));
  return {};
}

/// An id of RFC 9562's layout: milliseconds in 48 bits. It sorts before all of Conbench's.
std::string rfc_floor(Timestamp time) {
  return fmt::format("{:012x}",
                     static_cast<std::uint64_t>(std::max<std::int64_t>(time.micros / 1'000, 0)));
}

}  // namespace

Result<BackfillState> backfill_state(store::Database& database) {
  BackfillState state;
  if (database.dialect() == store::Dialect::sqlite) return state;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    state = {};
    bool is_migrated = false;
    BL_RETURN_IF_ERROR(connection.query(
        "select greatest(c.reltuples, 0)::bigint, coalesce((select greatest(n.reltuples, "
        "0)::bigint "
        "from pg_class n where n.oid = to_regclass('benchlake.result_number')), 0), "
        "to_regclass('benchlake.results_setting') is not null, c.relpages "
        "from pg_class c where c.oid = to_regclass('public.benchmark_result')",
        {}, [&](const Row& row) {
          state.facts = row.integer(0);
          state.known = row.integer(1);
          is_migrated = row.integer(2) != 0;
          // Never analyzed: a page holds some ten results.
          if (state.facts == 0) state.facts = row.integer(3) * 10;
          return true;
        }));
    state.done = state.facts == 0;
    if (!is_migrated) return {};
    BL_TRY(const auto walk, stored_setting(connection, k_walk_setting));
    state.done = walk == "done";
    return {};
  }));
  return state;
}

std::vector<std::string> foreign_change_triggers() {
  std::vector<std::string> statements;
  for (const auto& [op, tables] : {std::pair{"insert", "new table as changed"},
                                   {"update", "old table as old_rows new table as changed"},
                                   {"delete", "old table as changed"}}) {
    statements.push_back(
        fmt::format("drop trigger if exists benchlake_{} on public.benchmark_result", op));
    statements.push_back(fmt::format(
        "create trigger benchlake_{0} after {0} on public.benchmark_result referencing {1} for "
        "each statement when (current_setting('benchlake.writer', true) is distinct from 'on') "
        "execute function benchlake.note_foreign_{0}()",
        op, tables));
  }
  return statements;
}

Backfill::Backfill(store::Database& database, const Clock& clock, Metrics& metrics,
                   BackfillLimits limits)
    : database_(database),
      clock_(clock),
      limits_(limits),
      added_(metrics.counter("bl_results_foreign_added_total",
                             "results of other writers that lists show since they were found")),
      remade_(metrics.counter("bl_results_foreign_remade_total",
                              "series and runs made again because others changed their results")),
      forgotten_(metrics.counter("bl_results_foreign_forgotten_total",
                                 "numbers of results that another writer deleted")),
      left_(metrics.gauge("bl_results_backfill_left",
                          "results that lists do not show yet, an estimate")) {}

Result<Backfill::Walk> Backfill::read_walk(Connection& connection) {
  BL_TRY(const auto stored, stored_setting(connection, k_walk_setting));
  Walk walk{.before_micros = k_end_of_time, .before_id = "g"};
  if (!stored) return walk;
  walk.done = *stored == "done";
  const std::size_t blank = stored->find(' ');
  if (walk.done || blank == std::string::npos) return walk;
  walk.before_micros = std::strtoll(stored->c_str(), nullptr, 10);
  walk.before_id = stored->substr(blank + 1);
  return walk;
}

Result<bool> Backfill::walk_is_done() {
  if (walk_done_ || database_.dialect() == store::Dialect::sqlite) return true;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(const Walk walk, read_walk(connection));
    walk_done_ = walk.done;
    return {};
  }));
  return walk_done_;
}

// The ids of a page lie in the order of their timestamps, which is that of an index; ties go by id.
Result<bool> Backfill::walk() {
  std::size_t looked = 0, added = 0;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    looked = added = 0;
    // One server walks at a time.
    BL_RETURN_IF_ERROR(connection.query("select pg_advisory_xact_lock(7165066901057332073)", {},
                                        [](const Row&) { return true; }));
    BL_TRY(const Walk walk, read_walk(connection));
    if (walk.done) return {};
    if (!walk.done && walk.before_id == "g") {
      // What comes in from now on is not the walk's.
      BL_RETURN_IF_ERROR(
          keep_setting(connection, k_looked_setting, std::to_string(clock_.now().micros)));
    }
    std::vector<std::string> unknown;
    Walk next;
    BL_RETURN_IF_ERROR(connection.query(
        "select w.id, (extract(epoch from w.timestamp) * 1000000)::bigint, n.no is null from "
        "(select id, timestamp from benchmark_result where timestamp <= timestamp 'epoch' + "
        "$1::bigint / 1000000 * interval '1 second' + $1::bigint % 1000000 * interval "
        "'1 microsecond' and (timestamp < timestamp 'epoch' + $1::bigint / 1000000 * interval "
        "'1 second' + $1::bigint % 1000000 * interval '1 microsecond' or id < $2) "
        "order by timestamp desc, id desc limit $3) w "
        "left join benchlake.result_number n on n.id = w.id order by w.timestamp desc, w.id desc",
        {walk.before_micros, std::string_view(walk.before_id),
         static_cast<std::int64_t>(limits_.page_facts)},
        [&](const Row& row) {
          ++looked;
          next.before_id = row.text(0);
          next.before_micros = row.integer(1);
          if (row.integer(2) != 0) unknown.push_back(next.before_id);
          return true;
        }));
    BL_TRY(added, add_unknown(connection, unknown, Numbers::before_all));
    const bool at_end = looked < limits_.page_facts;
    return keep_setting(
        connection, k_walk_setting,
        at_end ? std::string("done") : std::to_string(next.before_micros) + " " + next.before_id);
  }));
  added_.add(static_cast<double>(added));
  if (looked == limits_.page_facts) {
    if (pages_++ % 50 == 0) {
      BL_TRY(const BackfillState state, backfill_state(database_));
      left_.set(static_cast<double>(state.left()));
    }
    return true;
  }
  walk_done_ = true;
  left_.set(0);
  return false;
}

Result<bool> Backfill::take_foreign_changes() {
  constexpr std::size_t k_changes_max = 500;
  std::size_t taken = 0, added = 0, remade = 0;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    taken = added = remade = 0;
    std::vector<std::string> inserted, updated, deleted;
    std::set<std::string> series;
    std::set<std::pair<std::string, std::string>> runs;
    BL_RETURN_IF_ERROR(
        connection.query("delete from benchlake.foreign_change where seq in (select seq from "
                         "benchlake.foreign_change order by seq limit 500 for update skip locked) "
                         "returning op, result_id, run_id, repository, history_fingerprint",
                         {}, [&](const Row& row) {
                           ++taken;
                           const std::string_view op = row.text(0);
                           (op == "insert"   ? inserted
                            : op == "update" ? updated
                                             : deleted)
                               .emplace_back(row.text(1));
                           if (op == "insert") return true;
                           series.emplace(row.text(4));
                           runs.emplace(row.text(2), row.text(3));
                           return true;
                         }));
    if (taken == 0) return {};
    BL_TRY(added, add_unknown(connection, inserted));
    // An update of what no walk has reached yet is left to the walk.
    for (const std::string& fingerprint : series)
      BL_RETURN_IF_ERROR(remake_series(connection, fingerprint));
    for (const auto& [run_id, repository] : runs)
      BL_RETURN_IF_ERROR(remake_run(connection, run_id, repository));
    remade = series.size() + runs.size();
    for (const auto& [op, ids] :
         {std::pair{"insert", &inserted}, {"update", &updated}, {"delete", &deleted}})
      BL_RETURN_IF_ERROR(log_changes(connection, clock_.now(), op, *ids));
    ParamRows gone(1);
    for (const std::string& id : deleted) gone.add({std::string_view(id)});
    if (gone.empty()) return {};
    BL_TRY([[maybe_unused]] const auto forgotten,
           connection.execute_many("delete from benchlake.result_number where id = $1 and not "
                                   "exists (select 1 from benchmark_result where id = $1)",
                                   gone));
    BL_TRY([[maybe_unused]] const auto unlinked,
           connection.execute_many("delete from benchlake.exemplar where result_id = $1 and not "
                                   "exists (select 1 from benchmark_result where id = $1)",
                                   gone));
    return {};
  }));
  added_.add(static_cast<double>(added));
  remade_.add(static_cast<double>(remade));
  return taken == k_changes_max;
}

// One page of ids between `after` and `end`. Reads first: mostly all are known.
Result<bool> Backfill::look_for_new_in(std::string& after, const std::string& end) {
  constexpr std::size_t k_ids_max = 1'000;
  std::vector<std::string> unknown;
  std::string last;
  std::size_t looked = 0;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    unknown.clear();
    looked = 0;
    return connection.query(
        "select r.id, n.no is null from (select id from benchmark_result where id > $1 and id < $2 "
        "order by id limit 1000) r left join benchlake.result_number n on n.id = r.id "
        "order by r.id",
        {std::string_view(after), std::string_view(end)}, [&](const Row& row) {
          ++looked;
          last = row.text(0);
          if (row.integer(1) != 0) unknown.push_back(last);
          return true;
        });
  }));
  std::size_t added = 0;
  if (!unknown.empty()) {
    BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
      BL_TRY(added, add_unknown(connection, unknown));
      return log_changes(connection, clock_.now(), "insert", unknown);
    }));
  }
  added_.add(static_cast<double>(added));
  if (looked > 0) after = last;
  return looked == k_ids_max;
}

Result<bool> Backfill::look_for_new() {
  const Timestamp now = clock_.now();
  const auto steady = clock_.steady_now();
  if (!looked_back_at_ || steady - *looked_back_at_ >= limits_.look_back_every) {
    Timestamp since = now;
    BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
      BL_TRY(const auto stored, stored_setting(connection, k_looked_setting));
      if (stored) since = Timestamp{std::strtoll(stored->c_str(), nullptr, 10)};
      return keep_setting(connection, k_looked_setting, std::to_string(now.micros));
    }));
    // A transaction may end long after its ids were made, and clocks differ.
    since.micros -= std::chrono::microseconds(limits_.overlap).count();
    after_draft_ = id_floor(since);
    after_rfc_ = rfc_floor(since);
    looked_back_at_ = steady;
  }
  const Timestamp end{now.micros + std::chrono::microseconds(std::chrono::hours(24)).count()};
  BL_TRY(const bool more_draft, look_for_new_in(after_draft_, id_floor(end)));
  BL_TRY(const bool more_rfc, look_for_new_in(after_rfc_, rfc_floor(end)));
  return more_draft || more_rfc;
}

// The place moves when the read is over: the work of a read may run twice.
Result<Backfill::Piece> Backfill::next_piece(const store::Sql& sql, std::size_t rows_max) {
  Piece piece;
  std::int64_t last = round_after_;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    piece = Piece();
    return connection.query(
        sql, {round_after_, static_cast<std::int64_t>(rows_max)}, [&](const Row& row) {
          ++piece.rows;
          last = row.integer(0);
          if (row.integer(1) != 0)
            piece.wrong.push_back({std::string(row.text(2)), std::string(row.text(3))});
          return true;
        });
  }));
  round_after_ = last;
  return piece;
}

Result<std::size_t> Backfill::compare_series() {
  BL_TRY(const Piece piece,
         next_piece("select s.series_no, s.result_count <> (select count(*) from benchmark_result "
                    "r where r.history_fingerprint = s.history_fingerprint), "
                    "s.history_fingerprint, '' from benchlake.series s where s.series_no > $1 "
                    "order by s.series_no limit $2",
                    limits_.round_rows));
  for (const auto& [fingerprint, repository] : piece.wrong) {
    std::size_t added = 0;
    BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
      std::vector<std::string> unknown;
      BL_RETURN_IF_ERROR(connection.query(
          "select r.id from benchmark_result r where r.history_fingerprint = $1 and not exists "
          "(select 1 from benchlake.result_number n where n.id = r.id) order by r.id limit 5000",
          {std::string_view(fingerprint)}, [&](const Row& row) {
            unknown.emplace_back(row.text(0));
            return true;
          }));
      BL_TRY(added, add_unknown(connection, unknown));
      BL_RETURN_IF_ERROR(log_changes(connection, clock_.now(), "insert", unknown));
      return remake_series(connection, fingerprint);
    }));
    added_.add(static_cast<double>(added));
    remade_.add();
  }
  return piece.rows;
}

Result<std::size_t> Backfill::compare_runs() {
  BL_TRY(const Piece piece,
         next_piece("select u.run_no, u.result_count <> (select count(*) from benchmark_result r "
                    "where r.run_id = u.run_id and r.commit_repo_url = u.repository), u.run_id, "
                    "u.repository from benchlake.run u where u.run_no > $1 order by u.run_no "
                    "limit $2",
                    limits_.round_rows));
  for (const auto& [run_id, repository] : piece.wrong) {
    BL_RETURN_IF_ERROR(database_.write(
        [&](Connection& connection) { return remake_run(connection, run_id, repository); }));
    remade_.add();
  }
  return piece.rows;
}

Result<std::size_t> Backfill::forget_numbers() {
  BL_TRY(const Piece piece,
         next_piece("select n.no, not exists (select 1 from benchmark_result r where r.id = n.id), "
                    "n.id, '' from benchlake.result_number n where n.no > $1 order by n.no "
                    "limit $2",
                    limits_.page_facts * 4));
  if (piece.wrong.empty()) return piece.rows;
  std::vector<std::string> gone;
  for (const auto& [id, repository] : piece.wrong) gone.push_back(id);
  ParamRows ids(1);
  for (const std::string& id : gone) ids.add({std::string_view(id)});
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto deleted,
           connection.execute_many("delete from benchlake.result_number where id = $1", ids));
    BL_TRY([[maybe_unused]] const auto unlinked,
           connection.execute_many("delete from benchlake.exemplar where result_id = $1", ids));
    return log_changes(connection, clock_.now(), "delete", gone);
  }));
  forgotten_.add(static_cast<double>(gone.size()));
  return piece.rows;
}

Result<bool> Backfill::compare_round() {
  const auto now = clock_.steady_now();
  if (now < next_round_) return false;
  if (stage_ == Stage::series && round_after_ == 0) round_began_ = now;
  Result<std::size_t> looked = stage_ == Stage::series ? compare_series()
                               : stage_ == Stage::runs ? compare_runs()
                                                       : forget_numbers();
  if (!looked.ok()) return std::move(looked).error();
  if (*looked > 0) return false;  // the next piece comes after the pause
  round_after_ = 0;
  if (stage_ != Stage::numbers) {
    stage_ = stage_ == Stage::series ? Stage::runs : Stage::numbers;
    // The walk's numbers are below zero.
    if (stage_ == Stage::numbers) round_after_ = std::numeric_limits<std::int64_t>::min();
    return true;
  }
  stage_ = Stage::series;
  // A round may keep a twentieth of the time.
  const auto took = now - round_began_;
  next_round_ = now + std::clamp<std::chrono::steady_clock::duration>(
                          20 * took, limits_.round_pause_min, limits_.round_pause_max);
  return false;
}

Result<bool> Backfill::step() {
  if (database_.dialect() == store::Dialect::sqlite) return false;
  BL_TRY(const bool is_done, walk_is_done());
  if (!is_done) return walk();
  BL_TRY(const bool more_changes, take_foreign_changes());
  BL_TRY(const bool more_new, look_for_new());
  BL_TRY(const bool more_round, compare_round());
  return more_changes || more_new || more_round;
}

}  // namespace bl::results
