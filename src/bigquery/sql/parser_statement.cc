// Statements: DML and DDL; what is refused by name.
#include <array>

#include "bigquery/model/names.h"
#include "bigquery/sql/parser_core.h"

namespace bl::bigquery::sql {
namespace {

struct Refused {
  std::string_view first, second;  ///< words; the second may be empty
  std::string_view what;
};
constexpr std::array k_refused = std::to_array<Refused>({
    {"DECLARE", "", "scripting (DECLARE)"},
    {"SET", "", "scripting (SET)"},
    {"IF", "", "scripting (IF)"},
    {"LOOP", "", "scripting (LOOP)"},
    {"WHILE", "", "scripting (WHILE)"},
    {"REPEAT", "", "scripting (REPEAT)"},
    {"FOR", "", "scripting (FOR)"},
    {"CASE", "", "scripting (CASE)"},
    {"EXECUTE", "", "scripting (EXECUTE IMMEDIATE)"},
    {"RAISE", "", "scripting (RAISE)"},
    {"CALL", "", "procedures (CALL)"},
    {"BEGIN", "TRANSACTION", "transactions"},
    {"BEGIN", "", "scripting and transactions (BEGIN)"},
    {"COMMIT", "", "transactions"},
    {"ROLLBACK", "", "transactions"},
    {"EXPORT", "", "EXPORT DATA"},
    {"LOAD", "", "LOAD DATA"},
    {"GRANT", "", "GRANT"},
    {"REVOKE", "", "REVOKE"},
    {"ASSERT", "", "ASSERT"},
    {"EXPLAIN", "", "EXPLAIN"},
    {"UNDROP", "", "UNDROP"},
    {"CREATE", "TEMP", "temporary tables and functions"},
    {"CREATE", "TEMPORARY", "temporary tables and functions"},
    {"CREATE", "FUNCTION", "CREATE FUNCTION"},
    {"CREATE", "AGGREGATE", "CREATE AGGREGATE FUNCTION"},
    {"CREATE", "PROCEDURE", "CREATE PROCEDURE"},
    {"CREATE", "MODEL", "ML (CREATE MODEL)"},
    {"CREATE", "MATERIALIZED", "materialized views"},
    {"CREATE", "EXTERNAL", "external tables"},
    {"CREATE", "SNAPSHOT", "table snapshots"},
    {"CREATE", "SEARCH", "search indexes"},
    {"CREATE", "VECTOR", "vector indexes"},
    {"CREATE", "ROW", "row access policies"},
});

}  // namespace

Result<void> Parser::refuse_by_name() const {
  // CREATE OR REPLACE x is refused as CREATE x is.
  const std::size_t second = is("CREATE") && is("OR", 1) && is("REPLACE", 2) ? 3 : 1;
  for (const Refused& refused : k_refused) {
    if (is(refused.first) && (refused.second.empty() || is(refused.second, second))) {
      return refused_at(now().place, refused.what);
    }
  }
  return {};
}

Result<Statement> Parser::statement() {
  BL_RETURN_IF_ERROR(refuse_by_name());
  const Place place = now().place;
  const std::size_t begin = now().begin;
  const auto parsed = [&]() -> Result<Statement> {
    if (starts_query() || is_symbol("(")) {
      Statement made;
      BL_TRY(Query inner, query());
      made.query = std::move(inner);
      return made;
    }
    if (take("INSERT")) return insert();
    if (take("UPDATE")) return update();
    if (take("DELETE")) return remove();
    if (take("MERGE")) return merge();
    if (take("TRUNCATE")) return truncate();
    if (take("CREATE")) return create();
    if (take("DROP")) return drop();
    if (take("ALTER")) return alter();
    return unexpected();
  };
  BL_TRY(Statement made, parsed());
  made.place = place;
  if (made.kind == StatementKind::select)
    made.query_text = std::string(text_.substr(begin, now().begin - begin));
  return made;
}

Result<Statement> Parser::insert() {
  Statement made;
  made.kind = StatementKind::insert;
  (void)take("INTO");
  BL_TRY(made.path, table_path());
  if (is_symbol("(") && !starts_query(1)) {
    BL_TRY(made.columns, names_in_parentheses());
  }
  if (!take("VALUES")) {
    BL_TRY(Query inner, query());
    made.query = std::move(inner);
    return made;
  }
  do {
    BL_TRY(std::vector<Expr> row, insert_row());
    made.rows.push_back(std::move(row));
  } while (take_symbol(","));
  return made;
}

/// DEFAULT is a path of that name: it is reserved, so nothing else is.
Result<std::vector<Expr>> Parser::insert_row() {
  std::vector<Expr> row;
  BL_RETURN_IF_ERROR(expect_symbol("("));
  do {
    if (is("DEFAULT")) {
      Expr expr;
      expr.kind = ExprKind::path;
      expr.place = now().place;
      expr.names = {"DEFAULT"};
      ++at_;
      row.push_back(std::move(expr));
      continue;
    }
    BL_TRY(Expr expr, expression());
    row.push_back(std::move(expr));
  } while (take_symbol(","));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  return row;
}

Result<std::vector<Parser::Assignment>> Parser::assignments() {
  std::vector<Assignment> list;
  do {
    if (is_symbol("(")) return refused_at(now().place, "nested DML in UPDATE");
    BL_TRY(std::vector<std::string> path, column_path());
    BL_RETURN_IF_ERROR(expect_symbol("="));
    if (is("DEFAULT")) {
      Expr expr;
      expr.kind = ExprKind::path;
      expr.place = now().place;
      expr.names = {"DEFAULT"};
      ++at_;
      list.emplace_back(std::move(path), std::move(expr));
      continue;
    }
    BL_TRY(Expr value, expression());
    list.emplace_back(std::move(path), std::move(value));
  } while (take_symbol(","));
  return list;
}

/// The table that UPDATE, DELETE and MERGE change, and what they call it.
Result<void> Parser::target(Statement& made) {
  BL_TRY(made.path, table_path());
  BL_TRY(made.alias, alias());
  return {};
}

/// GoogleSQL wants a WHERE of UPDATE and DELETE.
Result<void> Parser::condition(Statement& made) {
  BL_RETURN_IF_ERROR(expect("WHERE"));
  BL_TRY(Expr where, expression());
  made.where = std::move(where);
  return {};
}

Result<Statement> Parser::update() {
  Statement made;
  made.kind = StatementKind::update;
  BL_RETURN_IF_ERROR(target(made));
  BL_RETURN_IF_ERROR(expect("SET"));
  BL_TRY(made.set, assignments());
  if (take("FROM")) {
    BL_TRY(FromItem source, from());
    made.from = std::move(source);
  }
  BL_RETURN_IF_ERROR(condition(made));
  return made;
}

Result<Statement> Parser::remove() {
  Statement made;
  made.kind = StatementKind::remove;
  (void)take("FROM");
  BL_RETURN_IF_ERROR(target(made));
  BL_RETURN_IF_ERROR(condition(made));
  return made;
}

Result<Statement> Parser::merge() {
  Statement made;
  made.kind = StatementKind::merge;
  (void)take("INTO");
  BL_RETURN_IF_ERROR(target(made));
  BL_RETURN_IF_ERROR(expect("USING"));
  BL_TRY(FromItem source, from_operand());
  made.from = std::move(source);
  BL_RETURN_IF_ERROR(expect("ON"));
  BL_TRY(Expr on, expression());
  made.where = std::move(on);
  if (!is("WHEN")) return unexpected("keyword WHEN");
  while (is("WHEN")) {
    BL_TRY(MergeClause clause, merge_clause());
    made.clauses.push_back(std::move(clause));
  }
  return made;
}

Result<MergeClause> Parser::merge_clause() {
  using When = MergeClause::When;
  using Action = MergeClause::Action;
  MergeClause clause;
  clause.place = now().place;
  ++at_;
  if (take("NOT")) {
    clause.when = When::not_matched_by_target;
    BL_RETURN_IF_ERROR(expect("MATCHED"));
    if (take("BY")) {
      if (take("SOURCE")) {
        clause.when = When::not_matched_by_source;
      } else {
        BL_RETURN_IF_ERROR(expect("TARGET"));
      }
    }
  } else {
    BL_RETURN_IF_ERROR(expect("MATCHED"));
  }
  if (take("AND")) {
    BL_TRY(Expr condition, expression());
    clause.condition = std::move(condition);
  }
  BL_RETURN_IF_ERROR(expect("THEN"));
  const Place place = now().place;
  const bool inserts = clause.when == When::not_matched_by_target;
  if (take("INSERT")) {
    if (!inserts) return error_at(place, "Syntax error: INSERT is for rows NOT MATCHED BY TARGET");
    if (take("ROW")) {
      clause.action = Action::insert_row;
      return clause;
    }
    if (is_symbol("(")) {
      BL_TRY(clause.columns, names_in_parentheses());
    }
    if (take("ROW")) {
      clause.action = Action::insert_row;
      return clause;
    }
    BL_RETURN_IF_ERROR(expect("VALUES"));
    BL_TRY(clause.values, insert_row());
    return clause;
  }
  if (inserts) return unexpected("keyword INSERT");
  if (take("DELETE")) {
    clause.action = Action::remove;
    return clause;
  }
  BL_RETURN_IF_ERROR(expect("UPDATE"));
  BL_RETURN_IF_ERROR(expect("SET"));
  clause.action = Action::update;
  BL_TRY(clause.set, assignments());
  return clause;
}

Result<Statement> Parser::truncate() {
  Statement made;
  made.kind = StatementKind::truncate;
  BL_RETURN_IF_ERROR(expect("TABLE"));
  BL_TRY(made.path, table_path());
  return made;
}

Result<Statement> Parser::create() {
  Statement made;
  made.or_replace = take_words({"OR", "REPLACE"});
  const bool is_schema = take("SCHEMA");
  const bool is_table = !is_schema && take("TABLE");
  if (is_table && is("FUNCTION")) return refused_at(now().place, "table functions");
  if (!is_schema && !is_table) BL_RETURN_IF_ERROR(expect("VIEW"));
  made.if_not_exists = take_words({"IF", "NOT", "EXISTS"});
  BL_TRY(made.path, table_path());
  if (is_table) return create_table(std::move(made));
  if (!is_schema) return create_view(std::move(made));
  made.kind = StatementKind::create_schema;
  if (is("DEFAULT")) return refused_at(now().place, "COLLATE");
  if (take("OPTIONS")) {
    BL_TRY(made.options, options());
  }
  return made;
}

Result<Statement> Parser::create_table(Statement made) {
  made.kind = StatementKind::create_table;
  for (const std::string_view word : {"LIKE", "COPY", "CLONE"}) {
    if (is(word)) return refused_at(now().place, "CREATE TABLE LIKE, COPY and CLONE");
  }
  if (take_symbol("(")) {
    do {
      if (is_symbol(")") && !made.definitions.empty()) break;
      for (const std::string_view word : {"PRIMARY", "FOREIGN", "CONSTRAINT"}) {
        if (is(word) && (is("KEY", 1) || is_identifier(1)) && !is_symbol(",", 2)) {
          return refused_at(now().place, "constraints (PRIMARY KEY, FOREIGN KEY)");
        }
      }
      BL_TRY(ColumnDefinition column, column_definition());
      made.definitions.push_back(std::move(column));
    } while (take_symbol(","));
    BL_RETURN_IF_ERROR(expect_symbol(")"));
  }
  if (is("DEFAULT")) return refused_at(now().place, "COLLATE");
  if (take_words({"PARTITION", "BY"})) {
    BL_TRY(Expr by, expression());
    made.partition_by = std::move(by);
  }
  if (take_words({"CLUSTER", "BY"})) {
    do {
      BL_TRY(std::string name, identifier("a column's name"));
      made.cluster_by.push_back(std::move(name));
    } while (take_symbol(","));
  }
  if (take("OPTIONS")) {
    BL_TRY(made.options, options());
  }
  if (take("AS")) {
    made.kind = StatementKind::create_table_as_select;
    BL_TRY(Query inner, query());
    made.query = std::move(inner);
  } else if (made.definitions.empty()) {
    return unexpected("the table's columns or AS");
  }
  return made;
}

Result<Statement> Parser::create_view(Statement made) {
  made.kind = StatementKind::create_view;
  if (is_symbol("(")) {
    BL_TRY(made.columns, names_in_parentheses());
  }
  if (take("OPTIONS")) {
    BL_TRY(made.options, options());
  }
  BL_RETURN_IF_ERROR(expect("AS"));
  const std::size_t begin = now().begin;
  BL_TRY(Query inner, query());
  made.query = std::move(inner);
  const std::size_t end = at_ > 0 ? tokens_[at_ - 1].finish : begin;
  made.query_text = std::string(text_.substr(begin, end - begin));
  return made;
}

Result<ColumnDefinition> Parser::column_definition() {
  ColumnDefinition column;
  column.place = now().place;
  BL_TRY(column.name, identifier("a column's name"));
  BL_TRY(column.type, type());
  while (true) {
    if (is("COLLATE")) return refused_at(now().place, "COLLATE");
    if (is("PRIMARY") || is("REFERENCES")) {
      return refused_at(now().place, "constraints (PRIMARY KEY, FOREIGN KEY)");
    }
    if (is("GENERATED")) return refused_at(now().place, "generated columns");
    if (take_words({"NOT", "NULL"})) {
      column.not_null = true;
    } else if (take("DEFAULT")) {
      BL_TRY(Expr value, expression());
      column.default_value = std::move(value);
    } else if (take("OPTIONS")) {
      BL_TRY(column.options, options());
    } else {
      return column;
    }
  }
}

Result<std::vector<Option>> Parser::options() {
  std::vector<Option> list;
  BL_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol(")")) return list;
  do {
    Option option;
    BL_TRY(std::string name, identifier("an option's name"));
    option.name = lower(name);
    BL_RETURN_IF_ERROR(expect_symbol("="));
    BL_TRY(option.value, expression());
    list.push_back(std::move(option));
  } while (take_symbol(","));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  return list;
}

Result<Statement> Parser::drop() {
  Statement made;
  const Place place = now().place;
  if (take("TABLE")) {
    made.kind = StatementKind::drop_table;
    if (is("FUNCTION")) return refused_at(place, "DROP TABLE FUNCTION");
  } else if (take("VIEW")) {
    made.kind = StatementKind::drop_view;
  } else if (take("SCHEMA")) {
    made.kind = StatementKind::drop_schema;
  } else if (is_identifier()) {
    return refused_at(place, "DROP " + in_capitals(now().text));
  } else {
    return unexpected("TABLE, VIEW or SCHEMA");
  }
  made.if_exists = take_words({"IF", "EXISTS"});
  BL_TRY(made.path, table_path());
  if (made.kind == StatementKind::drop_schema) {
    made.cascade = take("CASCADE");
    if (!made.cascade) (void)take("RESTRICT");
  }
  return made;
}

Result<Statement> Parser::alter() {
  Statement made;
  made.kind = StatementKind::alter_table_add_column;
  const Place place = now().place;
  if (!take("TABLE")) return refused_at(place, "ALTER of anything but a TABLE");
  made.if_exists = take_words({"IF", "EXISTS"});
  BL_TRY(made.path, table_path());
  do {
    const Place action = now().place;
    if (!take_words({"ADD", "COLUMN"})) return refused_at(action, "ALTER TABLE but ADD COLUMN");
    made.if_not_exists = take_words({"IF", "NOT", "EXISTS"}) || made.if_not_exists;
    BL_TRY(ColumnDefinition column, column_definition());
    made.definitions.push_back(std::move(column));
  } while (take_symbol(","));
  return made;
}

}  // namespace bl::bigquery::sql
