#include "bigquery/catalog/names.h"
#include "bigquery/cells.h"
#include "bigquery/rest/documents.h"
#include "bigquery/rest/job_answers.h"
#include "bigquery/rest/row_reader.h"
#include "bigquery/rest/state.h"

// Rows of a table, page by page.
namespace bl::bigquery::rest {
namespace {

Result<TimestampForm> timestamp_form(const Request& request) {
  const std::string* form = request.query_value("formatOptions.timestampOutputFormat");
  return bigquery::timestamp_form(truth_parameter(request, "formatOptions.useInt64Timestamp"),
                                  form == nullptr ? "" : *form);
}

/// The wanted columns in the table's order.
Result<TableSchema> selected_fields(const TableSchema& schema, const Request& request) {
  const std::string* names = request.query_value("selectedFields");
  if (names == nullptr || names->empty()) return schema;
  std::vector<bool> is_wanted(schema.fields.size(), false);
  for (std::size_t at = 0; at <= names->size();) {
    const std::size_t end = std::min(names->find(',', at), names->size());
    const std::string name = names->substr(at, end - at);
    at = end + 1;
    if (name.empty()) continue;
    if (name.find('.') != std::string::npos) {
      return Error{Code::unsupported, "not supported: selectedFields within a record: " + name};
    }
    const TableField* field = schema.find(name);
    if (field == nullptr) return Error{Code::invalid, "No such field: " + name};
    is_wanted[static_cast<std::size_t>(field - schema.fields.data())] = true;
  }
  TableSchema selected;
  for (std::size_t i = 0; i < is_wanted.size(); ++i) {
    if (is_wanted[i]) selected.fields.push_back(schema.fields[i]);
  }
  return selected;
}

Result<RowPlaces::Place> place_of(const Call& call, const OpenTable& table) {
  const std::string* token = call.request.query_value("pageToken");
  if (token != nullptr && !token->empty()) {
    return call.state.places.find(*token, table.record().id);
  }
  BL_TRY(const auto start, integer_parameter(call.request, "startIndex"));
  return RowPlaces::Place{table.record().id, table.record().schema, table.snapshot(),
                          start.value_or(0)};
}

std::vector<std::string> names_of(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const TableField& field : schema.fields) names.push_back(field.name);
  return names;
}

/// Of a query's answer. A place is a row: it is good as long as the answer is kept.
Result<Response> list_answer(const Call& call, const QueryResult& rows) {
  BL_TRY(const TableSchema fields, selected_fields(rows.schema(), call.request));
  BL_TRY(const TimestampForm form, timestamp_form(call.request));
  BL_TRY(const auto wanted, integer_parameter(call.request, "maxResults"));
  BL_TRY(const auto start, integer_parameter(call.request, "startIndex"));
  const RestLimits& limits = call.state.limits;
  std::int64_t row = start.value_or(0);
  const std::string* token = call.request.query_value("pageToken");
  if (token != nullptr && !token->empty()) {
    BL_TRY(row, page_place(*token));
  }
  const std::int64_t count_max =
      std::min(wanted.value_or(limits.page_rows_max), limits.page_rows_max);
  const std::int64_t end = rows.rows() - row > count_max ? row + count_max : rows.rows();
  std::string cells;
  while (row < end && cells.size() < limits.page_bytes_max) {
    BL_TRY(const columns::Batch whole, rows.batch_at(row));
    BL_TRY(const columns::Batch batch, whole.select(names_of(fields)));
    BL_TRY(const CellWriter writer, CellWriter::make(batch, fields, form));
    const std::int64_t count = std::min(batch.rows(), end - row);
    for (std::int64_t i = 0; i < count && cells.size() < limits.page_bytes_max; ++i, ++row) {
      if (!cells.empty()) cells += ',';
      writer.append(cells, i);
    }
  }
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#tableDataList");
  writer.member("etag", etag_of(rows.id(), rows.rows()));
  writer.member("totalRows", std::to_string(rows.rows()));
  if (row < rows.rows()) writer.member("pageToken", bigquery::page_token(row));
  if (!cells.empty()) writer.key("rows").raw("[" + cells + "]");
  writer.end_object();
  return answer(std::move(text));
}

}  // namespace

Result<Response> list_rows(const Call& call) {
  BL_TRY(const QueryResultHandle of_query, answer_asked(call));
  if (of_query != nullptr) return list_answer(call, *of_query);
  BL_TRY(const TableHandle table, call.tables().find(call.table()));
  if (table->record().kind == TableKind::view) {
    return Error{Code::invalid,
                 "Cannot list a table of type VIEW: " + text_of(table->record().name)};
  }
  BL_TRY(RowPlaces::Place place, place_of(call, *table));
  BL_TRY(const TableSchema fields, selected_fields(place.schema, call.request));
  BL_TRY(const TimestampForm form, timestamp_form(call.request));
  BL_TRY(const auto wanted, integer_parameter(call.request, "maxResults"));
  const RestLimits& limits = call.state.limits;
  const std::int64_t count_max =
      std::min(wanted.value_or(limits.page_rows_max), limits.page_rows_max);
  const std::int64_t all = place.snapshot.rows();

  std::string rows = "[";
  std::int64_t count = 0;
  if (count_max > 0 && place.row < all) {
    BL_RETURN_IF_ERROR(read_rows(*call.parts.reader, place.snapshot, fields, place.row, count_max,
                                 [&](const columns::Batch& batch) -> Result<bool> {
                                   BL_TRY(const CellWriter cells,
                                          CellWriter::make(batch, fields, form));
                                   for (std::int64_t row = 0; row < batch.rows(); ++row, ++count) {
                                     if (count > 0 && rows.size() >= limits.page_bytes_max)
                                       return false;
                                     if (count > 0) rows += ',';
                                     cells.append(rows, row);
                                   }
                                   return true;
                                 }));
  }
  rows += ']';

  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#tableDataList");
  writer.member("etag",
                etag_of("rows " + std::to_string(table->record().id), place.snapshot.id() + all));
  writer.member("totalRows", std::to_string(all));
  const std::int64_t next = place.row + count;
  if (next < all) {
    const std::string* token = call.request.query_value("pageToken");
    const bool goes_on = token != nullptr && !token->empty();
    place.row = next;
    writer.member("pageToken", goes_on ? RowPlaces::token_at(*token, next)
                                       : call.state.places.put(std::move(place)));
  }
  if (count > 0) writer.key("rows").raw(rows);
  writer.end_object();
  return answer(std::move(text));
}

}  // namespace bl::bigquery::rest
