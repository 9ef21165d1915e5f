#include "bigquery/catalog/names.h"
#include "bigquery/googlesql.h"
#include "bigquery/rest/documents.h"
#include "bigquery/rest/lists.h"
#include "bigquery/rest/state.h"

namespace bl::bigquery::rest {
namespace {

class TablesOfQuery final : public sql::TableSource {
 public:
  explicit TablesOfQuery(Tables& tables) : tables_(tables) {}
  Result<sql::TableInfo> find(const TableName& name) override {
    BL_TRY(const TableHandle found, tables_.find(name));
    return sql::TableInfo{found->record().schema, found->record().view_query};
  }

 private:
  Tables& tables_;
};

/// The columns that a view's query gives, under the descriptions that the client has for them.
Result<void> put_view_schema(const Call& call, TableRecord& record) {
  TablesOfQuery source(call.tables());
  const sql::TranslateOptions options{.default_project = record.name.project};
  BL_TRY(sql::Translated query, sql::translate(record.view_query, options, source));
  if (query.kind != sql::StatementKind::select) {
    return Error{Code::invalid, "the query of a view is no SELECT: " + text_of(record.name)};
  }
  for (TableField& field : query.schema.fields) {
    const TableField* given = record.schema.find(field.name);
    if (given != nullptr) field.description = given->description;
  }
  record.schema = std::move(query.schema);
  return {};
}

Response refused_query(const Error& error) {
  if (error.code == Code::not_found) return refusal(error);
  return refusal({400, "invalidQuery"}, error.message);
}

Result<Response> change_table(const Call& call, Change how) {
  BL_TRY(const json::Value body, body_object(call.request));
  bool is_missed = false;
  std::optional<Error> wrong_query;
  const auto changed = call.tables().change(call.table(), [&](TableRecord& record) -> Result<void> {
    BL_RETURN_IF_ERROR(demand_match(call.request, etag_of(record), is_missed));
    const bool was_view = record.kind == TableKind::view;
    const std::string query = record.view_query;
    BL_RETURN_IF_ERROR(put_properties(record, body, how));
    if (!was_view) {
      if (record.view_query.empty()) return {};
      return Error{Code::invalid, "Cannot change a table into a view: " + text_of(record.name)};
    }
    if (record.view_query == query && member(body, "schema") == nullptr) return {};
    auto made = put_view_schema(call, record);
    if (!made.ok()) wrong_query = made.error();
    return made;
  });
  if (!changed.ok()) {
    if (is_missed) return refusal({412, "conditionNotMet"}, changed.error().message);
    if (wrong_query) return refused_query(*wrong_query);
    return changed.error();
  }
  return answer(table_document(**changed, call.request.origin()));
}

}  // namespace

Result<Response> list_tables(const Call& call) {
  BL_TRY(const std::vector<TableRecord> all, call.tables().tables(call.project(), call.dataset()));
  BL_TRY(const auto page,
         page_of<TableRecord>(call, all, [](const TableRecord& record) -> const std::string& {
           return record.name.table;
         }));
  return answer(table_list(page.items, all.size(), page.next_token));
}

Result<Response> insert_table(const Call& call) {
  BL_TRY(const json::Value body, body_object(call.request));
  TableRecord wanted;
  wanted.name = {call.project(), call.dataset(), ""};
  if (const json::Value* reference = member(body, "tableReference"); reference != nullptr) {
    BL_TRY(wanted.name.table, text_member(*reference, "tableId"));
  }
  if (wanted.name.table.empty()) {
    return Error{Code::invalid, "Required parameter is missing: tableReference.tableId"};
  }
  wanted.properties = json::Value::object();
  BL_RETURN_IF_ERROR(put_properties(wanted, body, Change::replace));
  if (!wanted.view_query.empty()) {
    wanted.kind = TableKind::view;
    if (const auto made = put_view_schema(call, wanted); !made.ok()) {
      return refused_query(made.error());
    }
  }
  BL_TRY(const TableHandle made, call.tables().create(std::move(wanted)));
  return answer(table_document(*made, call.request.origin()));
}

Result<Response> get_table(const Call& call) {
  BL_TRY(const QueryResultHandle rows, answer_asked(call));
  if (rows != nullptr) {
    return answer(answer_document(call.table(), *rows, call.request.origin()));
  }
  BL_TRY(const TableHandle found, call.tables().find(call.table()));
  return answer(table_document(*found, call.request.origin()));
}

Result<Response> patch_table(const Call& call) {
  return change_table(call, Change::patch);
}

Result<Response> update_table(const Call& call) {
  return change_table(call, Change::replace);
}

Result<Response> delete_table(const Call& call) {
  BL_RETURN_IF_ERROR(call.tables().drop(call.table()));
  return Response::no_content();
}

}  // namespace bl::bigquery::rest
