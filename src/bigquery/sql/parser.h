#pragma once

#include <string_view>

#include "base/result.h"
#include "bigquery/googlesql.h"
#include "bigquery/sql/ast.h"

/// Text -> tree, by recursive descent. Pure; threads: any.
namespace bl::bigquery::sql {

/// One statement, a `;` behind it or not. Errors: invalid (syntax, more than a limit), unsupported
/// (what BigQuery knows and we refuse by name), each with the place.
Result<Statement> parse_statement(std::string_view text, const SqlLimits& limits = {});

/// One expression and nothing else.
Result<Expr> parse_expression(std::string_view text, const SqlLimits& limits = {});

/// The tree as GoogleSQL: parsing it gives an equal tree.
std::string to_googlesql(const Statement& statement);
std::string to_googlesql(const Query& query);
std::string to_googlesql(const Expr& expr);

}  // namespace bl::bigquery::sql
