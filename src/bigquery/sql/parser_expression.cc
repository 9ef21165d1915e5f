// Expressions: precedence climbing over GoogleSQL's table of operators.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bigquery/sql/parser_core.h"

namespace bl::bigquery::sql {
namespace {

// What binds tighter is greater.
enum Power : int {
  k_or = 1,
  k_and,
  k_not,
  k_comparison,
  k_bit_or,
  k_bit_xor,
  k_bit_and,
  k_shift,
  k_sum,
  k_product,
  k_unary
};

struct Operator {
  std::string_view symbol;
  int power;
};
constexpr std::array k_operators = std::to_array<Operator>({{"|", k_bit_or},
                                                            {"^", k_bit_xor},
                                                            {"&", k_bit_and},
                                                            {"<<", k_shift},
                                                            {">>", k_shift},
                                                            {"+", k_sum},
                                                            {"-", k_sum},
                                                            {"*", k_product},
                                                            {"/", k_product},
                                                            {"||", k_product}});
constexpr std::array k_comparisons =
    std::to_array<std::string_view>({"=", "!=", "<>", "<", "<=", ">", ">="});

constexpr std::array k_literal_types =
    std::to_array<std::string_view>({"DATE", "DATETIME", "TIMESTAMP", "TIME", "NUMERIC", "DECIMAL",
                                     "BIGNUMERIC", "BIGDECIMAL", "JSON"});

constexpr std::array k_now_functions = std::to_array<std::string_view>(
    {"CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP"});

Expr node(ExprKind kind, Place place, std::string text = "") {
  Expr expr;
  expr.kind = kind;
  expr.place = place;
  expr.text = std::move(text);
  return expr;
}

}  // namespace

/// Counts the node and bounds the depth of the tree.
Result<Expr> Parser::made(Expr expr) {
  if (++nodes_ > limits_.nodes_max) {
    return error_at(expr.place,
                    fmt::format("The query has more than {} expressions", limits_.nodes_max));
  }
  int below = 0;
  for (const Expr& arg : expr.args) below = std::max(below, arg.depth);
  if (expr.query) below = std::max(below, expr.query->depth);
  expr.depth = below + 1;
  if (expr.depth > limits_.depth_max) {
    return error_at(expr.place,
                    fmt::format("The query is nested more than {} deep", limits_.depth_max));
  }
  return expr;
}

Result<Expr> Parser::expression(int power) {
  return nested([&] { return expression_now(power); });
}

Result<Expr> Parser::expression_now(int power) {
  BL_TRY(Expr left, prefix());
  while (true) {
    const Token symbol = now();
    if (power < k_or && is("OR")) {
      ++at_;
      BL_TRY(left, infix(std::move(left), symbol, "OR", k_or));
      continue;
    }
    if (power < k_and && is("AND")) {
      ++at_;
      BL_TRY(left, infix(std::move(left), symbol, "AND", k_and));
      continue;
    }
    if (power < k_comparison) {
      bool done = false;
      BL_TRY(left, comparison(std::move(left), done));
      if (done) {
        // Comparisons do not chain: a < b < c.
        power = std::max(power, 0);
        const bool again = std::ranges::any_of(k_comparisons, [&](auto s) { return is_symbol(s); });
        if (again) return unexpected();
        continue;
      }
    }
    const auto* found = symbol.kind == TokenKind::symbol
                            ? std::ranges::find(k_operators, symbol.text, &Operator::symbol)
                            : k_operators.end();
    if (found == k_operators.end() || found->power <= power) return left;
    ++at_;
    BL_TRY(left, infix(std::move(left), symbol, std::string(found->symbol), found->power));
  }
}

Result<Expr> Parser::infix(Expr left, const Token& symbol, std::string op, int power) {
  BL_TRY(Expr right, expression(power));
  const bool chains = op == "AND" || op == "OR" || op == "||";
  // A chain of many is one node: it may be long, not deep.
  if (chains && left.kind == ExprKind::binary && left.text == op && !left.parens) {
    left.depth = std::max(left.depth, right.depth + 1);
    left.args.push_back(std::move(right));
    return made(std::move(left));
  }
  Expr expr = node(ExprKind::binary, symbol.place, std::move(op));
  expr.args.push_back(std::move(left));
  expr.args.push_back(std::move(right));
  return made(std::move(expr));
}

/// `done` says whether there was one.
Result<Expr> Parser::comparison(Expr left, bool& done) {
  const Place place = now().place;
  done = true;
  for (const std::string_view symbol : k_comparisons) {
    if (!is_symbol(symbol)) continue;
    const Token token = now();
    ++at_;
    BL_TRY(Expr right, expression(k_comparison));
    Expr expr = node(ExprKind::binary, place, symbol == "<>" ? "!=" : std::string(symbol));
    expr.args.push_back(std::move(left));
    expr.args.push_back(std::move(right));
    return made(std::move(expr));
  }
  if (is("IS")) return is_test(std::move(left));
  const std::size_t behind = is("NOT") ? 1 : 0;
  const bool negated = behind == 1;
  if (is("IN", behind)) {
    at_ += behind + 1;
    return in(std::move(left), place, negated);
  }
  if (is("LIKE", behind)) {
    at_ += behind + 1;
    return like(std::move(left), place, negated);
  }
  if (is("BETWEEN", behind)) {
    at_ += behind + 1;
    BL_TRY(Expr low, expression(k_comparison));
    BL_RETURN_IF_ERROR(expect("AND"));
    BL_TRY(Expr high, expression(k_comparison));
    Expr expr = node(ExprKind::between, place);
    expr.negated = negated;
    expr.args.push_back(std::move(left));
    expr.args.push_back(std::move(low));
    expr.args.push_back(std::move(high));
    return made(std::move(expr));
  }
  done = false;
  return left;
}

Result<Expr> Parser::is_test(Expr left) {
  const Place place = now().place;
  ++at_;
  const bool negated = take("NOT");
  if (take("DISTINCT")) {
    BL_RETURN_IF_ERROR(expect("FROM"));
    BL_TRY(Expr right, expression(k_comparison));
    Expr expr = node(ExprKind::distinct_from, place);
    expr.negated = negated;
    expr.args.push_back(std::move(left));
    expr.args.push_back(std::move(right));
    return made(std::move(expr));
  }
  for (const std::string_view what : {"NULL", "TRUE", "FALSE", "UNKNOWN"}) {
    if (!take(what)) continue;
    Expr expr = node(ExprKind::is, place, std::string(what));
    expr.negated = negated;
    expr.args.push_back(std::move(left));
    return made(std::move(expr));
  }
  return unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
}

Result<Expr> Parser::in(Expr left, Place place, bool negated) {
  Expr expr = node(ExprKind::in_list, place);
  expr.negated = negated;
  expr.args.push_back(std::move(left));
  if (take("UNNEST")) {
    expr.kind = ExprKind::in_unnest;
    BL_RETURN_IF_ERROR(expect_symbol("("));
    BL_TRY(Expr list, expression());
    expr.args.push_back(std::move(list));
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    return made(std::move(expr));
  }
  BL_RETURN_IF_ERROR(expect_symbol("("));
  if (starts_query()) {
    expr.kind = ExprKind::in_query;
    BL_TRY(Query inner, query());
    expr.query = std::move(inner);
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    return made(std::move(expr));
  }
  BL_TRY(std::vector<Expr> list, expressions(")"));
  for (Expr& item : list) expr.args.push_back(std::move(item));
  return made(std::move(expr));
}

Result<Expr> Parser::like(Expr left, Place place, bool negated) {
  Expr expr = node(ExprKind::binary, place, "LIKE");
  expr.negated = negated;
  expr.args.push_back(std::move(left));
  const bool any = take("ANY") || take("SOME");
  if (any || take("ALL")) {
    expr.kind = ExprKind::like_quantified;
    expr.text.clear();
    expr.name = any ? "ANY" : "ALL";
    if (is("UNNEST")) return refused_at(place, "LIKE ANY UNNEST");
    BL_RETURN_IF_ERROR(expect_symbol("("));
    if (starts_query()) return refused_at(place, "LIKE ANY of a subquery");
    BL_TRY(std::vector<Expr> list, expressions(")"));
    for (Expr& item : list) expr.args.push_back(std::move(item));
    return made(std::move(expr));
  }
  BL_TRY(Expr right, expression(k_comparison));
  expr.args.push_back(std::move(right));
  return made(std::move(expr));
}

Result<Expr> Parser::prefix() {
  const Place place = now().place;
  if (take("NOT")) {
    BL_TRY(Expr arg, expression(k_not));
    Expr expr = node(ExprKind::unary, place, "NOT");
    expr.args.push_back(std::move(arg));
    return made(std::move(expr));
  }
  for (const std::string_view symbol : {"-", "+", "~"}) {
    if (!take_symbol(symbol)) continue;
    BL_TRY(Expr arg, expression(k_unary));
    Expr expr = node(ExprKind::unary, place, std::string(symbol));
    expr.args.push_back(std::move(arg));
    return made(std::move(expr));
  }
  BL_TRY(Expr expr, primary());
  return postfix(std::move(expr));
}

Result<Expr> Parser::primary() {
  const Token token = now();
  ExprKind kind;
  switch (token.kind) {
    case TokenKind::integer:
      kind = ExprKind::integer;
      break;
    case TokenKind::floating:
      kind = ExprKind::floating;
      break;
    case TokenKind::string:
      kind = ExprKind::string;
      break;
    case TokenKind::bytes:
      kind = ExprKind::bytes;
      break;
    case TokenKind::parameter:
      kind = ExprKind::parameter;
      break;
    case TokenKind::identifier:
      return name_or_call();
    case TokenKind::keyword:
      return prefix_keyword();
    default:
      if (is_symbol("(")) return parenthesized();
      if (is_symbol("[")) return array();
      return unexpected();
  }
  ++at_;
  Expr expr = node(kind, token.place, token.text);
  // Which of the positional ones it is, however often the tree is walked.
  if (kind == ExprKind::parameter && token.text.empty()) expr.name = std::to_string(positional_++);
  return made(std::move(expr));
}

Result<Expr> Parser::prefix_keyword() {
  const Place place = now().place;
  if (take("NULL")) return made(node(ExprKind::null_value, place));
  if (take("TRUE")) return made(node(ExprKind::boolean, place, "TRUE"));
  if (take("FALSE")) return made(node(ExprKind::boolean, place, "FALSE"));
  if (take("CASE")) return case_expression();
  if (is("CAST")) return cast(false);
  if (is("EXTRACT")) return extract();
  if (is("INTERVAL")) return interval();
  if (is("ARRAY")) return array();
  if (is("STRUCT")) return structure();
  if (take("EXISTS")) {
    BL_RETURN_IF_ERROR(expect_symbol("("));
    Expr expr = node(ExprKind::exists, place);
    BL_TRY(Query inner, query());
    expr.query = std::move(inner);
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    return made(std::move(expr));
  }
  if (is("RANGE") && is_symbol("<", 1)) {
    BL_TRY(TypeName range, type());
    if (now().kind != TokenKind::string) return unexpected("a string literal");
    Expr expr = node(ExprKind::typed_literal, place, now().text);
    ++at_;
    expr.name = "RANGE";
    expr.type = std::move(range);
    return made(std::move(expr));
  }
  // Reserved, and functions nevertheless.
  for (const std::string_view name : {"IF", "LEFT", "RIGHT", "GROUPING", "RANGE"}) {
    if (!is(name) || !is_symbol("(", 1)) continue;
    ++at_;
    Expr expr = node(ExprKind::call, place);
    expr.name = std::string(name);
    return call(std::move(expr));
  }
  if (is("NEW") || is("COLLATE")) return refused_at(place, now().text);
  return unexpected();
}

/// `(expr)`, `(query)` or a struct `(a, b)`.
Result<Expr> Parser::parenthesized() {
  const Place place = now().place;
  if (starts_query(1)) {
    ++at_;
    Expr expr = node(ExprKind::scalar_query, place);
    BL_TRY(Query inner, query());
    expr.query = std::move(inner);
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    return made(std::move(expr));
  }
  ++at_;
  BL_TRY(Expr first, expression());
  if (take_symbol(")")) {
    first.parens = true;
    return first;
  }
  BL_RETURN_IF_ERROR(expect_symbol(","));
  Expr expr = node(ExprKind::structure, place);
  expr.flag = true;
  expr.args.push_back(std::move(first));
  BL_TRY(std::vector<Expr> rest, expressions(")"));
  for (Expr& item : rest) expr.args.push_back(std::move(item));
  expr.names.resize(expr.args.size());
  return made(std::move(expr));
}

/// At least one, and the symbol behind them.
Result<std::vector<Expr>> Parser::expressions(std::string_view end) {
  std::vector<Expr> list;
  do {
    BL_TRY(Expr expr, expression());
    list.push_back(std::move(expr));
  } while (take_symbol(","));
  BL_RETURN_IF_ERROR(expect_symbol(end));
  return list;
}

Result<Expr> Parser::postfix(Expr expr) {
  while (true) {
    const Place place = now().place;
    if (is_symbol(".") && (expr.kind != ExprKind::path || expr.parens)) {
      if (is_symbol("*", 1)) return expr;
      ++at_;
      BL_TRY(std::string name, name_behind_dot());
      Expr field = node(ExprKind::field, place, std::move(name));
      field.args.push_back(std::move(expr));
      BL_TRY(expr, made(std::move(field)));
    } else if (is_symbol(".") && !is_symbol("*", 1)) {
      ++at_;
      BL_TRY(std::string name, name_behind_dot());
      expr.names.push_back(std::move(name));
    } else if (take_symbol("[")) {
      Expr item = node(ExprKind::subscript, place);
      for (const std::string_view how : {"OFFSET", "SAFE_OFFSET", "ORDINAL", "SAFE_ORDINAL"}) {
        if (!is(how) || !is_symbol("(", 1)) continue;
        at_ += 2;
        item.name = std::string(how);
        break;
      }
      item.args.push_back(std::move(expr));
      BL_TRY(Expr index, expression());
      item.args.push_back(std::move(index));
      if (!item.name.empty()) BL_RETURN_IF_ERROR(expect_symbol(")"));
      BL_RETURN_IF_ERROR(expect_symbol("]"));
      BL_TRY(expr, made(std::move(item)));
    } else {
      return expr;
    }
  }
}

Result<Expr> Parser::case_expression() {
  Expr expr = node(ExprKind::case_when, now().place);
  if (!is("WHEN")) {
    expr.flag = true;
    BL_TRY(Expr operand, expression());
    expr.args.push_back(std::move(operand));
  }
  if (!is("WHEN")) return unexpected("WHEN");
  while (take("WHEN")) {
    BL_TRY(Expr when, expression());
    BL_RETURN_IF_ERROR(expect("THEN"));
    BL_TRY(Expr then, expression());
    expr.args.push_back(std::move(when));
    expr.args.push_back(std::move(then));
  }
  if (take("ELSE")) {
    BL_TRY(Expr otherwise, expression());
    expr.args.push_back(std::move(otherwise));
  }
  BL_RETURN_IF_ERROR(expect("END"));
  return made(std::move(expr));
}

Result<Expr> Parser::cast(bool safe) {
  Expr expr = node(ExprKind::cast, now().place);
  expr.flag = safe;
  ++at_;
  BL_RETURN_IF_ERROR(expect_symbol("("));
  BL_TRY(Expr value, expression());
  expr.args.push_back(std::move(value));
  BL_RETURN_IF_ERROR(expect("AS"));
  BL_TRY(TypeName to, type());
  expr.type = std::move(to);
  if (is("FORMAT")) return refused_at(now().place, "CAST with FORMAT");
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  return made(std::move(expr));
}

Result<Expr> Parser::extract() {
  Expr expr = node(ExprKind::extract, now().place);
  ++at_;
  BL_RETURN_IF_ERROR(expect_symbol("("));
  BL_TRY(std::string part, identifier("a date part"));
  expr.name = in_capitals(part);
  if (take_symbol("(")) {
    BL_TRY(std::string day, identifier("a day of the week"));
    expr.text = in_capitals(day);
    BL_RETURN_IF_ERROR(expect_symbol(")"));
  }
  BL_RETURN_IF_ERROR(expect("FROM"));
  BL_TRY(Expr value, expression());
  expr.args.push_back(std::move(value));
  if (take_words({"AT", "TIME", "ZONE"})) {
    BL_TRY(Expr zone, expression());
    expr.args.push_back(std::move(zone));
  }
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  return made(std::move(expr));
}

Result<Expr> Parser::interval() {
  Expr expr = node(ExprKind::interval, now().place);
  ++at_;
  BL_TRY(Expr value, expression());
  expr.args.push_back(std::move(value));
  BL_TRY(std::string part, identifier("a date part"));
  expr.name = in_capitals(part);
  if (take("TO")) {
    BL_TRY(std::string last, identifier("a date part"));
    expr.text = in_capitals(last);
  }
  return made(std::move(expr));
}

/// `ARRAY(query)`, `ARRAY<type>[...]`, `ARRAY[...]`, `[...]`.
Result<Expr> Parser::array() {
  const Place place = now().place;
  Expr expr = node(ExprKind::array, place);
  if (is("ARRAY") && is_symbol("(", 1)) {
    at_ += 2;
    expr.kind = ExprKind::array_query;
    BL_TRY(Query inner, query());
    expr.query = std::move(inner);
    BL_RETURN_IF_ERROR(expect_symbol(")"));
    return made(std::move(expr));
  }
  if (is("ARRAY") && is_symbol("<", 1)) {
    BL_TRY(TypeName of, type());
    expr.type = std::move(of);
  } else {
    (void)take("ARRAY");
  }
  BL_RETURN_IF_ERROR(expect_symbol("["));
  if (take_symbol("]")) return made(std::move(expr));
  BL_TRY(expr.args, expressions("]"));
  return made(std::move(expr));
}

Result<Expr> Parser::structure() {
  Expr expr = node(ExprKind::structure, now().place);
  if (is_symbol("<", 1)) {
    BL_TRY(TypeName of, type());
    expr.type = std::move(of);
  } else {
    ++at_;
  }
  BL_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol(")")) return made(std::move(expr));
  do {
    BL_TRY(Expr value, expression());
    expr.args.push_back(std::move(value));
    std::string name;
    if (take("AS")) {
      BL_TRY(name, identifier("a field's name"));
    }
    expr.names.push_back(std::move(name));
  } while (take_symbol(","));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  return made(std::move(expr));
}

Result<Expr> Parser::name_or_call() {
  const Token first = now();
  const std::string capitals = first.quoted ? "" : in_capitals(first.text);
  if (capitals == "SAFE_CAST" && is_symbol("(", 1)) return cast(true);
  if (ahead(1).kind == TokenKind::string &&
      std::ranges::find(k_literal_types, capitals) != k_literal_types.end()) {
    ++at_;
    Expr expr = node(ExprKind::typed_literal, first.place, now().text);
    expr.name = capitals;
    ++at_;
    return made(std::move(expr));
  }
  if (!is_symbol("(", 1) && std::ranges::find(k_now_functions, capitals) != k_now_functions.end()) {
    ++at_;
    Expr expr = node(ExprKind::call, first.place);
    expr.name = capitals;
    return made(std::move(expr));
  }
  Expr expr = node(ExprKind::path, first.place);
  expr.names.push_back(first.text);
  ++at_;
  while (is_symbol(".") && !is_symbol("*", 1)) {
    ++at_;
    BL_TRY(std::string name, name_behind_dot());
    expr.names.push_back(std::move(name));
  }
  if (!is_symbol("(")) return made(std::move(expr));
  expr.kind = ExprKind::call;
  std::vector<std::string> words;
  for (const std::string& name : expr.names) words.push_back(in_capitals(name));
  expr.names.clear();
  if (words.size() > 1 && words[0] == "SAFE") {
    expr.safe = true;
    words.erase(words.begin());
  }
  for (const std::string& word : words) expr.name += (expr.name.empty() ? "" : ".") + word;
  return call(std::move(expr));
}

Result<Expr> Parser::call(Expr expr) {
  BL_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol("*")) {
    expr.star = true;
  } else if (!is_symbol(")")) {
    BL_RETURN_IF_ERROR(call_inside(expr));
  }
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  if (take("OVER")) {
    if (is_identifier()) {
      Window named;
      named.place = now().place;
      BL_TRY(named.base, identifier("a window's name"));
      expr.over = std::move(named);
    } else {
      BL_RETURN_IF_ERROR(expect_symbol("("));
      BL_TRY(Window spec, window());
      expr.over = std::move(spec);
      BL_RETURN_IF_ERROR(expect_symbol(")"));
    }
  }
  return made(std::move(expr));
}

Result<void> Parser::call_inside(Expr& call) {
  call.distinct = take("DISTINCT");
  do {
    if (is_identifier() && is_symbol("=>", 1)) {
      return refused_at(now().place, "named arguments (name => value)");
    }
    BL_TRY(Expr arg, expression());
    if (take("AS")) return refused_at(now().place, "aliases of arguments");
    call.args.push_back(std::move(arg));
  } while (take_symbol(","));
  if (take("IGNORE")) {
    BL_RETURN_IF_ERROR(expect("NULLS"));
    call.nulls = Expr::Nulls::ignored;
  } else if (take("RESPECT")) {
    BL_RETURN_IF_ERROR(expect("NULLS"));
    call.nulls = Expr::Nulls::respected;
  }
  if (take("HAVING")) {
    call.has_max = is("MAX");
    if (!take("MAX") && !take("MIN")) return unexpected("MAX or MIN");
    BL_TRY(Expr of, expression());
    call.having = std::move(of);
  }
  if (take_words({"ORDER", "BY"})) {
    BL_TRY(call.order, order_items());
  }
  if (take("LIMIT")) {
    BL_TRY(Expr count, expression());
    call.limit = std::move(count);
  }
  return {};
}

}  // namespace bl::bigquery::sql
