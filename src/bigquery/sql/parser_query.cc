// Queries: SELECT and its clauses, set operations, FROM.
#include <fmt/format.h>

#include <algorithm>

#include "bigquery/sql/parser_core.h"

namespace bl::bigquery::sql {

bool Parser::starts_query(std::size_t count) const {
  if (is("SELECT", count) || is("WITH", count)) return true;
  if (!is_symbol("(", count)) return false;
  // `((SELECT 1) UNION ALL ...)` is a query, `((SELECT 1) + 2)` is not. Deeper than the limit
  // nobody looks.
  if (count > static_cast<std::size_t>(limits_.depth_max)) return false;
  if (!starts_query(count + 1)) return false;
  int open = 0;
  std::size_t i = at_ + count;
  for (; i < tokens_.size(); ++i) {
    if (tokens_[i].kind != TokenKind::symbol) continue;
    if (tokens_[i].text == "(") ++open;
    if (tokens_[i].text == ")" && --open == 0) break;
  }
  const std::size_t behind = i + 1 - at_;
  return is("UNION", behind) || is("INTERSECT", behind) || is("EXCEPT", behind);
}

Result<Query> Parser::query() {
  return nested([&] { return query_now(); });
}

Result<Query> Parser::query_now() {
  Query query;
  query.place = now().place;
  if (take("WITH")) {
    query.recursive = take("RECURSIVE");
    BL_TRY(query.with, with_entries());
  }
  BL_TRY(Query first, set_operand());
  std::vector<Query> parts;
  std::optional<SetOperator> op;
  while (is("UNION") || is("INTERSECT") || is("EXCEPT")) {
    const Place place = now().place;
    const std::string word = now().text;
    ++at_;
    SetOperator found = SetOperator::union_distinct;
    if (word == "UNION" && take("ALL")) {
      found = SetOperator::union_all;
    } else {
      BL_RETURN_IF_ERROR(expect("DISTINCT"));
      if (word == "INTERSECT") found = SetOperator::intersect_distinct;
      if (word == "EXCEPT") found = SetOperator::except_distinct;
    }
    if (op && *op != found) {
      return error_at(place,
                      "Syntax error: Different set operations cannot be used in the same "
                      "query without using parentheses for grouping");
    }
    if (is("BY") || is("CORRESPONDING")) return refused_at(now().place, "set operations by name");
    op = found;
    BL_TRY(Query next, set_operand());
    parts.push_back(std::move(next));
  }
  if (op) {
    parts.insert(parts.begin(), std::move(first));
    query.parts = std::move(parts);
    query.op = *op;
  } else if (first.select) {
    query.select = std::move(first.select);
  } else {
    query.parts.push_back(std::move(first.parts[0]));  // a query in parentheses
  }
  if (take_words({"ORDER", "BY"})) {
    BL_TRY(query.order, order_items());
  }
  if (take("LIMIT")) {
    BL_TRY(Expr count, expression());
    query.limit = std::move(count);
    if (take("OFFSET")) {
      BL_TRY(Expr skip, expression());
      query.offset = std::move(skip);
    }
  }
  for (const Query& part : query.parts) query.depth = std::max(query.depth, part.depth + 1);
  query.depth = std::max(query.depth, first.depth);
  return query;
}

/// A SELECT, or a query in parentheses: then the one part of what is returned.
Result<Query> Parser::set_operand() {
  Query operand;
  operand.place = now().place;
  if (take_symbol("(")) {
    BL_TRY(Query inner, query());
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    operand.depth = inner.depth + 1;
    operand.parts.push_back(std::move(inner));
    return operand;
  }
  BL_TRY(Select made, select());
  operand.select = std::move(made);
  return operand;
}

Result<std::vector<WithEntry>> Parser::with_entries() {
  std::vector<WithEntry> entries;
  do {
    WithEntry entry;
    entry.place = now().place;
    BL_TRY(entry.name, identifier("a name"));
    BL_RETURN_IF_ERROR(expect("AS"));
    BL_RETURN_IF_ERROR(expect_symbol("("));
    BL_TRY(Query inner, query());
    entry.query = std::move(inner);
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    entries.push_back(std::move(entry));
  } while (take_symbol(","));
  return entries;
}

Result<Select> Parser::select() {
  Select select;
  select.place = now().place;
  BL_RETURN_IF_ERROR(expect("SELECT"));
  if (is("WITH")) return refused_at(now().place, "SELECT WITH DIFFERENTIAL_PRIVACY");
  select.distinct = take("DISTINCT");
  if (!select.distinct) (void)take("ALL");
  if (take("AS")) {
    if (take("STRUCT")) {
      select.as = Select::As::structure;
    } else if (take("VALUE")) {
      select.as = Select::As::value;
    } else {
      return unexpected("STRUCT or VALUE");
    }
  }
  do {
    if (!select.items.empty() && (is("FROM") || now().kind == TokenKind::end || is_symbol(")"))) {
      break;  // a comma may stand behind the last item
    }
    BL_TRY(SelectItem item, select_item());
    select.items.push_back(std::move(item));
  } while (take_symbol(","));
  if (take("FROM")) {
    BL_TRY(FromItem source, from());
    select.from = std::move(source);
  }
  if (take("WHERE")) {
    BL_TRY(Expr where, expression());
    select.where = std::move(where);
  }
  if (take_words({"GROUP", "BY"})) {
    BL_TRY(select.group_by, group_by());
  }
  if (take("HAVING")) {
    BL_TRY(Expr having, expression());
    select.having = std::move(having);
  }
  if (take("QUALIFY")) {
    BL_TRY(Expr qualify, expression());
    select.qualify = std::move(qualify);
  }
  if (take("WINDOW")) {
    do {
      BL_TRY(std::string name, identifier("a window's name"));
      BL_RETURN_IF_ERROR(expect("AS"));
      Window spec;
      if (take_symbol("(")) {
        BL_TRY(spec, window());
        BL_RETURN_IF_ERROR(expect_symbol(")"));
      } else {
        BL_TRY(spec.base, identifier("a window's name"));
      }
      select.windows.emplace_back(std::move(name), std::move(spec));
    } while (take_symbol(","));
  }
  return select;
}

Result<SelectItem> Parser::select_item() {
  SelectItem item;
  item.place = now().place;
  if (take_symbol("*")) {
    item.star = true;
    BL_RETURN_IF_ERROR(star_changes(item));
    return item;
  }
  BL_TRY(item.expr, expression());
  if (is_symbol(".") && is_symbol("*", 1)) {
    at_ += 2;
    item.dot_star = true;
    BL_RETURN_IF_ERROR(star_changes(item));
    return item;
  }
  BL_TRY(item.alias, alias());
  return item;
}

Result<void> Parser::star_changes(SelectItem& item) {
  if (is("EXCEPT") && is_symbol("(", 1)) {
    ++at_;
    BL_TRY(item.except, names_in_parentheses());
  }
  if (is("REPLACE") && is_symbol("(", 1)) {
    at_ += 2;
    do {
      BL_TRY(Expr expr, expression());
      (void)take("AS");
      BL_TRY(std::string name, identifier("a column's name"));
      item.replace.emplace_back(std::move(expr), std::move(name));
    } while (take_symbol(","));
    BL_RETURN_IF_ERROR(expect_symbol(")"));
  }
  return {};
}

Result<FromItem> Parser::from() {
  BL_TRY(FromItem left, from_operand());
  while (true) {
    FromItem join;
    join.kind = FromItem::Kind::join;
    join.place = now().place;
    if (take_symbol(",")) {
      join.join = JoinKind::comma;
    } else if (take_words({"CROSS", "JOIN"})) {
      join.join = JoinKind::cross;
    } else if (take("JOIN") || take_words({"INNER", "JOIN"})) {
      join.join = JoinKind::inner;
    } else if (is("LEFT") || is("RIGHT") || is("FULL")) {
      join.join = is("LEFT") ? JoinKind::left : is("RIGHT") ? JoinKind::right : JoinKind::full;
      ++at_;
      (void)take("OUTER");
      BL_RETURN_IF_ERROR(expect("JOIN"));
    } else if (is("NATURAL")) {
      return refused_at(now().place, "NATURAL JOIN");
    } else {
      return left;
    }
    BL_TRY(FromItem right, from_operand());
    if (join.join != JoinKind::comma && join.join != JoinKind::cross) {
      if (take("USING")) {
        BL_TRY(join.using_names, names_in_parentheses());
      } else if (take("ON")) {
        BL_TRY(Expr on, expression());
        join.on = std::move(on);
      } else if (right.kind != FromItem::Kind::unnest && right.path.size() < 2) {
        return unexpected("ON or USING");
      }
    }
    join.depth = std::max(left.depth, right.depth) + 1;
    if (join.depth > limits_.depth_max) {
      return error_at(join.place,
                      fmt::format("The query joins more than {} tables", limits_.depth_max));
    }
    join.left = std::move(left);
    join.right = std::move(right);
    left = std::move(join);
  }
}

Result<FromItem> Parser::from_operand() {
  return nested([&]() -> Result<FromItem> {
    FromItem item;
    item.place = now().place;
    if (is("LATERAL")) return refused_at(now().place, "LATERAL");
    if (is_symbol("(") && starts_query(1)) {
      ++at_;
      item.kind = FromItem::Kind::query;
      BL_TRY(Query inner, query());
      item.depth = inner.depth;
      item.query = std::move(inner);
      BL_RETURN_IF_ERROR(expect_symbol(")"));
      BL_RETURN_IF_ERROR(behind_from(item));
      return item;
    }
    if (take_symbol("(")) {
      BL_TRY(FromItem inner, from());
      BL_RETURN_IF_ERROR(expect_symbol(")"));
      inner.parens = inner.kind == FromItem::Kind::join;
      return inner;
    }
    if (take("UNNEST")) {
      item.kind = FromItem::Kind::unnest;
      BL_RETURN_IF_ERROR(expect_symbol("("));
      BL_TRY(Expr array, expression());
      item.array = std::move(array);
      BL_RETURN_IF_ERROR(expect_symbol(")"));
    } else {
      BL_TRY(item.path, table_path());
      if (is_symbol("(")) return refused_at(item.place, "table functions");
    }
    BL_RETURN_IF_ERROR(behind_from(item));
    return item;
  });
}

Result<void> Parser::behind_from(FromItem& item) {
  BL_TRY(item.alias, alias());
  if (take_words({"WITH", "OFFSET"})) {
    item.with_offset = true;
    BL_TRY(item.offset_alias, alias());
  }
  if (is("FOR") && is("SYSTEM_TIME", 1)) return refused_at(now().place, "FOR SYSTEM_TIME AS OF");
  if (is("PIVOT") && is_symbol("(", 1)) {
    BL_TRY(Pivot made, pivot());
    item.pivots.push_back(std::move(made));
  } else if (is("UNPIVOT") && !is_symbol(",", 1)) {
    BL_TRY(Unpivot made, unpivot());
    item.unpivots.push_back(std::move(made));
  }
  if (is("TABLESAMPLE")) return refused_at(now().place, "TABLESAMPLE");
  return {};
}

Result<Pivot> Parser::pivot() {
  Pivot pivot;
  pivot.place = now().place;
  at_ += 2;
  const auto values = [&]() -> Result<std::vector<PivotValue>> {
    std::vector<PivotValue> list;
    do {
      PivotValue value;
      BL_TRY(value.value, expression());
      BL_TRY(value.alias, alias());
      list.push_back(std::move(value));
    } while (take_symbol(","));
    return list;
  };
  BL_TRY(pivot.aggregates, values());
  BL_RETURN_IF_ERROR(expect("FOR"));
  // Not the whole power of expressions: IN belongs to the PIVOT.
  BL_TRY(Expr input, primary());
  BL_TRY(input, postfix(std::move(input)));
  pivot.input = std::move(input);
  BL_RETURN_IF_ERROR(expect("IN"));
  BL_RETURN_IF_ERROR(expect_symbol("("));
  BL_TRY(pivot.values, values());
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  BL_TRY(pivot.alias, alias());
  return pivot;
}

Result<Unpivot> Parser::unpivot() {
  Unpivot unpivot;
  unpivot.place = now().place;
  ++at_;
  if (take("INCLUDE")) {
    unpivot.include_nulls = true;
    BL_RETURN_IF_ERROR(expect("NULLS"));
  } else if (take("EXCLUDE")) {
    BL_RETURN_IF_ERROR(expect("NULLS"));
  }
  BL_RETURN_IF_ERROR(expect_symbol("("));
  if (is_symbol("(")) return refused_at(now().place, "UNPIVOT of several columns");
  BL_TRY(unpivot.value, identifier("a column's name"));
  BL_RETURN_IF_ERROR(expect("FOR"));
  BL_TRY(unpivot.name, identifier("a column's name"));
  BL_RETURN_IF_ERROR(expect("IN"));
  BL_RETURN_IF_ERROR(expect_symbol("("));
  do {
    BL_TRY(std::string column, identifier("a column's name"));
    std::string label;
    if (take("AS")) {
      if (now().kind != TokenKind::string) return unexpected("a string literal");
      label = tokens_[at_++].text;
    }
    unpivot.columns.emplace_back(std::move(column), std::move(label));
  } while (take_symbol(","));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  BL_TRY(unpivot.alias, alias());
  return unpivot;
}

Result<GroupBy> Parser::group_by() {
  GroupBy group;
  group.all = take("ALL");
  if (group.all) return group;
  do {
    BL_TRY(GroupBy::Element element, group_element());
    group.elements.push_back(std::move(element));
  } while (take_symbol(","));
  return group;
}

Result<GroupBy::Element> Parser::group_element() {
  return nested([&]() -> Result<GroupBy::Element> {
    using Kind = GroupBy::Kind;
    GroupBy::Element element;
    if (take_words({"GROUPING", "SETS"})) {
      element.kind = Kind::sets;
      BL_RETURN_IF_ERROR(expect_symbol("("));
      do {
        if (is_symbol("(") && is_symbol(")", 1)) {
          at_ += 2;
          element.elements.emplace_back().sets.emplace_back();
          continue;
        }
        BL_TRY(GroupBy::Element part, group_element());
        element.elements.push_back(std::move(part));
      } while (take_symbol(","));
      BL_RETURN_IF_ERROR(expect_symbol(")"));
      return element;
    }
    if (is("ROLLUP") || is("CUBE")) {
      element.kind = is("ROLLUP") ? Kind::rollup : Kind::cube;
      ++at_;
      BL_RETURN_IF_ERROR(expect_symbol("("));
    }
    do {
      BL_TRY(Expr expr, expression());
      const bool is_set = expr.kind == ExprKind::structure && expr.flag;
      std::vector<Expr> set;
      if (is_set) {
        set = std::move(expr.args);
      } else {
        set.push_back(std::move(expr));
      }
      element.sets.push_back(std::move(set));
    } while (element.kind != Kind::list && take_symbol(","));
    if (element.kind != Kind::list) BL_RETURN_IF_ERROR(expect_symbol(")"));
    return element;
  });
}

}  // namespace bl::bigquery::sql
