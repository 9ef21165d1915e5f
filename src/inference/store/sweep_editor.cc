#include <set>

#include "base/json.h"
#include "inference/store/line_runs.h"
#include "inference/store/revision.h"
#include "inference/store_sweep_editor.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

using store::both_dialects;

struct StoredEdit {
  std::int64_t run_id = 0;  // the row's
  AttemptEdit edit;
};

struct Part {
  store::Sql count, remove;
  std::int64_t AttemptEdit::* rows;
};
// In the order in which rows may go: points refer to logs.
const std::vector<Part>& parts() {
#define BL_PART(table, member)                                                      \
  Part {                                                                            \
    both_dialects<"select count(*) from @inference_" table " where run_id = $1">(), \
        both_dialects<"delete from @inference_" table " where run_id = $1">(),      \
        &AttemptEdit::member                                                        \
  }
  static const std::vector<Part> k_parts = {
      BL_PART("point", points),           BL_PART("eval", evals),
      BL_PART("run_stat", stats),         BL_PART("changelog", changelogs),
      BL_PART("server_log", server_logs), BL_PART("gpu_metric", gpu_metrics)};
#undef BL_PART
  return k_parts;
}

std::set<std::int64_t> runs_of(const Overrides& overrides) {
  std::set<std::int64_t> runs;
  for (const ConclusionOverride& one : overrides.conclusions()) runs.insert(one.github_run_id);
  for (const PurgedRun& one : overrides.purged()) runs.insert(one.github_run_id);
  return runs;
}

// What the overrides change of a stored attempt; nullopt: nothing.
std::optional<AttemptEdit> edit_of(const Overrides& overrides, const SweepRun& run) {
  AttemptEdit edit{.github_run_id = run.github_run_id, .attempt = run.attempt, .date = run.date};
  if (const PurgedRun* purge = overrides.purge_of(run.github_run_id, run.attempt)) {
    edit.is_purged = true;
    edit.reason = purge->reason;
    return edit;
  }
  for (const ConclusionOverride& one : overrides.conclusions()) {
    if (one.github_run_id != run.github_run_id || run.conclusion == one.conclusion) continue;
    edit.reason = one.reason;
    edit.conclusion_before = run.conclusion;
    edit.conclusion_after = one.conclusion;
    return edit;
  }
  return std::nullopt;
}

Result<std::vector<StoredEdit>> edits_of(store::Connection& connection, const Overrides& overrides,
                                         std::int64_t github_run_id) {
  std::vector<StoredEdit> edits;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select id, attempt, date, conclusion from @inference_run "
                                     "where github_run_id = $1 order by attempt">(),
                       {github_run_id}, [&](const store::Row& row) {
                         SweepRun run;
                         run.github_run_id = github_run_id;
                         run.attempt = row.integer(1);
                         run.date = row.text(2);
                         run.conclusion = row.text_or_null(3);
                         if (auto edit = edit_of(overrides, run))
                           edits.push_back({row.integer(0), *edit});
                         return true;
                       }));
  for (StoredEdit& one : edits) {
    if (!one.edit.is_purged) continue;
    for (const Part& part : parts()) {
      BL_RETURN_IF_ERROR(connection.query(part.count, {one.run_id}, [&](const store::Row& row) {
        one.edit.*part.rows = row.integer(0);
        return true;
      }));
    }
  }
  return edits;
}

Result<void> purge(store::Connection& connection, std::int64_t run_id) {
  BL_RETURN_IF_ERROR(take_from_lines(connection, run_id));
  for (const Part& part : parts()) {
    BL_TRY([[maybe_unused]] const auto removed, connection.execute(part.remove, {run_id}));
  }
  BL_TRY([[maybe_unused]] const auto run,
         connection.execute(both_dialects<"delete from @inference_run where id = $1">(), {run_id}));
  return {};
}

// The newest attempt that is left is seen, if none is.
Result<void> show_newest(store::Connection& connection, std::int64_t github_run_id) {
  std::optional<std::int64_t> hidden;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select id, is_newest from @inference_run where github_run_id = $1 "
                    "order by attempt desc limit 1">(),
      {github_run_id}, [&](const store::Row& row) {
        if (row.integer(1) == 0) hidden = row.integer(0);
        return true;
      }));
  if (!hidden) return {};
  BL_TRY([[maybe_unused]] const auto shown,
         connection.execute(
             both_dialects<"update @inference_run set is_newest = (1 = 1) where id = $1">(),
             {*hidden}));
  return put_on_lines(connection, *hidden);
}

std::string detail_of(const AttemptEdit& edit) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("attempt", edit.attempt).member("reason", edit.reason);
  if (edit.is_purged) {
    writer.member("points", edit.points).member("evals", edit.evals);
  } else {
    writer.member("before", edit.conclusion_before).member("after", edit.conclusion_after);
  }
  writer.end_object();
  return text;
}

Result<void> apply_one(store::Connection& connection, const StoredEdit& one) {
  if (one.edit.is_purged) return purge(connection, one.run_id);
  BL_TRY(
      [[maybe_unused]] const auto changed,
      connection.execute(both_dialects<"update @inference_run set conclusion = $1 where id = $2">(),
                         {store::param_of(one.edit.conclusion_after), one.run_id}));
  return {};
}

}  // namespace

Result<std::vector<AttemptEdit>> StoreSweepEditor::preview(const Overrides& overrides) {
  std::vector<AttemptEdit> all;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    all.clear();
    for (const std::int64_t run : runs_of(overrides)) {
      BL_TRY(const auto edits, edits_of(connection, overrides, run));
      for (const StoredEdit& one : edits) all.push_back(one.edit);
    }
    return {};
  }));
  return all;
}

Result<std::vector<AttemptEdit>> StoreSweepEditor::apply(const Overrides& overrides,
                                                         const SweepEditorName& editor) {
  BL_TRY(const std::vector<AttemptEdit> wanted, preview(overrides));
  std::set<std::int64_t> runs;
  for (const AttemptEdit& one : wanted) runs.insert(one.github_run_id);
  std::vector<AttemptEdit> done;
  for (const std::int64_t run : runs) {
    std::vector<StoredEdit> edits;
    BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
      BL_RETURN_IF_ERROR(hold_run(connection, run));
      BL_TRY(edits, edits_of(connection, overrides, run));
      for (const StoredEdit& one : edits) {
        BL_RETURN_IF_ERROR(apply_one(connection, one));
        BL_RETURN_IF_ERROR(store::record_audit(
            connection, {.at = clock_.now(),
                         .actor_id = editor.id,
                         .actor_name = editor.name,
                         .action = one.edit.is_purged ? "inference.purge" : "inference.conclusion",
                         .object = std::to_string(run),
                         .detail = detail_of(one.edit)}));
      }
      if (edits.empty()) return {};  // somebody else was faster
      BL_RETURN_IF_ERROR(show_newest(connection, run));
      std::vector<std::int64_t> changed;
      for (const StoredEdit& one : edits) changed.push_back(one.run_id);
      return count_revision(connection, changed);
    }));
    for (const StoredEdit& one : edits) done.push_back(one.edit);
  }
  return done;
}

}  // namespace bl::inference
