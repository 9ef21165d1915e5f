#include "bigquery/row_restriction.h"

#include <algorithm>
#include <array>

#include "bigquery/sql/lexer.h"
#include "bigquery/sql/parser.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

constexpr std::array k_by_chance = std::to_array<std::string_view>({"RAND", "GENERATE_UUID"});

class NoTables final : public TableSource {
 public:
  Result<TableInfo> find(const TableName& name) override {
    return Error{Code::not_found, "Not found: Table " + name.table};
  }
};

/// The literal that a function without arguments stands for at that instant; empty: it is none.
std::string text_at(std::string_view function, Timestamp now) {
  if (function == "CURRENT_TIMESTAMP") return to_rfc3339(now);
  const std::string civil = to_iso_naive(now);
  if (function == "CURRENT_DATETIME") return civil;
  if (function == "CURRENT_DATE") return civil.substr(0, 10);
  if (function == "CURRENT_TIME") return civil.substr(11);
  return "";
}

/// Refuses what no restriction has, and makes times constants.
Result<void> prepare(Expr& expr, Timestamp now) {
  if (expr.query) return refused_at(expr.place, "a subquery in a row restriction");
  if (expr.kind == ExprKind::parameter) {
    return refused_at(expr.place, "a parameter in a row restriction");
  }
  if (expr.kind == ExprKind::call) {
    if (expr.over) return refused_at(expr.place, "a window function in a row restriction");
    if (std::ranges::find(k_by_chance, expr.name) != k_by_chance.end()) {
      return refused_at(expr.place, expr.name + " in a row restriction");
    }
    if (expr.name.starts_with("CURRENT_")) {
      const std::string text = text_at(expr.name, now);
      if (text.empty() || !expr.args.empty()) {
        return refused_at(expr.place, expr.name + " of a time zone in a row restriction");
      }
      const Place place = expr.place;
      const std::string type = expr.name.substr(std::string_view("CURRENT_").size());
      expr = Expr();
      expr.kind = ExprKind::typed_literal;
      expr.place = place;
      expr.name = type;
      expr.text = text;
      return {};
    }
  }
  for (Expr& arg : expr.args) BL_RETURN_IF_ERROR(prepare(arg, now));
  return {};
}

}  // namespace

Result<std::string> Translator::condition(const Expr& expr, const Sources& sources,
                                          std::string_view where) {
  Scope scope;
  scope.sources = &sources;
  return boolean(expr, scope, where);
}

Result<std::string> translate_restriction(
    std::string_view text, const TableSchema& schema, Timestamp now,
    const std::function<std::string(const TableField&)>& column, const SqlLimits& limits) {
  BL_TRY(Expr expr, parse_expression(text, limits));
  BL_RETURN_IF_ERROR(prepare(expr, now));
  if (has_aggregate(expr)) {
    return error_at(expr.place, "Aggregate functions are not allowed in a row restriction");
  }
  Sources sources;
  RangeVariable& table = sources.variables.emplace_back();
  for (const TableField& field : schema.fields) {
    table.columns.push_back({field.name, column(field), type_of(field)});
  }
  sources.visible = table.columns;
  const TranslateOptions options;
  NoTables none;
  return Translator(options, none, limits).condition(expr, sources, "A row restriction");
}

}  // namespace bl::bigquery::sql
