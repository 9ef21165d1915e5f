#include "inference/sweep_replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/json.h"
#include "columns/batch_row.h"
#include "inference/replica/comparison.h"
#include "inference/replica/run_rows.h"
#include "inference/replica/tables.h"
#include "lake/keyed_rows.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

using replica::all_shapes;
using replica::Shape;
using replica::table_of;

/// The runs that the lake should have, by the row's id, with their marks. Of a revision that is
/// known nothing but the revision.
struct StoredRuns {
  std::int64_t revision = 0;
  std::map<std::int64_t, std::int64_t> marks;
  std::map<std::int64_t, std::int64_t> points;  ///< how many, of each run
};

Result<StoredRuns> stored_runs(store::Database& database,
                               std::optional<std::int64_t> known = std::nullopt) {
  StoredRuns found;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    found = {};
    BL_RETURN_IF_ERROR(
        connection.query(store::both_dialects<"select revision from @inference_revision">(), {},
                         [&](const store::Row& row) {
                           found.revision = row.integer(0);
                           return true;
                         }));
    if (known == found.revision) return {};
    BL_RETURN_IF_ERROR(connection.query(
        store::both_dialects<"select id, changed from @inference_run where is_newest = (1 = 1)">(),
        {}, [&](const store::Row& row) {
          found.marks.emplace(row.integer(0), row.integer(1));
          return true;
        }));
    return connection.query(
        store::both_dialects<"select run_id, sum(points) from @inference_submission "
                             "group by run_id">(),
        {}, [&](const store::Row& row) {
          found.points.emplace(row.integer(0), row.integer(1));
          return true;
        });
  }));
  return found;
}

Result<std::map<std::int64_t, std::int64_t>> lake_runs(lake::Lake& lake) {
  std::map<std::int64_t, std::int64_t> marks;
  BL_TRY(const auto table, table_of(lake, replica::runs_shape()));
  BL_RETURN_IF_ERROR(lake::read_table(lake, table->snapshot(), "SELECT run_no, changed FROM rows",
                                      [&](const columns::Batch& batch) -> Result<void> {
                                        return columns::for_each_row<store::Row>(
                                            batch, [&](const store::Row& row) -> Result<void> {
                                              marks.emplace(row.integer(0), row.integer(1));
                                              return {};
                                            });
                                      }));
  return marks;
}

std::string note_of(std::int64_t revision) {
  std::string note;
  json::Writer(note).begin_object().member("revision", revision).end_object();
  return note;
}

// A part of the runs, of about so many points.
std::vector<std::int64_t> next_part(const std::vector<std::int64_t>& runs, std::size_t from,
                                    const std::map<std::int64_t, std::int64_t>& points,
                                    std::int64_t points_max) {
  std::vector<std::int64_t> part;
  std::int64_t taken = 0;
  for (std::size_t i = from; i < runs.size(); ++i) {
    const auto some = points.find(runs[i]);
    taken += 1 + (some == points.end() ? 0 : some->second);
    if (!part.empty() && taken > points_max) break;
    part.push_back(runs[i]);
  }
  return part;
}

}  // namespace

const char* name_of(SweepDifference::Kind kind) {
  switch (kind) {
    case SweepDifference::Kind::missing:
      return "missing";
    case SweepDifference::Kind::surplus:
      return "surplus";
    case SweepDifference::Kind::stale:
      break;
  }
  return "stale";
}

std::string encode(const SweepRound& round) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("current", round.is_current)
      .member("runs", round.runs)
      .member("rows", round.rows)
      .member("removed", round.removed)
      .end_object();
  return text;
}

std::string encode(const SweepComparison& check) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("runs", check.runs)
      .member("rows", check.rows)
      .member("found", check.found)
      .member("repaired", check.repaired);
  writer.key("findings").begin_array();
  for (const SweepDifference& one : check.findings) {
    writer.begin_object()
        .member("table", one.table)
        .member("what", name_of(one.kind))
        .member("run_no", one.run_no)
        .member("github_run_id", one.github_run_id)
        .end_object();
  }
  writer.end_array().end_object();
  return text;
}

Result<std::optional<std::int64_t>> replica_revision(lake::Lake& lake) {
  const auto table = lake.table(std::string(replica::runs_shape().name));
  if (!table.ok()) {
    if (table.error().code == Code::not_found) return std::optional<std::int64_t>();
    return table.error();
  }
  const std::string note = (*table)->snapshot().files().snapshot().note;
  if (note.empty()) return std::optional<std::int64_t>();
  BL_TRY(const json::Value value, json::parse(note));
  const json::Value* revision = value.find("revision");
  const auto number = revision == nullptr ? std::nullopt : revision->as_int64();
  if (!number) return Error{Code::corrupt, "the note of the lake's table inference_runs: " + note};
  return number;
}

SweepReplica::SweepReplica(store::Database& database, lake::Lake& lake, bl::Metrics& metrics,
                           const SweepReplicaLimits& limits)
    : database_(database),
      lake_(lake),
      limits_(limits),
      runs_put_(metrics.counter("bl_inference_replica_runs_total",
                                "runs of sweeps that were brought to the lake")),
      rows_put_(metrics.counter("bl_inference_replica_rows_total",
                                "rows of sweeps that were brought to the lake")),
      runs_removed_(metrics.counter("bl_inference_replica_removed_runs_total",
                                    "runs of sweeps that went from the lake")) {}

Result<void> SweepReplica::put_runs(const std::vector<std::int64_t>& runs, std::int64_t revision,
                                    bool is_last, SweepRound& round) {
  std::map<const Shape*, std::vector<columns::Batch>> rows;
  if (!runs.empty()) {
    BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
      rows.clear();
      for (const Shape* shape : all_shapes()) {
        BL_TRY(rows[shape], replica::read_rows(connection, *shape, runs));
      }
      return {};
    }));
  }
  std::int64_t put = 0;
  for (const Shape* shape : all_shapes()) {
    BL_TRY(const auto table, table_of(lake_, *shape));
    const bool ends = is_last && shape == &replica::runs_shape();
    lake::KeyedPut one;
    one.key = replica::k_run;
    one.keys = runs;
    if (ends) one.note = note_of(revision);
    if (!rows[shape].empty()) one.parts.push_back({"", std::move(rows[shape])});
    BL_TRY(const lake::PutDone done, lake::put_rows(lake_, *table, std::move(one)));
    put += done.rows;
    if (!ends || done.committed) continue;
    lake::Change keep;  // no row, but the revision moved
    keep.what = "keep";
    keep.select = "";
    keep.note = note_of(revision);
    BL_TRY([[maybe_unused]] const auto snapshot, table->replace(keep));
  }
  rows_put_.add(static_cast<double>(put));
  round.rows += put;
  return {};
}

Result<SweepRound> SweepReplica::refresh_now(const SweepReplicaProgress& progress) {
  SweepRound round;
  BL_TRY(const auto known, replica_revision(lake_));
  BL_TRY(const StoredRuns stored, stored_runs(database_, known));
  if (known == stored.revision) {
    round.is_current = true;
    return round;
  }
  BL_TRY(const auto have, lake_runs(lake_));
  std::vector<std::int64_t> wanted, gone;
  for (const auto& [run, mark] : stored.marks) {
    const auto found = have.find(run);
    if (found == have.end() || found->second != mark) wanted.push_back(run);
  }
  for (const auto& [run, mark] : have) {
    if (!stored.marks.contains(run)) gone.push_back(run);
  }
  round.removed = std::ssize(gone);
  // What goes, goes with the first part.
  std::size_t at = 0;
  for (bool is_last = false; !is_last;) {
    std::vector<std::int64_t> part = next_part(wanted, at, stored.points, limits_.points_max);
    at += part.size();
    round.runs += std::ssize(part);
    runs_put_.add(static_cast<double>(part.size()));
    runs_removed_.add(static_cast<double>(gone.size()));
    part.insert(part.end(), gone.begin(), gone.end());
    gone.clear();
    is_last = at == wanted.size();
    BL_RETURN_IF_ERROR(put_runs(part, stored.revision, is_last, round));
    if (!is_last && progress && !progress("sweeps", at, wanted.size())) return round;
  }
  round.is_current = true;
  return round;
}

Result<SweepRound> SweepReplica::refresh(const SweepReplicaProgress& progress) {
  const std::lock_guard lock(mutex_);
  return refresh_now(progress);
}

Result<SweepComparison> SweepReplica::check(bool repair, const SweepReplicaProgress& progress) {
  const std::lock_guard lock(mutex_);
  BL_TRY([[maybe_unused]] const SweepRound round, refresh_now(progress));
  BL_TRY(const StoredRuns stored, stored_runs(database_));
  std::vector<std::int64_t> runs;
  for (const auto& [run, mark] : stored.marks) runs.push_back(run);
  replica::Comparison comparison(database_, lake_, stored.marks, limits_.findings_max);
  for (std::size_t at = 0; at < runs.size();) {
    const auto part = next_part(runs, at, stored.points, limits_.points_max);
    at += part.size();
    BL_RETURN_IF_ERROR(comparison.compare(part));
    if (progress && !progress("comparing sweeps", at, runs.size())) {
      return Error{Code::cancelled, "the comparison of sweeps was ended early"};
    }
  }
  BL_RETURN_IF_ERROR(comparison.look_for_strangers());
  SweepComparison check = comparison.take();
  const auto& wrong = comparison.wrong_runs();
  if (!repair || wrong.empty()) return check;
  const std::vector<std::int64_t> again(wrong.begin(), wrong.end());
  for (std::size_t at = 0; at < again.size();) {
    const auto part = next_part(again, at, stored.points, limits_.points_max);
    at += part.size();
    SweepRound ignored;
    BL_RETURN_IF_ERROR(put_runs(part, stored.revision, at == again.size(), ignored));
  }
  check.repaired = true;
  return check;
}

}  // namespace bl::inference
