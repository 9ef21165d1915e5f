#include "results/undo.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/ids.h"
#include "base/json.h"
#include "base/utf8.h"
#include "results/store/removal.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Connection;
using store::Param;
using store::Row;

// One of the selected results.
struct Selected {
  std::string id, run_id, repository, fingerprint, name;
  Timestamp timestamp;
};

// What the selection says, as SQL; parameters borrow its texts.
struct Condition {
  std::string sql;
  std::vector<Param> params;
  std::string since_id;

  explicit Condition(const UndoSelection& selection) {
    if (selection.batch_id) add("r.batch_id = ", std::string_view(*selection.batch_id));
    if (selection.run_id) add("r.run_id = ", std::string_view(*selection.run_id));
    if (selection.submitter) {
      const std::string_view who = *selection.submitter;
      add("n.submitter_no in (select submitter_no from @submitter where id = ", who);
      sql += fmt::format(" or name = ${})", params.size());
    }
    if (selection.since) {
      since_id = id_floor(*selection.since);
      add("r.id >= ", std::string_view(since_id));
    }
  }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

 private:
  void add(std::string_view before, Param param) {
    params.push_back(param);
    sql += fmt::format("{}{}${}", sql.empty() ? "" : " and ", before, params.size());
  }
};

Result<std::vector<Selected>> select(Connection& connection, const UndoSelection& selection,
                                     std::int64_t results_max) {
  const Condition condition(selection);
  const std::string sql = store::in_dialect(
      "select r.id, r.run_id, r.commit_repo_url, r.history_fingerprint, "
      "@micros{r.timestamp}, k.name from benchmark_result r "
      "join \"case\" k on k.id = r.case_id "
      "left join @result_number n on n.id = r.id where " +
          condition.sql + fmt::format(" limit {}", results_max + 1),
      connection.dialect());
  std::vector<Selected> all;
  BL_RETURN_IF_ERROR(connection.query_text(sql, condition.params, [&](const Row& row) {
    all.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                   std::string(row.text(3)), std::string(row.text(5)), Timestamp{row.integer(4)}});
    return true;
  }));
  if (std::ssize(all) > results_max) {
    return Error{Code::too_large,
                 fmt::format("the selection has more results than an undo may take back, say more "
                             "of them: {}",
                             results_max)};
  }
  // Oldest first: the newest of a series, or of a run, is looked for again once, at the end. An id
  // that another program made has no time.
  std::erase_if(all, [&](const Selected& one) { return selection.since && !is_id(one.id); });
  std::ranges::sort(all, {}, &Selected::id);
  return all;
}

Result<std::vector<Selected>> select(store::Database& database, const UndoSelection& selection,
                                     const UndoLimits& limits) {
  if (!selection.batch_id && !selection.run_id && !selection.submitter && !selection.since) {
    return Error{Code::invalid, "an undo needs a batch, a run, a submitter or a time"};
  }
  std::vector<Selected> all;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    BL_TRY(all, select(connection, selection, limits.results_max));
    return {};
  }));
  return all;
}

using Groups = std::map<std::string, std::int64_t>;

std::vector<UndoPreview::Group> largest(const Groups& groups, std::size_t count_max) {
  std::vector<UndoPreview::Group> all;
  for (const auto& [name, results] : groups) all.push_back({name, results});
  std::ranges::stable_sort(all, std::greater(), &UndoPreview::Group::results);
  if (all.size() > count_max) all.resize(count_max);
  return all;
}

json::Value detail_of(const UndoSelection& selection, std::size_t results) {
  constexpr std::size_t k_text_bytes_max = 500;
  json::Object members;
  const auto add = [&](const char* key, const std::optional<std::string>& text) {
    if (!text) return;
    members.emplace_back(key,
                         json::Value::string(valid_utf8(prefix_of_bytes(*text, k_text_bytes_max))));
  };
  add("batch_id", selection.batch_id);
  add("run_id", selection.run_id);
  add("submitter", selection.submitter);
  if (selection.since) {
    members.emplace_back("since", json::Value::string(to_rfc3339(*selection.since)));
  }
  members.emplace_back("results", json::Value::number(static_cast<std::int64_t>(results)));
  return json::Value::object(std::move(members));
}

}  // namespace

Result<UndoPreview> StoreResultUndo::preview(const UndoSelection& selection) {
  BL_TRY(const auto all, select(database_, selection, limits_));
  UndoPreview preview;
  preview.results = std::ssize(all);
  Groups runs, series, months;
  std::set<std::string> repositories;
  for (const Selected& one : all) {
    ++runs[one.run_id];
    ++series[one.fingerprint];
    ++months[to_rfc3339(one.timestamp).substr(0, 7)];
    repositories.insert(one.repository);
    if (preview.first.size() < limits_.first_rows) {
      preview.first.push_back({one.id, one.name, one.run_id, one.timestamp});
    }
  }
  preview.runs = std::ssize(runs);
  preview.series = std::ssize(series);
  preview.largest_runs = largest(runs, limits_.groups_max);
  preview.largest_series = largest(series, limits_.groups_max);
  for (const auto& [name, results] : months) preview.months.push_back({name, results});
  preview.repositories.assign(repositories.begin(), repositories.end());
  return preview;
}

Result<UndoReport> StoreResultUndo::undo(const UndoSelection& selection,
                                         std::optional<std::int64_t> expected, const Editor& editor,
                                         const UndoProgress& progress) {
  BL_TRY(const auto all, select(database_, selection, limits_));
  if (expected && *expected != std::ssize(all)) {
    return Error{Code::conflict,
                 fmt::format("there are other results to take back than the {} that were agreed "
                             "to: {}",
                             *expected, all.size())};
  }
  UndoReport report;
  const std::string detail = json::to_stored_text(detail_of(selection, all.size()));
  for (std::size_t at = 0; at < all.size();) {
    if (progress && !progress(at, all.size())) {
      report.is_complete = false;
      return report;
    }
    const std::size_t end = std::min(all.size(), at + static_cast<std::size_t>(limits_.at_once));
    std::vector<std::string> removed;
    BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
      removed.clear();
      const Timestamp now = clock_.now();
      if (at == 0) {
        BL_RETURN_IF_ERROR(store::record_audit(
            connection, {now, editor.id, editor.name, "result.undo", all.front().id, detail}));
      }
      for (std::size_t i = at; i < end; ++i) {
        const auto gone = remove_result(connection, all[i].id, now);
        if (gone.ok()) removed.push_back(all[i].id);
        if (!gone.ok() && gone.error().code != Code::not_found) return gone.error();
      }
      return {};
    }));
    report.gone += static_cast<std::int64_t>(end - at - removed.size());
    std::ranges::move(removed, std::back_inserter(report.removed));
    at = end;
  }
  return report;
}

}  // namespace bl::results
