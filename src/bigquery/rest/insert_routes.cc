#include <fmt/format.h>

#include "bigquery/catalog/names.h"
#include "bigquery/json_rows.h"
#include "bigquery/rest/state.h"

// insertAll (spec 2.5): rows go to the table's journal, and are durable and readable when it
// answers. Nothing here grows with the table; requests that come together share a flush.
namespace bl::bigquery::rest {
namespace {

/// Columns may be added while rows are on their way.
constexpr int k_attempts_max = 8;

struct InsertBody {
  json::Value body;  ///< what the rows point to
  bool skip_invalid = false, ignore_unknown = false;
  std::string template_suffix;
  std::vector<const json::Value*> rows;
  std::vector<std::string_view> ids;  ///< empty where there is none
};

Error bad_row(std::size_t row, std::string_view what) {
  return {Code::invalid, fmt::format("rows[{}]: {}", row, what)};
}

Result<InsertBody> insert_body(const Call& call) {
  const RestLimits& limits = call.state.limits;
  InsertBody out;
  BL_TRY(out.body, body_object(call.request));
  BL_TRY(out.skip_invalid, truth_member(out.body, "skipInvalidRows"));
  BL_TRY(out.ignore_unknown, truth_member(out.body, "ignoreUnknownValues"));
  BL_TRY(out.template_suffix, text_member(out.body, "templateSuffix"));
  const json::Value* rows = member(out.body, "rows");
  if (rows == nullptr || !rows->is_array() || rows->items().empty()) {
    return Error{Code::invalid, "No rows present in the request."};
  }
  if (rows->items().size() > limits.rows_max) {
    return Error{Code::invalid,
                 fmt::format("Too many rows present in the request, limit: {} row count: {}.",
                             limits.rows_max, rows->items().size())};
  }
  out.rows.reserve(rows->items().size());
  out.ids.reserve(rows->items().size());
  for (const json::Value& row : rows->items()) {
    if (!row.is_object()) return bad_row(out.rows.size(), "no object");
    const json::Value* values = member(row, "json");
    if (values == nullptr) return bad_row(out.rows.size(), "it has no member json");
    const json::Value* id = member(row, "insertId");
    if (id != nullptr && !id->is_string()) return bad_row(out.rows.size(), "insertId is no text");
    if (id != nullptr && id->as_string().size() > limits.insert_id_bytes_max) {
      return bad_row(out.rows.size(),
                     fmt::format("insertId has more than {} bytes", limits.insert_id_bytes_max));
    }
    out.rows.push_back(values);
    out.ids.push_back(id == nullptr ? std::string_view() : std::string_view(id->as_string()));
  }
  return out;
}

/// The table, or the one of its form that the suffix names, made when it is not there.
Result<TableHandle> table_of(const Call& call, const std::string& suffix) {
  BL_TRY(TableHandle table, call.tables().find(call.table()));
  if (table->record().kind == TableKind::view) {
    return Error{Code::invalid,
                 "Cannot add rows to a table of type VIEW: " + text_of(table->record().name)};
  }
  if (table->is_read_only()) return is_read_only(table->record().name.table);
  if (suffix.empty()) return table;
  TableRecord wanted;
  wanted.name = table->record().name;
  wanted.name.table += suffix;
  wanted.schema = table->record().schema;
  auto found = call.tables().find(wanted.name);
  if (found.ok() || found.error().code != Code::not_found) return found;
  auto made = call.tables().create(wanted);
  if (!made.ok() && made.error().code == Code::conflict) return call.tables().find(wanted.name);
  return made;
}

void write_fault(json::Writer& writer, std::string_view reason, std::string_view location,
                 std::string_view message) {
  writer.begin_object().member("reason", reason).member("location", location);
  writer.member("debugInfo", "").member("message", message).end_object();
}

/// One element of insertErrors for each bad row, and where nothing was added one for each other
/// row. `numbers`: which rows of the request were looked at.
std::string answer_of(const RowsIn& made, const std::vector<std::size_t>& numbers, std::size_t rows,
                      bool is_stopped) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#tableDataInsertAllResponse");
  if (made.bad.empty()) {
    writer.end_object();
    return text;
  }
  std::vector<std::vector<const RowFault*>> faults(rows);
  for (const RowFault& fault : made.faults) {
    faults[numbers[static_cast<std::size_t>(fault.row)]].push_back(&fault);
  }
  writer.key("insertErrors").begin_array();
  for (std::size_t row = 0; row < rows; ++row) {
    if (faults[row].empty() && !is_stopped) continue;
    writer.begin_object().member("index", static_cast<std::int64_t>(row));
    writer.key("errors").begin_array();
    for (const RowFault* fault : faults[row]) {
      write_fault(writer, "invalid", fault->location, fault->message);
    }
    if (faults[row].empty()) write_fault(writer, "stopped", "", "");
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return text;
}

Result<RowsIn> rows_of(const Call& call, const OpenTable& table, const InsertBody& body,
                       const std::vector<std::size_t>& numbers) {
  std::vector<const json::Value*> rows;
  rows.reserve(numbers.size());
  for (const std::size_t number : numbers) rows.push_back(body.rows[number]);
  JsonRowOptions options;
  options.ignore_unknown_values = body.ignore_unknown;
  options.defaults = call.state.defaults;
  return rows_from_json(table.record().schema, rows, options);
}

}  // namespace

Result<Response> insert_rows(const Call& call) {
  BL_TRY(const InsertBody body, insert_body(call));
  BL_TRY(TableHandle table, table_of(call, body.template_suffix));
  std::vector<bool> is_repeated;
  auto claim = call.state.insert_ids.claim(table->record().id, body.ids, is_repeated);
  std::vector<std::size_t> numbers;
  for (std::size_t row = 0; row < body.rows.size(); ++row) {
    if (!is_repeated[row]) numbers.push_back(row);
  }
  for (int attempt = 0; attempt < k_attempts_max; ++attempt) {
    BL_TRY(const RowsIn made, rows_of(call, *table, body, numbers));
    const bool is_stopped = !made.bad.empty() && !body.skip_invalid;
    if (!is_stopped && made.batch.rows() > 0) {
      const auto added = table->rows().append(made.batch);
      if (!added.ok()) {
        BL_TRY(const TableHandle now, call.tables().find(table->record().name));
        const bool is_other = now->record().id != table->record().id ||
                              now->record().version != table->record().version;
        const Code code = added.error().code;
        if (!is_other || (code != Code::invalid && code != Code::not_found)) return added.error();
        table = now;
        continue;
      }
      claim.keep();
    }
    return answer(answer_of(made, numbers, body.rows.size(), is_stopped));
  }
  return changed_too_often(text_of(table->record().name));
}

}  // namespace bl::bigquery::rest
