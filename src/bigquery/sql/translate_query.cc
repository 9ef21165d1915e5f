// Queries: WITH, SELECT, grouping, set operations, ORDER BY and LIMIT.
#include <fmt/format.h>

#include <algorithm>

#include "bigquery/model/names.h"
#include "bigquery/sql/lexer.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

/// Names of columns in the engine's query: unique without regard to case, never empty.
class ColumnNames {
 public:
  std::string unique(std::string_view name) {
    const std::string base = name.empty() ? "f0_" : std::string(name);
    std::string made = base;
    for (int i = 1; !taken_.insert(lower(made)).second; ++i) {
      made = fmt::format("{}_{}", base, i);
    }
    return made;
  }

 private:
  std::set<std::string> taken_;
};

std::string name_of_item(const SelectItem& item) {
  if (!item.alias.empty()) return item.alias;
  if (item.expr.kind == ExprKind::path && !item.expr.parens) return item.expr.names.back();
  if (item.expr.kind == ExprKind::field) return item.expr.text;
  return "";
}

}  // namespace

Result<Relation> Translator::query(const Query& query, const Scope* outer, bool final) {
  const std::size_t known = with_.size();
  std::string sql;
  BL_RETURN_IF_ERROR(with(query, outer, sql));
  auto made = body(query, outer, final);
  with_.resize(known);
  if (!made.ok()) return made;
  made->sql = sql + made->sql;
  BL_RETURN_IF_ERROR(within_limit(made->sql));
  return made;
}

Result<void> Translator::with(const Query& query, const Scope* outer, std::string& sql) {
  std::vector<std::string> parts;
  std::set<std::string> names;
  for (const WithEntry& entry : query.with) {
    if (!names.insert(lower(entry.name)).second) {
      return error_at(entry.place, fmt::format("Duplicate alias {} for WITH subquery", entry.name));
    }
    Relation made;
    const bool may_recur = query.recursive && !entry.query->select && entry.query->parts.size() > 1;
    if (may_recur) {
      BL_TRY(made, recursive(entry, outer));
    } else {
      BL_TRY(made, this->query(*entry.query, outer));
    }
    const std::string name = may_recur ? made.columns.back().sql : new_name();
    if (may_recur) made.columns.pop_back();
    parts.push_back(fmt::format("{} AS ({})", engine_name(name), made.sql));
    made.sql = engine_name(name);
    with_.push_back({lower(entry.name), std::move(made)});
  }
  if (!parts.empty()) {
    sql = fmt::format("WITH {}{} ", query.recursive ? "RECURSIVE " : "", joined(parts));
  }
  return {};
}

/// The first part says what the columns are. The last "column" of what comes back is the name.
Result<Relation> Translator::recursive(const WithEntry& entry, const Scope* outer) {
  const Query& whole = *entry.query;
  const bool is_union =
      whole.op == SetOperator::union_all || whole.op == SetOperator::union_distinct;
  if (!is_union || !whole.order.empty() || whole.limit || !whole.with.empty()) {
    return error_at(entry.place, "A recursive WITH is a UNION of a first and a recursive query");
  }
  BL_TRY(Relation first, query(whole.parts[0], outer));
  const std::string name = new_name();
  Relation known = first;
  known.sql = engine_name(name);
  with_.push_back({lower(entry.name), std::move(known)});
  std::vector<std::string> parts{fmt::format("({})", first.sql)};
  for (std::size_t i = 1; i < whole.parts.size(); ++i) {
    BL_TRY(const Relation next, query(whole.parts[i], outer));
    if (next.columns.size() != first.columns.size()) {
      return error_at(whole.parts[i].place, "Queries of a UNION have different numbers of columns");
    }
    const std::string alias = new_name();
    std::vector<std::string> columns;
    for (std::size_t c = 0; c < next.columns.size(); ++c) {
      if (!coerces(next.columns[c].type, first.columns[c].type)) {
        return error_at(whole.parts[i].place, fmt::format("Column {} of the recursive query has "
                                                          "type {}, not {}",
                                                          c + 1, name_of(next.columns[c].type),
                                                          name_of(first.columns[c].type)));
      }
      columns.push_back(fmt::format("CAST({}.{} AS {})", engine_name(alias),
                                    engine_name(next.columns[c].sql),
                                    engine_type(first.columns[c].type)));
    }
    parts.push_back(
        fmt::format("(SELECT {} FROM ({}) AS {})", joined(columns), next.sql, engine_name(alias)));
  }
  with_.pop_back();
  first.sql = joined(parts, whole.op == SetOperator::union_all ? " UNION ALL " : " UNION ");
  first.columns.push_back({"", name, Type()});
  return first;
}

Result<Relation> Translator::body(const Query& query, const Scope* outer, bool final) {
  Relation made;
  if (query.select) {
    BL_TRY(made, select(*query.select, query, outer, final));
  } else if (query.parts.size() == 1) {
    BL_TRY(made, this->query(query.parts[0], outer, final));
    if (query.order.empty() && !query.limit) return made;
    made.sql = fmt::format("SELECT * FROM ({}) AS {}", made.sql, engine_name(new_name()));
  } else {
    BL_TRY(made, set_operation(query, outer));
  }
  if (!query.select && !query.order.empty()) {
    Sources sources;
    for (const Column& column : made.columns) {
      sources.visible.push_back({column.name, engine_name(column.sql), column.type});
    }
    Scope scope;
    scope.outer = outer;
    scope.sources = &sources;
    std::vector<Item> items;
    for (const Column& column : made.columns) {
      items.push_back(
          {column.name, nullptr, {engine_name(column.sql), column.type, nullptr}, true, {}});
    }
    made.sql = fmt::format("SELECT * FROM ({}) AS {}", made.sql, engine_name(new_name()));
    BL_TRY(const std::string order, order_of_select(query, items, scope));
    made.sql += order;
  }
  BL_RETURN_IF_ERROR(limit(query, outer, made.sql));
  return made;
}

Result<void> Translator::limit(const Query& query, const Scope* outer, std::string& sql) {
  (void)outer;
  const Scope nothing;
  for (const auto& [word, expr] :
       {std::pair{" LIMIT ", &query.limit}, {" OFFSET ", &query.offset}}) {
    if (!*expr) continue;
    const Expr& count = **expr;
    BL_TRY(const Typed value, expression(count, nothing));
    BL_TRY(const std::string written, as(value, Kind::int64, count.place, "LIMIT"));
    if (count.kind == ExprKind::unary) {
      return error_at(count.place,
                      "Syntax error: Unexpected \"-\": LIMIT and OFFSET are not negative");
    }
    sql += word + written;
  }
  return {};
}

Result<Relation> Translator::set_operation(const Query& query, const Scope* outer) {
  std::vector<Relation> parts;
  for (const Query& part : query.parts) {
    BL_TRY(Relation made, this->query(part, outer));
    parts.push_back(std::move(made));
  }
  return united(std::move(parts), query);
}

Result<Relation> Translator::united(std::vector<Relation> parts, const Query& query) {
  static constexpr std::string_view k_operators[] = {" UNION ALL ", " UNION ", " INTERSECT ",
                                                     " EXCEPT "};
  Relation made = parts[0];
  for (const Relation& part : parts) {
    if (part.columns.size() != made.columns.size()) {
      return error_at(query.place, fmt::format("Queries in a set operation have mismatched column "
                                               "count; query 1 has {} columns, another has {}",
                                               made.columns.size(), part.columns.size()));
    }
    for (std::size_t i = 0; i < part.columns.size(); ++i) {
      const auto type = common_type(made.columns[i].type, part.columns[i].type);
      if (!type) {
        return error_at(query.place, fmt::format("Column {} in a set operation has incompatible "
                                                 "types: {}, {}",
                                                 i + 1, name_of(made.columns[i].type),
                                                 name_of(part.columns[i].type)));
      }
      made.columns[i].type = *type;
    }
  }
  std::vector<std::string> written;
  for (const Relation& part : parts) {
    const std::string alias = new_name();
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < part.columns.size(); ++i) {
      Type& type = made.columns[i].type;
      // As the answer has it.
      if (type.is_decimal()) type = Type(type.kind);
      columns.push_back(fmt::format("CAST({}.{} AS {}) AS {}", engine_name(alias),
                                    engine_name(part.columns[i].sql), engine_type(type),
                                    engine_name(made.columns[i].sql)));
    }
    written.push_back(
        fmt::format("(SELECT {} FROM ({}) AS {})", joined(columns), part.sql, engine_name(alias)));
  }
  made.sql = joined(written, k_operators[static_cast<std::size_t>(query.op)]);
  return made;
}

/// The columns that `item.*` or `*` names.
Result<std::vector<Column>> Translator::columns_of(const SelectItem& item, const Scope& scope) {
  if (item.star) {
    if (scope.sources == nullptr || scope.sources->variables.empty()) {
      return error_at(item.place, "SELECT * must have a FROM clause");
    }
    return scope.sources->visible;
  }
  if (item.expr.kind == ExprKind::path && item.expr.names.size() == 1) {
    for (const Scope* at = &scope; at != nullptr; at = at->outer) {
      if (at->sources == nullptr) continue;
      for (const RangeVariable& variable : at->sources->variables) {
        if (same_name(variable.alias, item.expr.names[0])) return variable.columns;
      }
    }
  }
  BL_TRY(const Typed value, expression(item.expr, scope));
  if (value.type.kind != Kind::record) {
    return error_at(item.place,
                    fmt::format("Dot-star is not supported for type {}", name_of(value.type)));
  }
  return columns_of_struct(value.sql, value.type);
}

Result<void> Translator::add_star(const SelectItem& item, const std::vector<Column>& columns,
                                  const Scope& scope, std::vector<Item>& into) {
  const auto there = [&](std::string_view name) {
    return std::ranges::any_of(columns, [&](const Column& c) { return same_name(c.name, name); });
  };
  for (const std::string& name : item.except) {
    if (!there(name)) {
      return error_at(item.place,
                      fmt::format("Column {} in SELECT * EXCEPT list does not exist", name));
    }
  }
  for (const auto& change : item.replace) {
    if (!there(change.second)) {
      return error_at(item.place, fmt::format("Column {} in SELECT * REPLACE list does not exist",
                                              change.second));
    }
  }
  for (const Column& column : columns) {
    const auto is_name = [&](const std::string& name) { return same_name(name, column.name); };
    if (std::ranges::any_of(item.except, is_name)) continue;
    const auto change =
        std::ranges::find_if(item.replace, [&](const auto& each) { return is_name(each.second); });
    Item made{column.name, nullptr, {column.sql, column.type, nullptr}, false, item.place};
    if (change != item.replace.end()) {
      BL_TRY(made.value, expression(change->first, scope));
      made.expr = &change->first;
    }
    into.push_back(std::move(made));
  }
  return {};
}

/// Of a grouped query, columns of `*` are checked by their SQL.
Result<std::vector<Translator::Item>> Translator::items(const Select& select, const Scope& scope) {
  std::vector<Item> made;
  for (const SelectItem& item : select.items) {
    if (item.star || item.dot_star) {
      BL_TRY(const std::vector<Column> columns, columns_of(item, scope));
      BL_RETURN_IF_ERROR(add_star(item, columns, scope, made));
      if (scope.keys == nullptr) continue;
      for (const Item& each : made) {
        const bool is_key = std::ranges::any_of(
            *scope.keys, [&](const GroupKey& key) { return key.value.sql == each.value.sql; });
        if (each.expr == nullptr && !is_key) {
          return error_at(item.place, fmt::format("Star expansion expression references column {} "
                                                  "which is neither grouped nor aggregated",
                                                  each.name));
        }
      }
      continue;
    }
    BL_TRY(Typed value, expression(item.expr, scope));
    if (value.type.kind == Kind::null) {
      value = {fmt::format("CAST({} AS BIGINT)", value.sql), Kind::int64, nullptr};
    }
    made.push_back(
        {name_of_item(item), &item.expr, std::move(value), !item.alias.empty(), item.expr.place});
  }
  return made;
}

Result<std::string> Translator::group_key(const Expr& expr, const std::vector<Item>& items,
                                          const Scope& scope, std::vector<GroupKey>& keys) {
  const Item* item = nullptr;
  if (expr.kind == ExprKind::integer) {
    const std::size_t at =
        expr.text.size() < 6 ? static_cast<std::size_t>(std::stoi(expr.text)) : 0;
    if (at < 1 || at > items.size()) {
      return error_at(expr.place,
                      fmt::format("GROUP BY is out of SELECT list range: {}", expr.text));
    }
    item = &items[at - 1];
  } else if (expr.kind == ExprKind::path && expr.names.size() == 1) {
    for (const Item& each : items) {
      if (each.has_alias && same_name(each.name, expr.names[0])) item = &each;
    }
  }
  GroupKey key{&expr, {}};
  if (item != nullptr) {
    if (item->expr != nullptr && has_aggregate(*item->expr)) {
      return error_at(expr.place, "An aggregate function is not allowed in GROUP BY");
    }
    key = {item->expr, item->value};
    if (item->expr != nullptr) {
      BL_TRY(key.value, expression(*item->expr, scope));
    }
  } else {
    BL_TRY(key.value, expression(expr, scope));
  }
  if (!is_groupable(key.value.type)) {
    return error_at(expr.place, fmt::format("Grouping by expressions of type {} is not allowed",
                                            name_of(key.value.type)));
  }
  std::string sql = key.value.sql;
  key.value.literal = nullptr;
  keys.push_back(std::move(key));
  return sql;
}

Result<std::string> Translator::group_element(const GroupBy::Element& element,
                                              const std::vector<Item>& items, const Scope& scope,
                                              std::vector<GroupKey>& keys) {
  using Of = GroupBy::Kind;
  std::vector<std::string> parts;
  if (element.kind == Of::sets) {
    for (const GroupBy::Element& part : element.elements) {
      BL_TRY(std::string written, group_element(part, items, scope, keys));
      parts.push_back(part.kind == Of::list && part.sets[0].size() == 1 ? "(" + written + ")"
                                                                        : std::move(written));
    }
    return fmt::format("GROUPING SETS ({})", joined(parts));
  }
  for (const std::vector<Expr>& set : element.sets) {
    std::vector<std::string> columns;
    for (const Expr& expr : set) {
      BL_TRY(std::string column, group_key(expr, items, scope, keys));
      columns.push_back(std::move(column));
    }
    parts.push_back(set.size() == 1 ? columns[0] : "(" + joined(columns) + ")");
  }
  const std::string_view word = element.kind == Of::rollup ? "ROLLUP"
                                : element.kind == Of::cube ? "CUBE"
                                                           : "";
  return word.empty() ? joined(parts) : fmt::format("{} ({})", word, joined(parts));
}

Result<std::string> Translator::group_by(const GroupBy& group, const std::vector<Item>& items,
                                         const Scope& scope, std::vector<GroupKey>& keys) {
  std::vector<std::string> parts;
  if (group.all) {
    for (const Item& item : items) {
      if (item.expr != nullptr && has_aggregate(*item.expr)) continue;
      parts.push_back(item.value.sql);
      keys.push_back({item.expr, {item.value.sql, item.value.type, nullptr}});
    }
  }
  for (const GroupBy::Element& element : group.elements) {
    BL_TRY(std::string part, group_element(element, items, scope, keys));
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return std::string();
  return " GROUP BY " + joined(parts);
}

Result<std::string> Translator::order_of_select(const Query& query, const std::vector<Item>& items,
                                                const Scope& scope) {
  std::vector<std::string> parts;
  for (const OrderItem& order : query.order) {
    const Expr& expr = *order.expr;
    std::string sql;
    if (expr.kind == ExprKind::integer) {
      const std::size_t at =
          expr.text.size() < 6 ? static_cast<std::size_t>(std::stoi(expr.text)) : 0;
      if (at < 1 || at > items.size()) {
        return error_at(expr.place,
                        fmt::format("ORDER BY is out of SELECT list range: {}", expr.text));
      }
      sql = std::to_string(at);
    }
    for (std::size_t i = 0; i < items.size() && sql.empty(); ++i) {
      const bool named = expr.kind == ExprKind::path && expr.names.size() == 1 &&
                         same_name(items[i].name, expr.names[0]);
      if (named || (items[i].expr != nullptr && *items[i].expr == expr))
        sql = std::to_string(i + 1);
    }
    if (sql.empty()) {
      BL_TRY(const Typed value, expression(expr, scope));
      if (value.type.kind == Kind::array || value.type.kind == Kind::json) {
        return error_at(expr.place, fmt::format("ORDER BY does not support expressions of type {}",
                                                name_of(value.type)));
      }
      sql = value.sql;
    }
    const bool first =
        order.nulls == NullOrder::unsaid ? !order.descending : order.nulls == NullOrder::first;
    parts.push_back(fmt::format("{} {} NULLS {}", sql, order.descending ? "DESC" : "ASC",
                                first ? "FIRST" : "LAST"));
  }
  if (parts.empty()) return std::string();
  return " ORDER BY " + joined(parts);
}

Result<Relation> Translator::as_value(const Select& select, std::vector<Item>& items) {
  Relation made;
  made.is_value = true;
  if (select.as == Select::As::value) {
    if (items.size() != 1)
      return error_at(select.place, "SELECT AS VALUE query must have exactly one column");
    made.columns.push_back({"", "", items[0].value.type});
    return made;
  }
  Type type(Kind::record);
  std::vector<std::string> parts;
  for (const Item& item : items) {
    type.members.push_back({item.name, item.value.type});
    parts.push_back(
        fmt::format("{} := {}", engine_name(member_name(type, parts.size())), item.value.sql));
  }
  Item whole{
      "", nullptr, {fmt::format("struct_pack({})", joined(parts)), type, nullptr}, false, {}};
  items.clear();
  items.push_back(std::move(whole));
  made.columns.push_back({"", "", std::move(type)});
  return made;
}

Result<Relation> Translator::select(const Select& select, const Query& query, const Scope* outer,
                                    bool final) {
  Sources sources;
  std::string from_sql;
  if (select.from) {
    BL_TRY(from_sql, from(*select.from, outer, sources));
    from_sql = " FROM " + from_sql;
  }
  Scope scope;
  scope.outer = outer;
  scope.sources = &sources;
  scope.windows = &select.windows;
  std::string where;
  if (select.where) {
    BL_TRY(const std::string condition, boolean(*select.where, scope, "WHERE clause"));
    where = " WHERE " + condition;
  }
  const auto is_aggregate = [](const Box<Expr>& expr) { return expr && has_aggregate(*expr); };
  const bool groups =
      select.group_by || is_aggregate(select.having) || is_aggregate(select.qualify) ||
      std::ranges::any_of(select.items,
                          [](const auto& item) { return has_aggregate(item.expr); }) ||
      std::ranges::any_of(query.order, [](const auto& item) { return has_aggregate(*item.expr); });
  if (select.having && !groups) {
    return error_at(select.having->place, "The HAVING clause requires GROUP BY or aggregation");
  }
  std::vector<GroupKey> keys;
  std::string group_sql;
  scope.takes_aggregates = groups;
  scope.takes_windows = true;
  if (select.group_by) {
    Scope free = scope;
    BL_TRY(const std::vector<Item> ungrouped, items(select, free));
    free.takes_aggregates = false;
    free.takes_windows = false;
    BL_TRY(group_sql, group_by(*select.group_by, ungrouped, free, keys));
  }
  if (groups) scope.keys = &keys;
  BL_TRY(std::vector<Item> made_items, items(select, scope));
  std::map<std::string, Typed> aliases;
  for (const Item& item : made_items) {
    if (item.has_alias) {
      aliases.emplace(lower(item.name), Typed{item.value.sql, item.value.type, nullptr});
    }
  }
  Scope behind = scope;
  behind.aliases = &aliases;
  std::string having, qualify;
  if (select.having) {
    behind.takes_windows = false;
    BL_TRY(const std::string condition, boolean(*select.having, behind, "HAVING clause"));
    having = " HAVING " + condition;
  }
  behind.takes_windows = true;
  if (select.qualify) {
    BL_TRY(const std::string condition, boolean(*select.qualify, behind, "QUALIFY clause"));
    qualify = " QUALIFY " + condition;
  }
  BL_TRY(const std::string order, order_of_select(query, made_items, behind));
  Relation made;
  if (select.as != Select::As::rows) {
    BL_TRY(made, as_value(select, made_items));
    if (!query.order.empty() && order.find_first_of("\"(") == std::string::npos) {
      return refused_at(select.place, "ORDER BY a column of SELECT AS STRUCT");
    }
  }
  made.columns.clear();
  ColumnNames names;
  std::vector<std::string> columns;
  for (Item& item : made_items) {
    const std::string name = names.unique(item.name);
    Type& type = item.value.type;
    const bool is_text = item.value.literal != nullptr && type.kind == Kind::text;
    if (final && type.is_decimal() && type.scale != Type(type.kind).scale) {
      type = Type(type.kind);
      item.value.sql = fmt::format("CAST({} AS {})", item.value.sql, engine_type(type));
    } else if (is_text) {
      item.value.sql = fmt::format("CAST({} AS VARCHAR)", item.value.sql);
    }
    if (select.distinct && (type.kind == Kind::json)) {
      return error_at(item.place, "Column of type JSON cannot be used in SELECT DISTINCT");
    }
    columns.push_back(fmt::format("{} AS {}", item.value.sql, engine_name(name)));
    made.columns.push_back({item.name, name, type});
  }
  made.sql = fmt::format("SELECT {}{}{}{}{}{}{}{}", select.distinct ? "DISTINCT " : "",
                         joined(columns), from_sql, where, group_sql, having, qualify, order);
  return made;
}

}  // namespace bl::bigquery::sql
