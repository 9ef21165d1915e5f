#include "results/store_editor.h"

#include "base/utf8.h"
#include "results/store/facts.h"
#include "results/store/history_points.h"
#include "results/store/removal.h"
#include "results/store/rows.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// What an audit row repeats of a row that another program may have written.
json::Value quoted(std::string_view text) {
  constexpr std::size_t k_bytes_max = 500;
  return json::Value::string(valid_utf8(text.substr(0, k_bytes_max)));
}

// A fact that is about to change; others who want to change it wait.
struct Held {
  json::Value annotations;
  Timestamp timestamp;
};

Result<Held> hold(store::Connection& connection, std::string_view id) {
  std::optional<Held> held;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select @text{change_annotations}, @micros{timestamp} "
                           "from benchmark_result where id = $1 @postgres{for update}">(),
      {id}, [&](const store::Row& row) {
        held.emplace();
        // Another program may have stored any JSON where an object belongs.
        auto annotations = object_of(row, 0);
        held->annotations =
            annotations.ok() ? std::move(annotations).value() : json::Value::object();
        held->timestamp = Timestamp{row.integer(1)};
        return true;
      }));
  if (held) return std::move(*held);
  return Error{Code::not_found, "no benchmark result has the id " + std::string(id)};
}

// The fact as the derived tables have it; nothing when they do not have it yet.
Result<std::vector<OwnedFact>> numbered(store::Connection& connection, std::string_view id) {
  store::ParamRows ids(1);
  ids.add({id});
  return read_facts(connection, ids);
}

// SQLite keeps a copy of what a history shows.
Result<void> change_history(store::Connection& connection, const DerivedFact& fact) {
  if (connection.dialect() == store::Dialect::sqlite) {
    std::int64_t series_no = 0;
    BL_RETURN_IF_ERROR(
        connection.query("select series_no from bl_series where history_fingerprint = $1",
                         {fact.fingerprint}, [&](const store::Row& row) {
                           series_no = row.integer(0);
                           return true;
                         }));
    if (series_no == 0) return {};  // nothing derived knows of it yet
    const HistoryFact point{series_no, &fact};
    BL_RETURN_IF_ERROR(put_history_points(connection, std::span(&point, 1)));
  }
  auto staled =
      connection.execute(store::both_dialects<"update @series set change_count = change_count + 1 "
                                              "where history_fingerprint = $1">(),
                         {fact.fingerprint});
  if (!staled.ok()) return std::move(staled).error();
  return {};
}

}  // namespace

Result<void> StoreResultEditor::annotate(std::string_view result_id, const json::Value& changes,
                                         const Editor& editor) {
  const Timestamp now = clock_.now();
  const std::string detail =
      json::to_stored_text(json::Value::object({{"change_annotations", changes}}));
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(Held held, hold(connection, result_id));
    const std::string text =
        json::to_stored_text(with_changes(std::move(held.annotations), changes));
    if (text.size() > limits_.stored_bytes_max) {
      return Error{Code::invalid, "the annotations of a result would be longer than " +
                                      std::to_string(limits_.stored_bytes_max) +
                                      " bytes: " + std::to_string(text.size())};
    }
    BL_TRY([[maybe_unused]] auto changed,
           connection.execute(
               store::both_dialects<"update benchmark_result set change_annotations = @jsonb{$2} "
                                    "where id = $1">(),
               {result_id, std::string_view(text)}));
    BL_TRY(auto facts, numbered(connection, result_id));
    for (OwnedFact& fact : facts) {
      if (fact.view().is_history_point()) {
        BL_RETURN_IF_ERROR(change_history(connection, fact.view()));
      }
    }
    BL_RETURN_IF_ERROR(log_change(connection, "update", result_id, held.timestamp, now));
    return store::record_audit(connection,
                               {now, editor.id, editor.name, "result.annotate", result_id, detail});
  });
}

Result<void> StoreResultEditor::remove(std::string_view result_id, const Editor& editor) {
  const Timestamp now = clock_.now();
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const RemovedResult gone, remove_result(connection, result_id, now));
    const std::string detail = json::to_stored_text(json::Value::object(
        {{"history_fingerprint", quoted(gone.fingerprint)}, {"run_id", quoted(gone.run_id)}}));
    return store::record_audit(connection,
                               {now, editor.id, editor.name, "result.delete", result_id, detail});
  });
}

}  // namespace bl::results
