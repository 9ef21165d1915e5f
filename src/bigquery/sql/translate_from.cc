// FROM: tables, views, subqueries, joins, UNNEST, PIVOT and UNPIVOT.
#include <fmt/format.h>

#include <algorithm>

#include "bigquery/model/names.h"
#include "bigquery/sql/lexer.h"
#include "bigquery/sql/parser.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

/// A struct's fields; of another value, the value under its alias.
std::vector<Column> columns_of_value(const std::string& alias, const Column& value) {
  if (value.type.kind != Kind::record) return {{alias, value.sql, value.type}};
  return columns_of_struct(value.sql, value.type);
}

}  // namespace

std::vector<Column> columns_of_struct(const std::string& sql, const Type& type) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < type.members.size(); ++i) {
    columns.push_back(
        {type.members[i].name,
         fmt::format("struct_extract({}, {})", sql, quoted_literal(member_name(type, i))),
         type.members[i].type});
  }
  return columns;
}

std::string Translator::add_variable(const std::string& sql, const std::string& alias,
                                     const std::vector<Column>& columns, Sources& sources,
                                     bool is_value) {
  const std::string name = new_name();
  RangeVariable variable;
  variable.alias = alias;
  for (const Column& column : columns) {
    variable.columns.push_back(
        {column.name, engine_name(name) + "." + engine_name(column.sql), column.type});
  }
  if (is_value) {
    variable.value = variable.columns[0];
    variable.columns = columns_of_value(alias, *variable.value);
  }
  sources.visible.insert(sources.visible.end(), variable.columns.begin(), variable.columns.end());
  sources.variables.push_back(std::move(variable));
  return fmt::format("{} AS {}", sql, engine_name(name));
}

Result<TableName> Translator::table_name(const std::vector<std::string>& path, Place place,
                                         bool is_schema) const {
  TableName name;
  std::vector<std::string> parts = path;
  if (is_schema) parts.emplace_back();
  if (parts.size() > 3) {
    return error_at(place, fmt::format("Invalid name: {}", joined(path, ".")));
  }
  name.table = parts.back();
  name.dataset = parts.size() > 1 ? parts[parts.size() - 2] : options_.default_dataset;
  name.project = parts.size() > 2 ? parts[0] : options_.default_project;
  if (name.dataset.empty()) {
    return error_at(place, fmt::format("Table \"{}\" must be qualified with a dataset (e.g. "
                                       "dataset.table)",
                                       name.table));
  }
  return name;
}

std::string Translator::used(const TableName& name) {
  for (const UsedTable& table : used_) {
    if (table.name == name) return engine_name(table.relation);
  }
  used_.push_back({name, fmt::format("{}.{}.{}", name.project, name.dataset, name.table)});
  return engine_name(used_.back().relation);
}

/// A table's relation, or a view's query.
Result<Relation> Translator::relation_of(const TableName& name, Place place) {
  const std::string key = fmt::format("{}.{}.{}", name.project, name.dataset, name.table);
  if (!found_.contains(key)) {
    auto info = tables_.find(name);
    if (!info.ok()) {
      Error error = std::move(info).error();
      error.message += fmt::format(" at [{}:{}]", place.line, place.column);
      return error;
    }
    found_.emplace(key, std::move(*info));
  }
  const TableInfo info = found_.at(key);
  Relation made;
  if (info.view.empty()) {
    for (const TableField& field : info.schema.fields) {
      made.columns.push_back({field.name, field.name, type_of(field)});
    }
    made.sql = used(name);
    return made;
  }
  if (views_ >= limits_.views_depth_max) {
    return error_at(place,
                    fmt::format("Views are nested more than {} deep", limits_.views_depth_max));
  }
  BL_TRY(const Statement statement, parse_statement(info.view, limits_));
  if (statement.kind != StatementKind::select) {
    return error_at(place, fmt::format("View {} is no query", key));
  }
  std::vector<WithName> hidden;
  std::swap(hidden, with_);
  ++views_;
  auto inner = query(*statement.query, nullptr);
  --views_;
  std::swap(hidden, with_);
  if (!inner.ok()) return std::move(inner).error().with_context("in view " + key);
  for (std::size_t i = 0; i < inner->columns.size(); ++i) {
    Column& column = inner->columns[i];
    // A view's columns may have names of their own.
    if (i < info.schema.fields.size()) column.name = info.schema.fields[i].name;
  }
  inner->sql = "(" + inner->sql + ")";
  return std::move(*inner);
}

Result<std::string> Translator::from(const FromItem& item, const Scope* outer, Sources& sources) {
  const std::size_t begin = sources.variables.size();
  std::string sql;
  switch (item.kind) {
    case FromItem::Kind::join:
      return join(item, outer, sources);
    case FromItem::Kind::unnest: {
      BL_TRY(sql, unnest(item, *item.array, outer, sources));
      break;
    }
    case FromItem::Kind::table: {
      BL_TRY(sql, table(item, outer, sources));
      break;
    }
    case FromItem::Kind::query: {
      BL_TRY(const Relation inner, query(*item.query, outer));
      sql = add_variable("(" + inner.sql + ")", item.alias, inner.columns, sources, inner.is_value);
      break;
    }
  }
  if (!item.pivots.empty()) return pivot(item, std::move(sql), outer, sources, begin);
  if (!item.unpivots.empty()) return unpivot(item, std::move(sql), sources, begin);
  for (std::size_t i = 0; i < begin; ++i) {
    const std::string& alias = sources.variables.back().alias;
    if (!alias.empty() && same_name(sources.variables[i].alias, alias)) {
      return error_at(item.place,
                      fmt::format("Duplicate table alias {} in the same FROM clause", alias));
    }
  }
  return sql;
}

Result<std::string> Translator::table(const FromItem& item, const Scope* outer, Sources& sources) {
  // The array of a table that stands before, or around.
  const auto is_variable = [&](const Sources& in) {
    return std::ranges::any_of(in.variables, [&](const RangeVariable& variable) {
      return same_name(variable.alias, item.path[0]);
    });
  };
  bool correlated = item.path.size() > 1 && is_variable(sources);
  for (const Scope* at = outer; at != nullptr && !correlated && item.path.size() > 1;
       at = at->outer) {
    correlated = at->sources != nullptr && is_variable(*at->sources);
  }
  if (correlated) {
    Expr path;
    path.kind = ExprKind::path;
    path.place = item.place;
    path.names = item.path;
    return unnest(item, path, outer, sources);
  }
  if (item.with_offset) return error_at(item.place, "WITH OFFSET is for arrays");
  const std::string alias = item.alias.empty() ? item.path.back() : item.alias;
  if (item.path.size() == 1) {
    for (auto known = with_.rbegin(); known != with_.rend(); ++known) {
      if (known->name != lower(item.path[0])) continue;
      return add_variable(known->relation.sql, alias, known->relation.columns, sources,
                          known->relation.is_value);
    }
  }
  BL_TRY(const TableName name, table_name(item.path, item.place));
  BL_TRY(const Relation relation, relation_of(name, item.place));
  return add_variable(relation.sql, alias, relation.columns, sources);
}

Result<std::string> Translator::unnest(const FromItem& item, const Expr& array, const Scope* outer,
                                       Sources& sources) {
  Scope scope;
  scope.outer = outer;
  scope.sources = &sources;
  BL_TRY(const Typed list, expression(array, scope));
  if (list.type.kind != Kind::array) {
    return error_at(item.place, fmt::format("Values referenced in UNNEST must be arrays. UNNEST "
                                            "contains expression of type {}",
                                            name_of(list.type)));
  }
  const bool is_path = item.kind == FromItem::Kind::table;
  const std::string alias = item.alias.empty() && is_path ? item.path.back() : item.alias;
  const std::string name = new_name();
  const Type& element = list.type.element();
  RangeVariable variable;
  variable.alias = alias;
  const std::string value = engine_name(name) + ".\"v\"";
  variable.value = Column{alias, value, element};
  variable.columns = columns_of_value(alias, *variable.value);
  sources.visible.insert(sources.visible.end(), variable.columns.begin(), variable.columns.end());
  sources.variables.push_back(std::move(variable));
  std::string inner = fmt::format("SELECT unnest({}) AS \"v\"", list.sql);
  if (item.with_offset) {
    inner += fmt::format(", unnest(range(len({}))) AS \"o\"", list.sql);
    sources.visible.push_back({item.offset_alias.empty() ? "offset" : item.offset_alias,
                               engine_name(name) + ".\"o\"", Kind::int64});
  }
  return fmt::format("LATERAL ({}) AS {}", inner, engine_name(name));
}

Result<std::string> Translator::join(const FromItem& item, const Scope* outer, Sources& sources) {
  const std::size_t begin = sources.visible.size();
  BL_TRY(const std::string left, from(*item.left, outer, sources));
  const std::size_t middle = sources.visible.size();
  BL_TRY(std::string right, from(*item.right, outer, sources));
  if (item.right->kind == FromItem::Kind::join) right = "(" + right + ")";
  if (item.join == JoinKind::comma || item.join == JoinKind::cross) {
    return fmt::format("{} CROSS JOIN {}", left, right);
  }
  const bool lateral = right.starts_with("LATERAL");
  if (lateral && item.join != JoinKind::inner && item.join != JoinKind::left) {
    return error_at(item.place, "An array scan is not allowed with RIGHT or FULL JOIN");
  }
  BL_TRY(const std::string on, join_condition(item, outer, sources, begin, middle));
  static constexpr std::string_view k_words[] = {"",          "",           "JOIN",
                                                 "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"};
  return fmt::format("{} {} {} ON {}", left, k_words[static_cast<std::size_t>(item.join)], right,
                     on);
}

/// USING leaves each of its columns visible once, first.
Result<std::string> Translator::join_condition(const FromItem& item, const Scope* outer,
                                               Sources& sources, std::size_t begin,
                                               std::size_t middle) {
  if (item.on) {
    Scope scope;
    scope.outer = outer;
    scope.sources = &sources;
    return boolean(*item.on, scope, "JOIN ON clause");
  }
  if (item.using_names.empty()) return std::string("TRUE");
  auto& visible = sources.visible;
  std::vector<Column> merged;
  std::vector<std::string> tests;
  std::vector<std::size_t> gone;
  for (const std::string& name : item.using_names) {
    const auto find = [&](std::size_t from, std::size_t to) -> Result<std::size_t> {
      std::size_t found = visible.size();
      for (std::size_t i = from; i < to; ++i) {
        if (!same_name(visible[i].name, name)) continue;
        if (found != visible.size()) {
          return error_at(item.place, fmt::format("Column {} in USING clause is ambiguous", name));
        }
        found = i;
      }
      if (found != visible.size()) return found;
      return error_at(item.place,
                      fmt::format("Column {} in USING clause not found on {} side of join", name,
                                  from == begin ? "left" : "right"));
    };
    BL_TRY(const std::size_t l, find(begin, middle));
    BL_TRY(const std::size_t r, find(middle, visible.size()));
    const auto type = common_type(visible[l].type, visible[r].type);
    if (!type) {
      return error_at(item.place,
                      fmt::format("Column {} in USING has incompatible types {} and {}", name,
                                  name_of(visible[l].type), name_of(visible[r].type)));
    }
    tests.push_back(fmt::format("{} = {}", visible[l].sql, visible[r].sql));
    std::string sql = item.join == JoinKind::full
                          ? fmt::format("coalesce({}, {})", visible[l].sql, visible[r].sql)
                      : item.join == JoinKind::right ? visible[r].sql
                                                     : visible[l].sql;
    merged.push_back({visible[l].name, std::move(sql), *type});
    gone.push_back(l);
    gone.push_back(r);
  }
  std::vector<Column> left(visible.begin(), visible.begin() + static_cast<std::ptrdiff_t>(begin));
  left.insert(left.end(), merged.begin(), merged.end());
  for (std::size_t i = begin; i < visible.size(); ++i) {
    if (std::ranges::find(gone, i) == gone.end()) left.push_back(visible[i]);
  }
  visible = std::move(left);
  return joined(tests, " AND ");
}

/// Grouped by what the aggregates and the FOR do not name.
Result<std::string> Translator::pivot(const FromItem& item, std::string sql, const Scope* outer,
                                      Sources& sources, std::size_t begin) {
  const Pivot& pivot = item.pivots[0];
  Sources inner;
  inner.variables.assign(sources.variables.begin() + static_cast<std::ptrdiff_t>(begin),
                         sources.variables.end());
  inner.visible = inner.variables[0].columns;
  sources.visible.resize(sources.visible.size() - inner.visible.size());
  sources.variables.resize(begin);
  Scope scope;
  scope.outer = outer;
  scope.sources = &inner;
  BL_TRY(const Typed input, expression(*pivot.input, scope));
  std::string named = to_googlesql(*pivot.input);
  for (const PivotValue& aggregate : pivot.aggregates) named += " " + to_googlesql(aggregate.value);
  named = lower(named);
  std::vector<std::string> columns, groups;
  std::vector<Column> out;
  for (const Column& column : inner.visible) {
    if (named.find(lower("`" + column.name + "`")) != std::string::npos) continue;
    columns.push_back(fmt::format("{} AS {}", column.sql, engine_name(column.name)));
    groups.push_back(column.sql);
    out.push_back({column.name, column.name, column.type});
  }
  scope.takes_aggregates = true;
  const std::vector<GroupKey> none;
  scope.keys = &none;
  for (const PivotValue& value : pivot.values) {
    BL_TRY(const Typed wanted, expression(value.value, Scope{}));
    BL_TRY(const std::string is, as(wanted, input.type, value.value.place, "PIVOT's value"));
    std::string label = value.alias;
    if (label.empty()) {
      label = value.value.text;
      const bool is_plain =
          value.value.kind == ExprKind::string || value.value.kind == ExprKind::integer;
      if (!is_plain) return refused_at(value.value.place, "a PIVOT value without an alias");
      if (value.value.kind == ExprKind::integer) label = "_" + label;
    }
    for (const PivotValue& aggregate : pivot.aggregates) {
      const Expr& call = aggregate.value;
      if (call.kind != ExprKind::call || !has_aggregate(call) || call.args.size() > 1) {
        return refused_at(call.place, "PIVOT of anything but an aggregate of one argument");
      }
      if (aggregate.alias.empty() && pivot.aggregates.size() > 1) {
        return error_at(call.place, "Each of several PIVOT expressions must have an alias");
      }
      BL_TRY(const Typed made, expression(call, scope));
      // Only the rows of this value: FILTER stands behind the aggregate, within SUM's cast.
      const std::string name = aggregate.alias.empty() ? label : aggregate.alias + "_" + label;
      const std::size_t cast = made.sql.rfind(" AS BIGINT)");
      const bool wrapped = made.sql.starts_with("CAST(") && cast != std::string::npos;
      if (made.sql.starts_with("CAST(CAST(") ||
          (call.name != "SUM" && made.sql.starts_with("CAST("))) {
        return refused_at(call.place, "PIVOT of " + call.name);
      }
      const std::string filter =
          fmt::format(" FILTER (WHERE {} IS NOT DISTINCT FROM {})", input.sql, is);
      if (made.sql.find(" FILTER ") != std::string::npos)
        return refused_at(call.place, "PIVOT of " + call.name);
      const std::string written =
          wrapped ? made.sql.substr(0, cast) + filter + made.sql.substr(cast) : made.sql + filter;
      columns.push_back(fmt::format("{} AS {}", written, engine_name(name)));
      out.push_back({name, name, made.type});
    }
  }
  sql = fmt::format("(SELECT {} FROM {}{})", joined(columns), sql,
                    groups.empty() ? "" : " GROUP BY " + joined(groups));
  const std::string alias = pivot.alias.empty() ? item.alias : pivot.alias;
  return add_variable(sql, alias, out, sources);
}

Result<std::string> Translator::unpivot(const FromItem& item, std::string sql, Sources& sources,
                                        std::size_t begin) {
  const Unpivot& unpivot = item.unpivots[0];
  const RangeVariable variable = sources.variables[begin];
  sources.visible.resize(sources.visible.size() - variable.columns.size());
  sources.variables.resize(begin);
  std::vector<Typed> values;
  std::vector<std::string> labels;
  for (const auto& [name, label] : unpivot.columns) {
    const auto found = std::ranges::find_if(
        variable.columns, [&](const Column& column) { return same_name(column.name, name); });
    if (found == variable.columns.end()) {
      return error_at(unpivot.place, fmt::format("Unrecognized name: {}", name));
    }
    values.push_back({found->sql, found->type, nullptr});
    labels.push_back(quoted_literal(label.empty() ? name : label));
  }
  BL_TRY(const Type type, unify(values, unpivot.place, "UNPIVOT"));
  std::vector<std::string> columns, pairs;
  std::vector<Column> out;
  for (const Column& column : variable.columns) {
    const bool taken = std::ranges::any_of(
        unpivot.columns, [&](const auto& each) { return same_name(each.first, column.name); });
    if (taken) continue;
    columns.push_back(fmt::format("{} AS {}", column.sql, engine_name(column.name)));
    out.push_back({column.name, column.name, column.type});
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    pairs.push_back(fmt::format("struct_pack(\"v\" := CAST({} AS {}), \"n\" := {})", values[i].sql,
                                engine_type(type), labels[i]));
  }
  const std::string u = engine_name(new_name());
  columns.push_back(fmt::format("{}.\"p\".\"v\" AS {}", u, engine_name(unpivot.value)));
  columns.push_back(fmt::format("{}.\"p\".\"n\" AS {}", u, engine_name(unpivot.name)));
  out.push_back({unpivot.value, unpivot.value, type});
  out.push_back({unpivot.name, unpivot.name, Kind::text});
  sql =
      fmt::format("(SELECT {} FROM {} CROSS JOIN LATERAL (SELECT unnest([{}]) AS \"p\") AS {}{})",
                  joined(columns), sql, joined(pairs), u,
                  unpivot.include_nulls ? "" : fmt::format(" WHERE {}.\"p\".\"v\" IS NOT NULL", u));
  const std::string alias = unpivot.alias.empty() ? item.alias : unpivot.alias;
  return add_variable(sql, alias, out, sources);
}

}  // namespace bl::bigquery::sql
