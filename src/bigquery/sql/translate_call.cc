// Calls: the table of functions, what is written in code, aggregates and windows.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bigquery/model/names.h"
#include "bigquery/sql/lexer.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

constexpr std::array k_families = std::to_array<std::string_view>(
    {"ML.", "NET.", "HLL_COUNT.", "KEYS.", "AEAD.", "BQ.", "AI.", "KLL_QUANTILES.", "ST_"});

std::optional<Kind> kind_of(char letter) {
  static constexpr std::string_view k_letters = "ifnNbsydDtTvj";
  static constexpr std::array k_kinds{
      Kind::int64,     Kind::float64,  Kind::numeric, Kind::bignumeric, Kind::boolean,
      Kind::text,      Kind::bytes,    Kind::date,    Kind::datetime,   Kind::time,
      Kind::timestamp, Kind::interval, Kind::json};
  const std::size_t at = k_letters.find(letter);
  if (at == std::string_view::npos) return std::nullopt;
  return k_kinds[at];
}

/// One letter for each of `count` arguments; nullopt: they are not so many.
std::optional<std::string> letters_for(std::string_view arguments, std::size_t count) {
  std::string letters(arguments);
  if (letters.ends_with('*')) {
    letters.pop_back();
    while (letters.size() < count) letters += letters.back();
    // `s.*`: none of the repeated is possible, too.
    if (letters.size() == count + 1 && letters.back() == '.') letters.pop_back();
  }
  if (letters.size() != count) return std::nullopt;
  return letters;
}

bool is_aggregate_function(std::string_view name) {
  static constexpr std::array k_special = std::to_array<std::string_view>(
      {"APPROX_QUANTILES", "ARRAY_AGG", "AVG", "COUNT", "STRING_AGG", "SUM"});
  if (std::ranges::find(k_special, name) != k_special.end()) return true;
  const auto found = signatures_of(name);
  return !found.empty() && found[0].way == Way::aggregate;
}

}  // namespace

std::span<const Function> signatures_of(std::string_view name) {
  const auto all = functions();
  const auto [begin, end] = std::ranges::equal_range(all, name, {}, &Function::name);
  return {begin, end};
}

bool has_aggregate(const Expr& expr) {
  if (expr.kind == ExprKind::call && !expr.over && is_aggregate_function(expr.name)) return true;
  if (std::ranges::any_of(expr.args, has_aggregate)) return true;
  const auto in_order = [](const std::vector<OrderItem>& items) {
    return std::ranges::any_of(items, [](const auto& item) { return has_aggregate(*item.expr); });
  };
  return expr.over &&
         (std::ranges::any_of(expr.over->partition, has_aggregate) || in_order(expr.over->order));
}

Result<std::vector<Typed>> Translator::arguments(const Expr& expr, const Scope& scope) {
  std::vector<Typed> values;
  for (const Expr& arg : expr.args) {
    BL_TRY(Typed value, expression(arg, scope));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Typed> Translator::call(const Expr& expr, const Scope& scope) {
  for (const std::string_view family : k_families) {
    if (expr.name.starts_with(family)) return refused_at(expr.place, "function " + expr.name);
  }
  const auto signatures = signatures_of(expr.name);
  if (signatures.empty()) {
    return error_at(expr.place, fmt::format("Function not found: {}", expr.name));
  }
  const Way way = signatures[0].way;
  if (way == Way::refused) {
    return refused_at(expr.place, fmt::format("function {} ({})", expr.name, signatures[0].sql));
  }
  const bool aggregates = is_aggregate_function(expr.name);
  if (way == Way::window && !expr.over) {
    return error_at(expr.place, fmt::format("Analytic function {} cannot be called without an OVER "
                                            "clause",
                                            expr.name));
  }
  if (expr.over && !aggregates && way != Way::window) {
    return error_at(expr.place, fmt::format("OVER is not allowed for function {}", expr.name));
  }
  if (expr.over && !scope.takes_windows) {
    return error_at(expr.place, "Analytic function not allowed here");
  }
  const bool has_options = expr.distinct || !expr.order.empty() || expr.limit || expr.having ||
                           expr.nulls != Expr::Nulls::unsaid || expr.star;
  if (has_options && !aggregates && way != Way::window) {
    return error_at(expr.place, fmt::format("Function {} takes plain arguments only", expr.name));
  }
  if (expr.having && expr.name != "ANY_VALUE")
    return refused_at(expr.place, "HAVING MAX and MIN in " + expr.name);
  Scope inside = scope;
  if (aggregates && !expr.over) {
    if (!scope.takes_aggregates) {
      return error_at(expr.place, fmt::format("Aggregate function {} not allowed here", expr.name));
    }
    inside.keys = nullptr;
    inside.aliases = nullptr;
    inside.takes_aggregates = false;
  }
  if (!aggregates || !expr.over) inside.takes_windows = inside.takes_windows && !aggregates;
  if (expr.over) inside.takes_windows = false;
  if (expr.safe && aggregates) return error_at(expr.place, "SAFE is not for aggregate functions");
  if (expr.safe) ++safe_;
  auto made = call_of_table(expr, scope, inside);
  if (expr.safe) --safe_;
  if (made.ok() && expr.safe) made->sql = fmt::format("TRY({})", made->sql);
  return made;
}

Result<Typed> Translator::call_of_table(const Expr& expr, const Scope& scope, const Scope& inside) {
  const auto signatures = signatures_of(expr.name);
  if (signatures[0].way == Way::special) {
    BL_TRY(Typed made, special(expr, scope, inside));
    if (!made.sql.empty()) return made;
  }
  if (expr.having) return extremes(expr, inside);
  BL_TRY(std::vector<Typed> args, arguments(expr, inside));
  const Function* best = nullptr;
  int best_cost = 1'000'000;
  for (const Function& function : signatures) {
    const auto letters = letters_for(function.arguments, args.size());
    if (!letters || (function.way == Way::special && function.name != "AVG")) continue;
    int cost = 0;
    for (std::size_t i = 0; i < args.size() && cost < 1'000'000; ++i) {
      const char letter = (*letters)[i];
      const Type& type = args[i].type;
      if (const auto kind = kind_of(letter == 'c' ? 'i' : letter)) {
        if (letter == 'c' && args[i].literal == nullptr) cost = 1'000'000;
        if (type.kind == *kind) continue;
        const bool near = type.kind == Kind::int64 && *kind == Kind::numeric;
        cost = fits(args[i], *kind) ? cost + (type.kind == Kind::null ? 1
                                              : near                  ? 3
                                                                      : 2)
                                    : 1'000'000;
        if (type.kind == Kind::int64 && *kind == Kind::float64 && cost < 1'000'000) cost -= 1;
      } else if (letter == 'a' || letter == 'S' || letter == 'I') {
        const Kind wanted = letter == 'S' ? Kind::text : Kind::int64;
        const bool fit =
            type.kind == Kind::null ||
            (type.kind == Kind::array && (letter == 'a' || coerces(type.element(), wanted)));
        if (!fit) cost = 1'000'000;
      }
    }
    if (cost < best_cost) {
      best = &function;
      best_cost = cost;
    }
  }
  if (best == nullptr) {
    std::vector<std::string> types;
    for (const Typed& arg : args) types.push_back(name_of(arg.type));
    return error_at(expr.place, fmt::format("No matching signature for function {} for argument "
                                            "types: {}",
                                            expr.name, joined(types)));
  }
  return written(expr, *best, std::move(args), scope);
}

Result<Typed> Translator::written(const Expr& expr, const Function& function,
                                  std::vector<Typed> args, const Scope& scope) {
  const std::string letters = *letters_for(function.arguments, args.size());
  const std::string what = fmt::format("An argument of {}", expr.name);
  std::vector<Typed> unified_args, arrays;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (letters[i] == '=') unified_args.push_back(args[i]);
    if (letters[i] == 'a') arrays.push_back(args[i]);
  }
  BL_TRY(const Type unified, unify(unified_args, expr.place, expr.name));
  BL_TRY(const Type array, unify(arrays, expr.place, expr.name));
  const Type element = array.kind == Kind::array ? array.element() : Type();
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < args.size(); ++i) {
    Type to = args[i].type;
    if (letters[i] == '=') to = unified;
    if (letters[i] == 'a') to = array;
    if (letters[i] == 'e') to = element;
    if (letters[i] == 'S') to = Type::array_of(Kind::text);
    if (letters[i] == 'I') to = Type::array_of(Kind::int64);
    if (const auto kind = kind_of(letters[i] == 'c' ? 'i' : letters[i])) {
      to = args[i].type.kind == *kind && args[i].literal == nullptr ? args[i].type : Type(*kind);
    }
    BL_TRY(std::string part, as(args[i], to, expr.place, what));
    parts.push_back(std::move(part));
    args[i].type = to;
  }
  Type result;
  switch (function.result[0]) {
    case '=':
      result = unified;
      break;
    case 'a':
      result = array;
      break;
    case 'e':
      result = element;
      break;
    case 'A':
      result = Type::array_of(unified);
      break;
    case 'S':
      result = Type::array_of(Kind::text);
      break;
    case 'I':
      result = Type::array_of(Kind::int64);
      break;
    case 'J':
      result = Type::array_of(Kind::json);
      break;
    case '1':
      result = args[0].type;
      break;
    case '0':
      break;
    default:
      result = *kind_of(function.result[0]);
  }
  if (expr.distinct && !parts.empty()) parts[0] = "DISTINCT " + parts[0];
  const std::string nulls = expr.nulls == Expr::Nulls::ignored     ? " IGNORE NULLS"
                            : expr.nulls == Expr::Nulls::respected ? " RESPECT NULLS"
                                                                   : "";
  std::string sql;
  for (std::size_t i = 0; i < function.sql.size(); ++i) {
    const char c = function.sql[i];
    const char next = c == '$' && i + 1 < function.sql.size() ? function.sql[i + 1] : '\0';
    const std::string_view rest = function.sql.substr(std::min(i + 2, function.sql.size()));
    if (next >= '1' && next <= '9') {
      sql += parts[static_cast<std::size_t>(next - '1')];
      ++i;
    } else if (next == '*' || next == '|') {
      sql += joined(parts, next == '*' ? ", " : " || ");
      ++i;
    } else if (next == '0') {  // $0($2): the divisor, checked
      const auto which = static_cast<std::size_t>(rest[2] - '1');
      sql += not_zero({parts[which], args[which].type, args[which].literal}, "division by zero");
      i += 5;
    } else if (next == '!') {  // $!(message)
      const std::size_t end = rest.find(") ELSE");
      sql += failure(rest.substr(1, end - 1));
      i += 2 + end;
    } else if (next == 'n') {
      sql += nulls;
      ++i;
    } else if (next == 'f') {
      ++i;
    } else if (c != '$') {
      sql += c;
    }
  }
  if (expr.over) {
    BL_TRY(const std::string spec, over(expr, scope));
    sql += spec;
  }
  return Typed{std::move(sql), std::move(result), nullptr};
}

/// ` OVER (...)`, or nothing.
Result<std::string> Translator::over(const Expr& expr, const Scope& scope) {
  if (!expr.over) return std::string();
  Scope inside = scope;
  inside.takes_windows = false;
  BL_TRY(const std::string spec, window(*expr.over, inside));
  return " OVER (" + spec + ")";
}

Result<std::string> Translator::window(const Window& of, const Scope& scope, int depth) {
  std::string sql;
  const Window* spec = &of;
  if (!of.base.empty()) {
    const Window* base = nullptr;
    if (scope.windows != nullptr) {
      for (const auto& [name, named] : *scope.windows) {
        if (same_name(name, of.base)) base = &named;
      }
    }
    if (base == nullptr || depth > 16) {
      return error_at(of.place, fmt::format("Unrecognized window alias {}", of.base));
    }
    BL_TRY(sql, window(*base, scope, depth + 1));
  }
  if (!spec->partition.empty()) {
    std::vector<std::string> parts;
    for (const Expr& expr : spec->partition) {
      BL_TRY(const Typed part, expression(expr, scope));
      parts.push_back(part.sql);
    }
    sql += " PARTITION BY " + joined(parts);
  }
  if (!spec->order.empty()) {
    BL_TRY(const std::string order, order_by(spec->order, scope));
    sql += order;
  }
  if (spec->frame) {
    BL_TRY(const std::string start, bound(spec->frame->start, scope));
    BL_TRY(const std::string end, bound(spec->frame->end, scope));
    const bool alone = spec->frame->start == FrameBound{} && spec->frame->end == FrameBound{};
    sql += fmt::format(" {} BETWEEN {} AND {}", spec->frame->by_rows ? "ROWS" : "RANGE", start,
                       alone ? "CURRENT ROW" : end);
  }
  return sql;
}

Result<std::string> Translator::bound(const FrameBound& of, const Scope& scope) {
  static constexpr std::array<std::string_view, 5> k_words{
      "UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"};
  const std::string word(k_words[static_cast<std::size_t>(of.kind)]);
  if (!of.offset) return word;
  BL_TRY(const Typed offset, expression(*of.offset, scope));
  return offset.sql + " " + word;
}

/// GoogleSQL has NULLs first when it ascends, last when it descends.
Result<std::string> Translator::order_by(const std::vector<OrderItem>& items, const Scope& scope) {
  std::vector<std::string> parts;
  for (const OrderItem& item : items) {
    BL_TRY(const Typed value, expression(*item.expr, scope));
    const bool first =
        item.nulls == NullOrder::unsaid ? !item.descending : item.nulls == NullOrder::first;
    parts.push_back(fmt::format("{} {} NULLS {}", value.sql, item.descending ? "DESC" : "ASC",
                                first ? "FIRST" : "LAST"));
  }
  if (parts.empty()) return std::string();
  return " ORDER BY " + joined(parts);
}

/// No SQL: the table says how.
Result<Typed> Translator::special(const Expr& expr, const Scope& scope, const Scope& inside) {
  const std::string& name = expr.name;
  const auto wants = [&](std::size_t least, std::size_t most) -> Result<void> {
    if (expr.args.size() >= least && expr.args.size() <= most) return {};
    return error_at(expr.place, fmt::format("No matching signature for function {} with {} "
                                            "arguments",
                                            name, expr.args.size()));
  };
  BL_TRY(std::optional<Typed> date, date_call(expr, inside));
  if (date) return std::move(*date);
  if (name == "COUNT") {
    if (!expr.star) BL_RETURN_IF_ERROR(wants(1, 1));
    std::string inner = "*";
    if (!expr.star) {
      BL_TRY(const Typed value, expression(expr.args[0], inside));
      inner = (expr.distinct ? "DISTINCT " : "") + value.sql;
    }
    BL_TRY(const std::string spec, over(expr, scope));
    return Typed{fmt::format("count({}){}", inner, spec), Kind::int64, nullptr};
  }
  if (name == "SUM" || name == "AVG") {
    BL_RETURN_IF_ERROR(wants(1, 1));
    return sum_or_avg(expr, scope, inside);
  }
  if (name == "ARRAY_AGG") {
    BL_RETURN_IF_ERROR(wants(1, 1));
    return array_agg(expr, scope, inside);
  }
  if (name == "STRING_AGG") {
    BL_RETURN_IF_ERROR(wants(1, 2));
    return string_agg(expr, scope, inside);
  }
  if (name == "APPROX_QUANTILES") {
    BL_RETURN_IF_ERROR(wants(2, 2));
    return quantiles(expr, inside);
  }
  if (name.starts_with("REGEXP_")) {
    BL_RETURN_IF_ERROR(wants(2, 2));
    return regexp(expr, inside);
  }
  if (name == "FORMAT") {
    BL_RETURN_IF_ERROR(wants(1, 1000));
    return format(expr, inside);
  }
  if (name == "SESSION_USER") {
    BL_RETURN_IF_ERROR(wants(0, 0));
    return Typed{quoted_literal(options_.session_user), Kind::text, nullptr};
  }
  if (name == "GROUPING") {
    BL_RETURN_IF_ERROR(wants(1, 1));
    if (!scope.takes_aggregates) return error_at(expr.place, "GROUPING is for GROUP BY");
    BL_TRY(const Typed key, expression(expr.args[0], scope));
    return Typed{fmt::format("CAST(grouping({}) AS BIGINT)", key.sql), Kind::int64, nullptr};
  }
  if (name == "GREATEST" || name == "LEAST") {
    BL_RETURN_IF_ERROR(wants(1, 1000));
    return greatest_or_least(expr, inside);
  }
  BL_RETURN_IF_ERROR(wants(2, 2));
  return safe_divide(expr, inside);
}

/// NULL when one of them is.
Result<Typed> Translator::greatest_or_least(const Expr& expr, const Scope& inside) {
  BL_TRY(const std::vector<Typed> values, arguments(expr, inside));
  BL_TRY(const Type type, unify(values, expr.place, expr.name));
  std::vector<std::string> parts, nulls;
  for (const Typed& value : values) {
    BL_TRY(std::string part, as(value, type, expr.place, "An argument of " + expr.name));
    nulls.push_back(part + " IS NULL");
    parts.push_back(std::move(part));
  }
  return Typed{fmt::format("CASE WHEN {} THEN NULL ELSE {}({}) END", joined(nulls, " OR "),
                           lower(expr.name), joined(parts)),
               type, nullptr};
}

/// Of NUMERIC; of others as the table has it.
Result<Typed> Translator::safe_divide(const Expr& expr, const Scope& inside) {
  BL_TRY(const std::vector<Typed> values, arguments(expr, inside));
  const bool exact = (values[0].type.is_decimal() || values[1].type.is_decimal()) &&
                     values[0].type.kind != Kind::float64 && values[1].type.kind != Kind::float64;
  const auto plain = [](const Typed& value) {
    return value.type.is_number() || value.type.kind == Kind::null;
  };
  if (!plain(values[0]) || !plain(values[1])) {
    return error_at(expr.place,
                    fmt::format("No matching signature for function {} for argument "
                                "types: {}, {}",
                                expr.name, name_of(values[0].type), name_of(values[1].type)));
  }
  if (!exact) {
    return Typed{fmt::format("(CAST({} AS DOUBLE) / nullif(CAST({} AS DOUBLE), 0))", values[0].sql,
                             values[1].sql),
                 Kind::float64, nullptr};
  }
  std::string sql =
      decimal_quotient(Kind::numeric, values[0].sql, fmt::format("nullif({}, 0)", values[1].sql));
  return Typed{std::move(sql), Kind::numeric, nullptr};
}

Result<Typed> Translator::sum_or_avg(const Expr& expr, const Scope& scope, const Scope& inside) {
  BL_TRY(const Typed value, expression(expr.args[0], inside));
  const Type& type = value.type;
  if (!type.is_number() && type.kind != Kind::null) {
    return error_at(expr.place, fmt::format("No matching signature for aggregate function {} for "
                                            "argument types: {}",
                                            expr.name, name_of(type)));
  }
  BL_TRY(const std::string spec, over(expr, scope));
  const std::string_view distinct = expr.distinct ? "DISTINCT " : "";
  const std::string sum = fmt::format("sum({}{}){}", distinct, value.sql, spec);
  const bool is_avg = expr.name == "AVG";
  if (type.is_decimal() && is_avg) {
    const std::string count = fmt::format("count({}{}){}", distinct, value.sql, spec);
    return Typed{decimal_quotient(type.kind, sum, count), Type(type.kind), nullptr};
  }
  if (is_avg) {
    return Typed{fmt::format("avg({}{}){}", distinct, value.sql, spec), Kind::float64, nullptr};
  }
  if (type.is_decimal()) {
    Type result = type;
    result.precision = 38;
    return Typed{sum, result, nullptr};
  }
  if (type.kind == Kind::float64) return Typed{sum, type, nullptr};
  return Typed{fmt::format("CAST({} AS BIGINT)", sum), Kind::int64, nullptr};
}

Result<Typed> Translator::array_agg(const Expr& expr, const Scope& scope, const Scope& inside) {
  BL_TRY(const Typed value, expression(expr.args[0], inside));
  if (value.type.kind == Kind::array) {
    return error_at(expr.place, "The argument to ARRAY_AGG cannot be an array");
  }
  BL_TRY(const std::string order, order_by(expr.order, inside));
  BL_TRY(const std::string spec, over(expr, scope));
  std::string sql =
      fmt::format("array_agg({}{}{})", expr.distinct ? "DISTINCT " : "", value.sql, order);
  if (expr.nulls == Expr::Nulls::ignored) {
    sql += fmt::format(" FILTER (WHERE {} IS NOT NULL)", value.sql);
  }
  sql += spec;
  if (expr.limit) {
    BL_TRY(const Typed count, expression(*expr.limit, inside));
    BL_TRY(const std::string limit, as(count, Kind::int64, expr.place, "LIMIT"));
    sql = fmt::format("({})[1:{}]", sql, limit);
  }
  return Typed{std::move(sql), Type::array_of(value.type), nullptr};
}

Result<Typed> Translator::string_agg(const Expr& expr, const Scope& scope, const Scope& inside) {
  BL_TRY(const std::vector<Typed> values, arguments(expr, inside));
  BL_TRY(const std::string value, as(values[0], Kind::text, expr.place, "STRING_AGG's argument"));
  std::string between = "','";
  if (values.size() > 1) {
    BL_TRY(between, as(values[1], Kind::text, expr.place, "STRING_AGG's delimiter"));
  }
  BL_TRY(const std::string order, order_by(expr.order, inside));
  BL_TRY(const std::string spec, over(expr, scope));
  const std::string_view distinct = expr.distinct ? "DISTINCT " : "";
  if (!expr.limit) {
    return Typed{fmt::format("string_agg({}{}, {}{}){}", distinct, value, between, order, spec),
                 Kind::text, nullptr};
  }
  BL_TRY(const Typed count, expression(*expr.limit, inside));
  BL_TRY(const std::string limit, as(count, Kind::int64, expr.place, "LIMIT"));
  return Typed{fmt::format("array_to_string((array_agg({}{}{}) FILTER (WHERE {} IS NOT NULL){})"
                           "[1:{}], {})",
                           distinct, value, order, value, spec, limit, between),
               Kind::text, nullptr};
}

Result<Typed> Translator::quantiles(const Expr& expr, const Scope& inside) {
  BL_TRY(const Typed value, expression(expr.args[0], inside));
  const Expr& count = expr.args[1];
  const bool is_count = count.kind == ExprKind::integer && count.text.size() <= 4;
  const int n = is_count ? std::stoi(count.text) : 0;
  if (n < 1) return error_at(expr.place, "APPROX_QUANTILES wants a constant number, 1 to 9999");
  if (expr.over) return error_at(expr.place, "OVER is not allowed for function APPROX_QUANTILES");
  std::vector<std::string> fractions;
  for (int i = 0; i <= n; ++i) fractions.push_back(fmt::format("{}", static_cast<double>(i) / n));
  return Typed{fmt::format("quantile_disc({}{}, [{}])", expr.distinct ? "DISTINCT " : "", value.sql,
                           joined(fractions)),
               Type::array_of(value.type), nullptr};
}

/// ANY_VALUE(x HAVING MAX y).
Result<Typed> Translator::extremes(const Expr& expr, const Scope& inside) {
  BL_TRY(const std::vector<Typed> values, arguments(expr, inside));
  if (values.size() != 1 || expr.over) return refused_at(expr.place, "HAVING MAX with OVER");
  BL_TRY(const Typed by, expression(*expr.having, inside));
  return Typed{fmt::format("arg_{}({}, {})", expr.has_max ? "max" : "min", values[0].sql, by.sql),
               values[0].type, nullptr};
}

/// What is between the one pair of parentheses of the pattern, else what all of it finds.
Result<Typed> Translator::regexp(const Expr& expr, const Scope& inside) {
  BL_TRY(const Typed value, expression(expr.args[0], inside));
  BL_TRY(const std::string text, as(value, Kind::text, expr.place, expr.name));
  const Expr& pattern = expr.args[1];
  if (pattern.kind != ExprKind::string) {
    return refused_at(expr.place, expr.name + " with a pattern that is no constant");
  }
  int groups = 0;
  bool in_class = false;
  const std::string& p = pattern.text;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == '\\') {
      ++i;
    } else if (in_class) {
      in_class = p[i] != ']';
    } else if (p[i] == '[') {
      in_class = true;
    } else if (p[i] == '(') {
      const bool named = p.compare(i, 3, "(?P") == 0;
      if (named || p.compare(i, 2, "(?") != 0) ++groups;
    }
  }
  if (groups > 1) {
    return error_at(expr.place, fmt::format("Regular expression with more than one capturing group "
                                            "in {}",
                                            expr.name));
  }
  if (expr.name == "REGEXP_EXTRACT_ALL") {
    return Typed{fmt::format("regexp_extract_all({}, {}, {})", text, quoted_literal(p), groups),
                 Type::array_of(Kind::text), nullptr};
  }
  return Typed{fmt::format("list_extract(regexp_extract_all({}, {}, {}), 1)", text,
                           quoted_literal(p), groups),
               Kind::text, nullptr};
}

/// As CAST(value AS STRING) writes it.
Result<std::string> Translator::text_of(const Typed& value) {
  switch (value.type.kind) {
    case Kind::text:
      return value.sql;
    case Kind::bytes:
      return fmt::format("decode({})", value.sql);
    case Kind::float64:
      return fmt::format("regexp_replace(CAST({} AS VARCHAR), '\\.0$', '')", value.sql);
    case Kind::numeric:
    case Kind::bignumeric:
      if (value.type.scale == 0 || value.literal != nullptr) break;
      return fmt::format("regexp_replace(CAST({} AS VARCHAR), '\\.?0+$', '')", value.sql);
    default:
      break;
  }
  return fmt::format("CAST({} AS VARCHAR)", value.sql);
}

Result<Typed> Translator::format(const Expr& expr, const Scope& inside) {
  const Expr& pattern = expr.args[0];
  if (pattern.kind != ExprKind::string) {
    return refused_at(expr.place, "FORMAT with a pattern that is no constant");
  }
  BL_TRY(const std::vector<Typed> values, arguments(expr, inside));
  std::string out;
  std::vector<std::string> parts;
  std::size_t next = 1;
  const std::string& p = pattern.text;
  for (std::size_t i = 0; i < p.size(); ++i) {
    out += p[i];
    if (p[i] != '%') continue;
    std::size_t end = i + 1;
    while (end < p.size() && std::string_view("-+ #0'123456789.").find(p[end]) != std::string::npos)
      ++end;
    if (end >= p.size())
      return error_at(expr.place, "Invalid format specifier at the end in FORMAT");
    std::string flags = p.substr(i + 1, end - i - 1);
    const char verb = p[end];
    i = end;
    if (verb == '%') {
      out += '%';
      continue;
    }
    if (next >= values.size()) return error_at(expr.place, "Too few arguments to FORMAT");
    const Typed& value = values[next++];
    std::ranges::replace(flags, '\'', ',');
    if (verb == 'd' || verb == 'i' || verb == 'x' || verb == 'X' || verb == 'o') {
      BL_TRY(std::string part, as(value, Kind::int64, expr.place, "FORMAT's argument"));
      parts.push_back(std::move(part));
      out += flags + (verb == 'i' ? 'd' : verb);
    } else if (std::string_view("fFeEgG").find(verb) != std::string_view::npos) {
      BL_TRY(std::string part, as(value, Kind::float64, expr.place, "FORMAT's argument"));
      parts.push_back(std::move(part));
      out += flags + verb;
    } else if (verb == 's' || verb == 't' || verb == 'T') {
      if (verb == 'T' && value.type.kind != Kind::int64 && value.type.kind != Kind::boolean) {
        return refused_at(expr.place, "FORMAT's %T of " + name_of(value.type));
      }
      BL_TRY(std::string part, cast_to(value, Kind::text, expr.place));
      parts.push_back(verb == 's' ? part : fmt::format("coalesce({}, 'NULL')", part));
      out += flags + 's';
    } else {
      return refused_at(expr.place, fmt::format("FORMAT's %{}", verb));
    }
  }
  if (next != values.size()) return error_at(expr.place, "Too many arguments to FORMAT");
  if (parts.empty())
    return Typed{fmt::format("printf({})", quoted_literal(out)), Kind::text, nullptr};
  return Typed{fmt::format("printf({}, {})", quoted_literal(out), joined(parts)), Kind::text,
               nullptr};
}

}  // namespace bl::bigquery::sql
