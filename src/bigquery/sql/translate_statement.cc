// Statements: the answer of a query; DML as the rows that change; DDL.
#include <fmt/format.h>

#include <algorithm>

#include "bigquery/model/names.h"
#include "bigquery/sql/lexer.h"
#include "bigquery/sql/parser.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

constexpr std::string_view k_many =
    "UPDATE/MERGE must match at most one source row for each target row";

/// Once per target row; else the query ends.
std::string once(const std::string& row, const std::string& op) {
  return fmt::format("CASE WHEN count(*) OVER (PARTITION BY {}) > 1 THEN error({}) ELSE '{}' END",
                     row, quoted_literal(k_many), op);
}

/// Which pairs of rows a clause of MERGE looks at.
std::string condition_of(MergeClause::When when, const std::string& row, const std::string& there) {
  switch (when) {
    case MergeClause::When::matched:
      return fmt::format("{} IS NOT NULL AND {}", row, there);
    case MergeClause::When::not_matched_by_target:
      return fmt::format("{} IS NULL", row);
    case MergeClause::When::not_matched_by_source:
      break;
  }
  return fmt::format("{} IS NULL", there);
}

Sources renamed_columns(Sources sources, const std::map<std::string, std::string>& names) {
  const auto rename = [&](std::vector<Column>& columns) {
    for (Column& column : columns) {
      if (const auto found = names.find(column.sql); found != names.end())
        column.sql = found->second;
    }
  };
  rename(sources.visible);
  for (RangeVariable& variable : sources.variables) rename(variable.columns);
  return sources;
}

bool is_default(const Expr& expr) {
  return expr.kind == ExprKind::path && expr.names.size() == 1 && expr.names[0] == "DEFAULT";
}

}  // namespace

Result<Translator::Target> Translator::target(const Statement& statement, Sources& sources) {
  Target made;
  BL_TRY(made.name, table_name(statement.path, statement.place));
  BL_TRY(const Relation relation, relation_of(made.name, statement.place));
  const TableInfo& info =
      found_.at(fmt::format("{}.{}.{}", made.name.project, made.name.dataset, made.name.table));
  if (!info.view.empty()) {
    return error_at(statement.place,
                    fmt::format("{} is a view: it cannot be changed", made.name.table));
  }
  made.schema = info.schema;
  const std::string alias = statement.alias.empty() ? statement.path.back() : statement.alias;
  made.from = add_variable(relation.sql, alias, relation.columns, sources);
  made.row = made.from.substr(made.from.rfind(" AS ") + 4) + ".\"__bl_row\"";
  made.variable = sources.variables.back();
  return made;
}

/// Positions in the schema of the columns that values are given for.
Result<std::vector<std::size_t>> Translator::insert_columns(const Target& target,
                                                            const std::vector<std::string>& names,
                                                            std::size_t values, Place place) const {
  std::vector<std::size_t> at;
  const auto& fields = target.schema.fields;
  for (const std::string& name : names) {
    const auto found = std::ranges::find_if(
        fields, [&](const TableField& field) { return same_name(field.name, name); });
    if (found == fields.end()) {
      return error_at(place,
                      fmt::format("Column {} is not present in table {}", name, target.name.table));
    }
    const auto position = static_cast<std::size_t>(found - fields.begin());
    if (std::ranges::find(at, position) != at.end()) {
      return error_at(place, fmt::format("INSERT has duplicate column name: {}", name));
    }
    at.push_back(position);
  }
  for (std::size_t i = 0; names.empty() && i < fields.size(); ++i) at.push_back(i);
  if (at.size() != values) {
    return error_at(place, fmt::format("Inserted row has wrong column count; Has {}, expected {}",
                                       values, at.size()));
  }
  return at;
}

/// The value as the column holds it; a REQUIRED one must be there.
Result<std::string> Translator::stored(const Typed& value, const TableField& field, Place place) {
  const Type type = type_of(field);
  if (!fits(value, type)) {
    return error_at(place,
                    fmt::format("Value has type {} which cannot be inserted into column {}, which "
                                "has type {}",
                                name_of(value.type), field.name, name_of(type)));
  }
  std::string sql = fmt::format("CAST({} AS {})", value.sql, engine_type(type));
  if (field.mode == FieldMode::repeated) sql = fmt::format("coalesce({}, [])", sql);
  if (field.mode == FieldMode::required) {
    sql = fmt::format("coalesce({}, error({}))", sql,
                      quoted_literal(fmt::format("Required field {} cannot be null", field.name)));
  }
  return sql;
}

Result<std::string> Translator::new_value(const Expr& expr, const TableField& field,
                                          const Scope& scope) {
  if (!is_default(expr)) {
    BL_TRY(const Typed value, expression(expr, scope));
    return stored(value, field, expr.place);
  }
  Typed value{"NULL", Type(), nullptr};
  if (!field.default_expression.empty()) {
    BL_TRY(const Expr given, parse_expression(field.default_expression, limits_));
    BL_TRY(value, expression(given, Scope{}));
    value.literal = nullptr;
    if (!coerces(value.type, type_of(field))) {
      value = {fmt::format("CAST({} AS {})", value.sql, engine_type(type_of(field))),
               type_of(field), nullptr};
    }
  }
  return stored(value, field, expr.place);
}

Result<std::string> Translator::insert(const Statement& statement, Translated& made) {
  Sources unused;
  BL_TRY(const Target into, target(statement, unused));
  made.target = into.name;
  made.schema = into.schema;
  const auto& fields = into.schema.fields;
  Expr unsaid;
  unsaid.kind = ExprKind::path;
  unsaid.names = {"DEFAULT"};
  unsaid.place = statement.place;
  const Scope nothing;
  const auto row_of = [&](const std::vector<std::size_t>& at,
                          const auto& value_at) -> Result<std::string> {
    std::vector<std::string> columns{"'I' AS \"__bl_op\"", "CAST(NULL AS BIGINT) AS \"__bl_row\""};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto given = std::ranges::find(at, i);
      std::string sql;
      if (given == at.end()) {
        BL_TRY(sql, new_value(unsaid, fields[i], nothing));
      } else {
        BL_TRY(sql, value_at(static_cast<std::size_t>(given - at.begin()), fields[i]));
      }
      columns.push_back(fmt::format("{} AS {}", sql, engine_name(fields[i].name)));
    }
    return "SELECT " + joined(columns);
  };
  if (statement.query) {
    BL_TRY(const Relation source, query(*statement.query, nullptr));
    BL_TRY(const std::vector<std::size_t> at,
           insert_columns(into, statement.columns, source.columns.size(), statement.place));
    const std::string alias = engine_name(new_name());
    BL_TRY(const std::string sql, row_of(at, [&](std::size_t i, const TableField& field) {
             const Column& column = source.columns[i];
             return stored({alias + "." + engine_name(column.sql), column.type, nullptr}, field,
                           statement.place);
           }));
    return fmt::format("{} FROM ({}) AS {}", sql, source.sql, alias);
  }
  std::vector<std::string> rows;
  for (const std::vector<Expr>& row : statement.rows) {
    BL_TRY(const std::vector<std::size_t> at,
           insert_columns(into, statement.columns, row.size(), statement.place));
    BL_TRY(std::string sql, row_of(at, [&](std::size_t i, const TableField& field) {
             return new_value(row[i], field, nothing);
           }));
    rows.push_back(std::move(sql));
  }
  return joined(rows, " UNION ALL ");
}

/// Every column's new value, those that are not named their old one.
Result<std::vector<std::string>> Translator::assigned(
    const std::vector<std::pair<std::vector<std::string>, Expr>>& set, const Target& target,
    const Scope& scope, Place place) {
  std::vector<std::string> values;
  for (const Column& column : target.variable.columns) values.push_back(column.sql);
  std::set<std::size_t> done;
  for (const auto& [path, value] : set) {
    std::vector<std::string> names = path;
    if (names.size() > 1 && same_name(names[0], target.variable.alias)) names.erase(names.begin());
    if (names.size() > 1) return refused_at(place, "UPDATE of a field of a STRUCT");
    const auto& fields = target.schema.fields;
    const auto found = std::ranges::find_if(
        fields, [&](const TableField& field) { return same_name(field.name, names[0]); });
    if (found == fields.end()) {
      return error_at(value.place, fmt::format("Unrecognized name: {}", names[0]));
    }
    const auto at = static_cast<std::size_t>(found - fields.begin());
    if (!done.insert(at).second) {
      return error_at(value.place,
                      fmt::format("Update item {} is assigned more than once", names[0]));
    }
    BL_TRY(values[at], new_value(value, *found, scope));
  }
  return values;
}

Result<std::string> Translator::update(const Statement& statement, Translated& made) {
  Sources sources;
  BL_TRY(const Target into, target(statement, sources));
  made.target = into.name;
  made.schema = into.schema;
  std::string from_sql = into.from;
  if (statement.from) {
    BL_TRY(const std::string others, from(*statement.from, nullptr, sources));
    from_sql += " CROSS JOIN " +
                (statement.from->kind == FromItem::Kind::join ? "(" + others + ")" : others);
  }
  Scope scope;
  scope.sources = &sources;
  BL_TRY(const std::string where, boolean(*statement.where, scope, "WHERE clause"));
  BL_TRY(const std::vector<std::string> values,
         assigned(statement.set, into, scope, statement.place));
  std::vector<std::string> columns{
      (statement.from ? once(into.row, "U") : "'U'") + " AS \"__bl_op\"",
      into.row + " AS \"__bl_row\""};
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns.push_back(fmt::format("{} AS {}", values[i], engine_name(into.schema.fields[i].name)));
  }
  return fmt::format("SELECT {} FROM {} WHERE {}", joined(columns), from_sql, where);
}

Result<std::string> Translator::remove(const Statement& statement, Translated& made) {
  Sources sources;
  BL_TRY(const Target into, target(statement, sources));
  made.target = into.name;
  made.schema = into.schema;
  Scope scope;
  scope.sources = &sources;
  std::string where;
  if (statement.where) {
    BL_TRY(const std::string condition, boolean(*statement.where, scope, "WHERE clause"));
    where = " WHERE " + condition;
  }
  std::vector<std::string> columns{"'D' AS \"__bl_op\"", into.row + " AS \"__bl_row\""};
  for (const Column& column : into.variable.columns) {
    columns.push_back(fmt::format("{} AS {}", column.sql, engine_name(column.name)));
  }
  return fmt::format("SELECT {} FROM {}{}", joined(columns), into.from, where);
}

Result<std::vector<std::string>> Translator::merged_values(const MergeClause& clause,
                                                           const Target& target,
                                                           const Sources& sources) {
  using Action = MergeClause::Action;
  Scope pair;
  pair.sources = &sources;
  std::vector<std::string> values;
  if (clause.action == Action::update) return assigned(clause.set, target, pair, clause.place);
  if (clause.action == Action::remove) {
    for (const Column& column : target.variable.columns) values.push_back(column.sql);
    return values;
  }
  std::vector<Column> row;  // of INSERT ROW
  for (std::size_t v = 1; clause.action == Action::insert_row && v < sources.variables.size();
       ++v) {
    const auto& columns = sources.variables[v].columns;
    row.insert(row.end(), columns.begin(), columns.end());
  }
  const std::size_t count = row.empty() ? clause.values.size() : row.size();
  BL_TRY(const std::vector<std::size_t> at,
         insert_columns(target, clause.columns, count, clause.place));
  Expr unsaid;
  unsaid.kind = ExprKind::path;
  unsaid.names = {"DEFAULT"};
  unsaid.place = clause.place;
  for (std::size_t i = 0; i < target.schema.fields.size(); ++i) {
    const auto given = std::ranges::find(at, i);
    const auto position = static_cast<std::size_t>(given - at.begin());
    const TableField& field = target.schema.fields[i];
    std::string value;
    if (given == at.end()) {
      BL_TRY(value, new_value(unsaid, field, pair));
    } else if (!row.empty()) {
      BL_TRY(value, stored({row[position].sql, row[position].type, nullptr}, field, clause.place));
    } else {
      BL_TRY(value, new_value(clause.values[position], field, pair));
    }
    values.push_back(std::move(value));
  }
  return values;
}

/// Target and source are joined once; "__bl_act" of each pair says which clause takes it.
Result<std::string> Translator::merge(const Statement& statement, Translated& made) {
  using When = MergeClause::When;
  using Action = MergeClause::Action;
  Sources sources;
  BL_TRY(const Target into, target(statement, sources));
  made.target = into.name;
  made.schema = into.schema;
  BL_TRY(const std::string source, from(*statement.from, nullptr, sources));
  // The source's columns and a mark that they are there, under names of their own.
  const std::string s = engine_name(new_name()), m = engine_name(new_name());
  std::vector<std::string> inner{into.row + " AS \"row\"", s + ".\"there\" AS \"there\""};
  Sources outer_sources;
  std::map<std::string, std::string> renamed;
  std::vector<std::string> source_columns{"TRUE AS \"there\""};
  int number = 0;
  for (std::size_t v = 0; v < sources.variables.size(); ++v) {
    RangeVariable variable = sources.variables[v];
    if (variable.value) return refused_at(statement.place, "MERGE USING an array");
    for (Column& column : variable.columns) {
      const std::string name = engine_name(fmt::format("c{}", ++number));
      if (v == 0) {
        inner.push_back(column.sql + " AS " + name);
      } else {
        source_columns.push_back(column.sql + " AS " + name);
        inner.push_back(s + "." + name + " AS " + name);
        renamed[column.sql] = s + "." + name;
      }
      column.sql = m + "." + name;
      outer_sources.visible.push_back(column);
    }
    outer_sources.variables.push_back(std::move(variable));
  }
  const Sources marked = renamed_columns(sources, renamed);
  Scope joining;
  joining.sources = &marked;
  BL_TRY(const std::string joined_on, boolean(*statement.where, joining, "MERGE's ON"));
  Scope pair;
  pair.sources = &outer_sources;
  Target seen = into;
  seen.variable = outer_sources.variables[0];
  const std::string row = m + ".\"row\"", there = m + ".\"there\"";
  std::string act = "CASE";
  std::vector<std::vector<std::string>> cases(into.schema.fields.size());
  std::string inserts = "0";
  std::string removes = "0";
  int clause_number = 0;
  for (const MergeClause& clause : statement.clauses) {
    ++clause_number;
    std::string condition = condition_of(clause.when, row, there);
    if (clause.condition) {
      BL_TRY(const std::string also, boolean(*clause.condition, pair, "The condition of WHEN"));
      condition += " AND " + also;
    }
    act += fmt::format(" WHEN {} THEN {}", condition, clause_number);
    if (clause.action == Action::remove) removes += fmt::format(", {}", clause_number);
    const bool is_insert = clause.when == When::not_matched_by_target;
    if (is_insert) inserts += fmt::format(", {}", clause_number);
    BL_TRY(const std::vector<std::string> values, merged_values(clause, seen, outer_sources));
    for (std::size_t i = 0; i < values.size(); ++i) {
      cases[i].push_back(fmt::format("WHEN {} THEN {}", clause_number, values[i]));
    }
  }
  std::vector<std::string> columns{
      fmt::format(
          "CASE WHEN {0}.\"act\" IN ({1}) THEN 'I' WHEN count(*) OVER (PARTITION BY {2}) > 1 THEN "
          "error({3}) WHEN {0}.\"act\" IN ({4}) THEN 'D' ELSE 'U' END AS \"__bl_op\"",
          m, inserts, row, quoted_literal(k_many), removes),
      row + " AS \"__bl_row\""};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    columns.push_back(fmt::format("CASE {}.\"act\" {} END AS {}", m, joined(cases[i], " "),
                                  engine_name(into.schema.fields[i].name)));
  }
  // `act` is computed below the window, which counts only what a clause takes.
  const std::string pairs =
      fmt::format("SELECT {} FROM {} FULL JOIN (SELECT {} FROM {}) AS {} ON {}", joined(inner),
                  into.from, joined(source_columns), source, s, joined_on);
  return fmt::format(
      "SELECT {0} FROM (SELECT {1}.*, {2} END AS \"act\" FROM ({3}) AS {1}) AS {1} WHERE "
      "{1}.\"act\" IS NOT NULL",
      joined(columns), m, act, pairs);
}

Result<TableSchema> Translator::schema_of(const std::vector<ColumnDefinition>& definitions) {
  TableSchema schema;
  std::set<std::string> names;
  for (const ColumnDefinition& column : definitions) {
    if (!names.insert(lower(column.name)).second) {
      return error_at(column.place, fmt::format("Duplicate column name {}", column.name));
    }
    BL_TRY(const Type type, type_of(column.type));
    TableField field = field_of(column.name, type);
    const bool repeated = type.kind == Kind::array;
    if (!repeated) field.mode_is_given = column.not_null;
    if (column.not_null) {
      if (repeated) return error_at(column.place, "An ARRAY column cannot be NOT NULL");
      field.mode = FieldMode::required;
    }
    const TypeName& inner = repeated ? column.type.parts[0].type : column.type;
    if (!inner.parameters.empty()) {
      if (field.type == FieldType::text || field.type == FieldType::bytes) {
        field.max_length = inner.parameters[0];
      } else {
        field.precision = static_cast<int>(inner.parameters[0]);
        if (inner.parameters.size() > 1) field.scale = static_cast<int>(inner.parameters[1]);
      }
    }
    if (column.default_value) {
      BL_TRY(const Typed value, expression(*column.default_value, Scope{}));
      if (!fits(value, type)) {
        return error_at(column.place, fmt::format("The default of column {} has type {}, not {}",
                                                  column.name, name_of(value.type), name_of(type)));
      }
      field.default_expression = to_googlesql(*column.default_value);
    }
    for (const Option& option : column.options) {
      if (option.name == "description" && option.value.kind == ExprKind::string) {
        field.description = option.value.text;
      }
    }
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

Result<void> Translator::ddl(const Statement& statement, Translated& made) {
  Ddl ddl;
  ddl.or_replace = statement.or_replace;
  ddl.if_not_exists = statement.if_not_exists;
  ddl.if_exists = statement.if_exists;
  ddl.cascade = statement.cascade;
  const bool is_schema = statement.kind == StatementKind::create_schema ||
                         statement.kind == StatementKind::drop_schema;
  BL_TRY(ddl.name, table_name(statement.path, statement.place, is_schema));
  if (statement.or_replace && statement.if_not_exists) {
    return error_at(statement.place, "CREATE has both OR REPLACE and IF NOT EXISTS");
  }
  if (statement.kind == StatementKind::alter_table_add_column) {
    ddl.column_if_not_exists = ddl.if_not_exists;
    ddl.if_not_exists = false;
  }
  BL_TRY(ddl.schema, schema_of(statement.definitions));
  if (statement.partition_by) ddl.partition_by = to_googlesql(*statement.partition_by);
  ddl.cluster_by = statement.cluster_by;
  for (const Option& option : statement.options) {
    ddl.options.emplace_back(option.name, to_googlesql(option.value));
  }
  ddl.view = statement.kind == StatementKind::create_view ? statement.query_text : "";
  if (statement.query) {
    const bool is_table = statement.kind == StatementKind::create_table_as_select;
    BL_TRY(Relation answer, query(*statement.query, nullptr, true));
    TableSchema schema;
    std::set<std::string> names;
    const bool renames = !statement.columns.empty() && !is_table;
    if (renames && statement.columns.size() != answer.columns.size()) {
      return error_at(statement.place, "The view has another number of column names than columns");
    }
    for (std::size_t i = 0; i < answer.columns.size(); ++i) {
      const Column& column = answer.columns[i];
      const std::string& name = renames ? statement.columns[i] : column.name;
      if (name.empty()) {
        return error_at(statement.place,
                        fmt::format("CREATE has columns without a name: column {}", i + 1));
      }
      if (!names.insert(lower(name)).second) {
        return error_at(statement.place, fmt::format("Duplicate column name {}", name));
      }
      TableField field = field_of(name, column.type);
      field.mode_is_given = field.mode == FieldMode::repeated;
      schema.fields.push_back(std::move(field));
    }
    if (is_table && !ddl.schema.fields.empty()) {
      if (ddl.schema.fields.size() != answer.columns.size()) {
        return error_at(statement.place, "The table has another number of columns than the query");
      }
      std::vector<std::string> columns;
      const std::string alias = engine_name(new_name());
      for (std::size_t i = 0; i < answer.columns.size(); ++i) {
        const Column& column = answer.columns[i];
        BL_TRY(const std::string value,
               stored({alias + "." + engine_name(column.sql), column.type, nullptr},
                      ddl.schema.fields[i], statement.place));
        columns.push_back(fmt::format("{} AS {}", value, engine_name(ddl.schema.fields[i].name)));
      }
      answer.sql = fmt::format("SELECT {} FROM ({}) AS {}", joined(columns), answer.sql, alias);
    } else {
      ddl.schema = std::move(schema);
    }
    if (is_table) made.sql = std::move(answer.sql);
  }
  made.schema = ddl.schema;
  made.ddl = std::move(ddl);
  return {};
}

Result<Translated> Translator::run(const Statement& statement) {
  Translated made;
  made.kind = statement.kind;
  switch (statement.kind) {
    case StatementKind::select: {
      BL_TRY(Relation answer, query(*statement.query, nullptr, true));
      if (answer.is_value && answer.columns[0].type.kind == Kind::record) {
        // The fields are the columns.
        const Type type = answer.columns[0].type;
        const std::string alias = engine_name(new_name()),
                          value = engine_name(answer.columns[0].sql);
        std::vector<std::string> columns;
        answer.columns.clear();
        for (std::size_t i = 0; i < type.members.size(); ++i) {
          const std::string name = member_name(type, i);
          columns.push_back(fmt::format("struct_extract({}.{}, {}) AS {}", alias, value,
                                        quoted_literal(name), engine_name(name)));
          answer.columns.push_back({type.members[i].name, name, type.members[i].type});
        }
        answer.sql = fmt::format("SELECT {} FROM ({}) AS {}", joined(columns), answer.sql, alias);
      }
      std::set<std::string> names;
      int nameless = 0;
      for (const Column& column : answer.columns) {
        const std::string name =
            column.name.empty() ? fmt::format("f{}_", nameless++) : column.name;
        if (!names.insert(lower(name)).second) {
          return error_at(statement.place,
                          fmt::format("Duplicate column names in the result are not "
                                      "supported. Found duplicate(s): {}",
                                      name));
        }
        made.schema.fields.push_back(field_of(name, column.type));
      }
      made.sql = std::move(answer.sql);
      break;
    }
    case StatementKind::insert: {
      BL_TRY(made.sql, insert(statement, made));
      break;
    }
    case StatementKind::update: {
      BL_TRY(made.sql, update(statement, made));
      break;
    }
    case StatementKind::remove:
    case StatementKind::truncate: {
      BL_TRY(made.sql, remove(statement, made));
      break;
    }
    case StatementKind::merge: {
      BL_TRY(made.sql, merge(statement, made));
      break;
    }
    default:
      BL_RETURN_IF_ERROR(ddl(statement, made));
  }
  BL_RETURN_IF_ERROR(within_limit(made.sql));
  made.tables = std::move(used_);
  made.parameters = std::move(parameters_);
  return made;
}

Result<Translated> translate(std::string_view text, const TranslateOptions& options,
                             TableSource& tables, const SqlLimits& limits) {
  BL_TRY(const Statement statement, parse_statement(text, limits));
  return Translator(options, tables, limits).run(statement);
}

}  // namespace bl::bigquery::sql
