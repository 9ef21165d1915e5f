// The tree as GoogleSQL, on one line. Names always stand between backticks but where GoogleSQL
// wants a word.
#include <fmt/format.h>

#include <array>
#include <cctype>

#include "bigquery/sql/lexer.h"
#include "bigquery/sql/parser.h"

namespace bl::bigquery::sql {
namespace {

class Printer {
 public:
  std::string out;

  void add(std::string_view text) { out += text; }
  template <class List, class Each>
  void list(const List& items, std::string_view between, const Each& each) {
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += between;
      first = false;
      each(item);
    }
  }
  void escaped(std::string_view text, char mark) {
    out += mark;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == mark || c == '\\') {
        out += '\\';
        out += c;
      } else if (byte < 0x20 || byte == 0x7F) {
        out += fmt::format("\\x{:02x}", byte);
      } else {
        out += c;
      }
    }
    out += mark;
  }
  void bytes(std::string_view text) {
    out += "b'";
    for (const char c : text) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    out += "'";
  }
  void name(std::string_view text) { escaped(text, '`'); }
  void names(const std::vector<std::string>& list_of_names) {
    add("(");
    list(list_of_names, ", ", [&](const auto& text) { name(text); });
    add(")");
  }
  void path(const std::vector<std::string>& parts) {
    if (parts.size() == 1 && parts[0] == "DEFAULT") return add("DEFAULT");
    list(parts, ".", [&](const auto& part) { name(part); });
  }
  /// Behind a number it would be a part of it.
  void dot() {
    const bool is_behind_word =
        !out.empty() && std::isalnum(static_cast<unsigned char>(out.back()));
    add(is_behind_word ? " ." : ".");
  }
  void exprs(const std::vector<Expr>& items) {
    list(items, ", ", [&](const Expr& item) { expr(item); });
  }

  void type(const TypeName& type_name) {
    add(type_name.name);
    if (!type_name.parts.empty() || type_name.name == "STRUCT") {
      add("<");
      list(type_name.parts, ", ", [&](const auto& part) {
        if (!part.name.empty()) {
          name(part.name);
          add(" ");
        }
        type(part.type);
      });
      add(">");
    }
    if (!type_name.parameters.empty()) {
      add("(");
      list(type_name.parameters, ", ", [&](std::int64_t value) { add(std::to_string(value)); });
      add(")");
    }
  }

  void order(const std::vector<OrderItem>& items) {
    if (items.empty()) return;
    add(" ORDER BY ");
    list(items, ", ", [&](const OrderItem& item) {
      expr(*item.expr);
      if (item.descending) add(" DESC");
      if (item.nulls == NullOrder::first) add(" NULLS FIRST");
      if (item.nulls == NullOrder::last) add(" NULLS LAST");
    });
  }
  void bound(const FrameBound& of) {
    static constexpr std::array<std::string_view, 5> k_names{
        "UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING", "UNBOUNDED FOLLOWING"};
    if (of.offset) expr(*of.offset);
    add(k_names[static_cast<std::size_t>(of.kind)]);
  }
  void window(const Window& of) {
    add("(");
    if (!of.base.empty()) name(of.base);
    if (!of.partition.empty()) {
      add(" PARTITION BY ");
      exprs(of.partition);
    }
    order(of.order);
    if (of.frame) {
      add(of.frame->by_rows ? " ROWS BETWEEN " : " RANGE BETWEEN ");
      bound(of.frame->start);
      add(" AND ");
      bound(of.frame->end);
    }
    add(")");
  }

  void expr(const Expr& e) {
    if (e.parens) add("(");
    bare(e);
    if (e.parens) add(")");
  }
  void call(const Expr& e) {
    if (e.safe) add("SAFE.");
    add(e.name);
    const bool no_parentheses = e.name.starts_with("CURRENT_") && e.args.empty();
    if (no_parentheses) {
      add("()");
      return;
    }
    add("(");
    if (e.star) add("*");
    if (e.distinct) add("DISTINCT ");
    exprs(e.args);
    if (e.nulls == Expr::Nulls::ignored) add(" IGNORE NULLS");
    if (e.nulls == Expr::Nulls::respected) add(" RESPECT NULLS");
    if (e.having) {
      add(e.has_max ? " HAVING MAX " : " HAVING MIN ");
      expr(*e.having);
    }
    order(e.order);
    if (e.limit) {
      add(" LIMIT ");
      expr(*e.limit);
    }
    add(")");
    if (e.over) {
      add(" OVER ");
      window(*e.over);
    }
  }
  void case_when(const Expr& e) {
    add("CASE");
    std::size_t i = 0;
    if (e.flag) {
      add(" ");
      expr(e.args[i++]);
    }
    for (; i + 1 < e.args.size(); i += 2) {
      add(" WHEN ");
      expr(e.args[i]);
      add(" THEN ");
      expr(e.args[i + 1]);
    }
    if (i < e.args.size()) {
      add(" ELSE ");
      expr(e.args[i]);
    }
    add(" END");
  }
  void structure(const Expr& e) {
    if (e.flag) {
      add("(");
      exprs(e.args);
      return add(")");
    }
    if (e.type) {
      type(*e.type);
    } else {
      add("STRUCT");
    }
    add("(");
    for (std::size_t i = 0; i < e.args.size(); ++i) {
      if (i > 0) add(", ");
      expr(e.args[i]);
      if (!e.names[i].empty()) {
        add(" AS ");
        name(e.names[i]);
      }
    }
    add(")");
  }
  void list_behind(const Expr& e) {
    add("(");
    for (std::size_t i = 1; i < e.args.size(); ++i) {
      if (i > 1) add(", ");
      expr(e.args[i]);
    }
    add(")");
  }
  void inner(std::string_view before, const Expr& e) {
    add(before);
    add("(");
    query(*e.query);
    add(")");
  }
  void bare(const Expr& e) {
    const std::string_view no = e.negated ? " NOT" : "";
    switch (e.kind) {
      case ExprKind::null_value:
        return add("NULL");
      case ExprKind::boolean:
      case ExprKind::integer:
      case ExprKind::floating:
        return add(e.text);
      case ExprKind::string:
        return escaped(e.text, '\'');
      case ExprKind::bytes:
        return bytes(e.text);
      case ExprKind::typed_literal:
        if (e.type) {
          type(*e.type);
        } else {
          add(e.name);
        }
        add(" ");
        return escaped(e.text, '\'');
      case ExprKind::interval:
        add("INTERVAL ");
        expr(e.args[0]);
        add(" " + e.name);
        if (!e.text.empty()) add(" TO " + e.text);
        return;
      case ExprKind::parameter:
        if (e.text.empty()) return add("?");
        add("@");
        return name(e.text);
      case ExprKind::path:
        return path(e.names);
      case ExprKind::field:
        expr(e.args[0]);
        dot();
        return name(e.text);
      case ExprKind::subscript:
        expr(e.args[0]);
        add("[" + e.name + (e.name.empty() ? "" : "("));
        expr(e.args[1]);
        return add(e.name.empty() ? "]" : ")]");
      case ExprKind::unary:
        add(e.text);
        add(" ");
        return expr(e.args[0]);
      case ExprKind::binary:
        list(e.args, fmt::format("{} {} ", no, e.text), [&](const Expr& arg) { expr(arg); });
        return;
      case ExprKind::is:
        expr(e.args[0]);
        return add(fmt::format(" IS{} {}", no, e.text));
      case ExprKind::distinct_from:
        expr(e.args[0]);
        add(fmt::format(" IS{} DISTINCT FROM ", no));
        return expr(e.args[1]);
      case ExprKind::between:
        expr(e.args[0]);
        add(fmt::format("{} BETWEEN ", no));
        expr(e.args[1]);
        add(" AND ");
        return expr(e.args[2]);
      case ExprKind::in_list:
        expr(e.args[0]);
        add(fmt::format("{} IN ", no));
        return list_behind(e);
      case ExprKind::in_unnest:
        expr(e.args[0]);
        add(fmt::format("{} IN UNNEST", no));
        return list_behind(e);
      case ExprKind::in_query:
        expr(e.args[0]);
        return inner(fmt::format("{} IN ", no), e);
      case ExprKind::exists:
        return inner("EXISTS", e);
      case ExprKind::like_quantified:
        expr(e.args[0]);
        add(fmt::format("{} LIKE {} ", no, e.name));
        return list_behind(e);
      case ExprKind::case_when:
        return case_when(e);
      case ExprKind::cast:
        add(e.flag ? "SAFE_CAST(" : "CAST(");
        expr(e.args[0]);
        add(" AS ");
        type(*e.type);
        return add(")");
      case ExprKind::array:
        if (e.type) type(*e.type);
        add("[");
        exprs(e.args);
        return add("]");
      case ExprKind::structure:
        return structure(e);
      case ExprKind::array_query:
        return inner("ARRAY", e);
      case ExprKind::scalar_query:
        return inner("", e);
      case ExprKind::extract:
        add("EXTRACT(" + e.name);
        if (!e.text.empty()) add("(" + e.text + ")");
        add(" FROM ");
        expr(e.args[0]);
        if (e.args.size() > 1) {
          add(" AT TIME ZONE ");
          expr(e.args[1]);
        }
        return add(")");
      case ExprKind::call:
        return call(e);
    }
  }

  void alias(const std::string& text) {
    if (text.empty()) return;
    add(" AS ");
    name(text);
  }
  void select_item(const SelectItem& item) {
    if (item.star) {
      add("*");
    } else {
      expr(item.expr);
      if (item.dot_star) {
        dot();
        add("*");
      }
    }
    if (!item.except.empty()) {
      add(" EXCEPT ");
      names(item.except);
    }
    if (!item.replace.empty()) {
      add(" REPLACE (");
      list(item.replace, ", ", [&](const auto& change) {
        expr(change.first);
        alias(change.second);
      });
      add(")");
    }
    alias(item.alias);
  }
  void pivot_values(const std::vector<PivotValue>& values) {
    list(values, ", ", [&](const PivotValue& value) {
      expr(value.value);
      alias(value.alias);
    });
  }
  void behind_from(const FromItem& item) {
    alias(item.alias);
    if (item.with_offset) {
      add(" WITH OFFSET");
      alias(item.offset_alias);
    }
    for (const Pivot& pivot : item.pivots) {
      add(" PIVOT(");
      pivot_values(pivot.aggregates);
      add(" FOR ");
      expr(*pivot.input);
      add(" IN (");
      pivot_values(pivot.values);
      add("))");
      alias(pivot.alias);
    }
    for (const Unpivot& unpivot : item.unpivots) {
      add(unpivot.include_nulls ? " UNPIVOT INCLUDE NULLS (" : " UNPIVOT (");
      name(unpivot.value);
      add(" FOR ");
      name(unpivot.name);
      add(" IN (");
      list(unpivot.columns, ", ", [&](const auto& column) {
        name(column.first);
        if (column.second.empty()) return;
        add(" AS ");
        escaped(column.second, '\'');
      });
      add("))");
      alias(unpivot.alias);
    }
  }
  void from(const FromItem& item) {
    static constexpr std::array<std::string_view, 6> k_joins{
        ", ", " CROSS JOIN ", " JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "};
    if (item.parens) add("(");
    switch (item.kind) {
      case FromItem::Kind::table:
        path(item.path);
        break;
      case FromItem::Kind::query:
        add("(");
        query(*item.query);
        add(")");
        break;
      case FromItem::Kind::unnest:
        add("UNNEST(");
        expr(*item.array);
        add(")");
        break;
      case FromItem::Kind::join:
        from(*item.left);
        add(k_joins[static_cast<std::size_t>(item.join)]);
        from(*item.right);
        if (item.on) {
          add(" ON ");
          expr(*item.on);
        }
        if (!item.using_names.empty()) {
          add(" USING ");
          names(item.using_names);
        }
        break;
    }
    behind_from(item);
    if (item.parens) add(")");
  }
  void group_element(const GroupBy::Element& element) {
    using Kind = GroupBy::Kind;
    if (element.kind == Kind::sets) {
      add("GROUPING SETS (");
      list(element.elements, ", ", [&](const auto& part) { group_element(part); });
      return add(")");
    }
    if (element.kind == Kind::rollup) add("ROLLUP(");
    if (element.kind == Kind::cube) add("CUBE(");
    list(element.sets, ", ", [&](const std::vector<Expr>& set) {
      if (set.size() != 1) add("(");
      exprs(set);
      if (set.size() != 1) add(")");
    });
    if (element.kind != Kind::list) add(")");
  }
  void clause(std::string_view word, const Box<Expr>& of) {
    if (!of) return;
    add(word);
    expr(*of);
  }
  void select(const Select& of) {
    add("SELECT ");
    if (of.distinct) add("DISTINCT ");
    if (of.as == Select::As::structure) add("AS STRUCT ");
    if (of.as == Select::As::value) add("AS VALUE ");
    list(of.items, ", ", [&](const SelectItem& item) { select_item(item); });
    if (of.from) {
      add(" FROM ");
      from(*of.from);
    }
    clause(" WHERE ", of.where);
    if (of.group_by) {
      add(of.group_by->all ? " GROUP BY ALL" : " GROUP BY ");
      list(of.group_by->elements, ", ", [&](const auto& element) { group_element(element); });
    }
    clause(" HAVING ", of.having);
    clause(" QUALIFY ", of.qualify);
    if (!of.windows.empty()) add(" WINDOW ");
    list(of.windows, ", ", [&](const auto& named) {
      name(named.first);
      add(" AS ");
      window(named.second);
    });
  }
  void query(const Query& of) {
    static constexpr std::array<std::string_view, 4> k_operators{
        " UNION ALL ", " UNION DISTINCT ", " INTERSECT DISTINCT ", " EXCEPT DISTINCT "};
    if (!of.with.empty()) {
      add(of.recursive ? "WITH RECURSIVE " : "WITH ");
      list(of.with, ", ", [&](const WithEntry& entry) {
        name(entry.name);
        add(" AS (");
        query(*entry.query);
        add(")");
      });
      add(" ");
    }
    if (of.select) select(*of.select);
    list(of.parts, k_operators[static_cast<std::size_t>(of.op)], [&](const Query& part) {
      const bool plain = part.select && of.parts.size() > 1;
      // What stood in parentheses is a part of one part.
      if (plain) return select(*part.select);
      add("(");
      query(of.parts.size() > 1 ? part.parts[0] : part);
      add(")");
    });
    order(of.order);
    clause(" LIMIT ", of.limit);
    clause(" OFFSET ", of.offset);
  }

  void assignments(const std::vector<std::pair<std::vector<std::string>, Expr>>& set) {
    add(" SET ");
    list(set, ", ", [&](const auto& one) {
      path(one.first);
      add(" = ");
      expr(one.second);
    });
  }
  void options(const std::vector<Option>& of) {
    if (of.empty()) return;
    add(" OPTIONS(");
    list(of, ", ", [&](const Option& option) {
      name(option.name);
      add(" = ");
      expr(option.value);
    });
    add(")");
  }
  void definition(const ColumnDefinition& column) {
    name(column.name);
    add(" ");
    type(column.type);
    if (column.not_null) add(" NOT NULL");
    clause(" DEFAULT ", column.default_value);
    options(column.options);
  }
  void merge_clause(const MergeClause& of) {
    static constexpr std::array<std::string_view, 3> k_when{
        " WHEN MATCHED", " WHEN NOT MATCHED BY TARGET", " WHEN NOT MATCHED BY SOURCE"};
    using Action = MergeClause::Action;
    add(k_when[static_cast<std::size_t>(of.when)]);
    clause(" AND ", of.condition);
    add(" THEN ");
    if (of.action == Action::remove) return add("DELETE");
    if (of.action == Action::update) {
      add("UPDATE");
      return assignments(of.set);
    }
    add("INSERT ");
    if (!of.columns.empty()) names(of.columns);
    if (of.action == Action::insert_row) return add(" ROW");
    add(" VALUES (");
    exprs(of.values);
    add(")");
  }
  void create_table(const Statement& of) {
    if (!of.definitions.empty()) {
      add(" (");
      list(of.definitions, ", ", [&](const auto& column) { definition(column); });
      add(")");
    }
    clause(" PARTITION BY ", of.partition_by);
    if (!of.cluster_by.empty()) add(" CLUSTER BY ");
    list(of.cluster_by, ", ", [&](const auto& column) { name(column); });
  }
  void ddl(std::string_view verb, std::string_view what, const Statement& of) {
    add(verb);
    if (of.or_replace) add(" OR REPLACE");
    add(what);
    if (of.if_not_exists && of.kind != StatementKind::alter_table_add_column) add(" IF NOT EXISTS");
    if (of.if_exists) add(" IF EXISTS");
    add(" ");
    path(of.path);
  }
  void insert(const Statement& of) {
    add("INSERT INTO ");
    path(of.path);
    add(" ");
    if (!of.columns.empty()) names(of.columns);
    if (of.query) {
      add(" ");
      return query(*of.query);
    }
    add(" VALUES ");
    list(of.rows, ", ", [&](const std::vector<Expr>& row) {
      add("(");
      exprs(row);
      add(")");
    });
  }
  void statement(const Statement& of) {
    switch (of.kind) {
      case StatementKind::select:
        return query(*of.query);
      case StatementKind::insert:
        return insert(of);
      case StatementKind::update:
        add("UPDATE ");
        path(of.path);
        alias(of.alias);
        assignments(of.set);
        if (of.from) {
          add(" FROM ");
          from(*of.from);
        }
        return clause(" WHERE ", of.where);
      case StatementKind::remove:
        add("DELETE FROM ");
        path(of.path);
        alias(of.alias);
        return clause(" WHERE ", of.where);
      case StatementKind::merge:
        add("MERGE INTO ");
        path(of.path);
        alias(of.alias);
        add(" USING ");
        from(*of.from);
        clause(" ON ", of.where);
        for (const MergeClause& each : of.clauses) merge_clause(each);
        return;
      case StatementKind::truncate:
        add("TRUNCATE TABLE ");
        return path(of.path);
      case StatementKind::create_table:
      case StatementKind::create_table_as_select:
        ddl("CREATE", " TABLE", of);
        create_table(of);
        options(of.options);
        if (of.query) {
          add(" AS ");
          query(*of.query);
        }
        return;
      case StatementKind::create_view:
        ddl("CREATE", " VIEW", of);
        if (!of.columns.empty()) names(of.columns);
        options(of.options);
        add(" AS ");
        return query(*of.query);
      case StatementKind::create_schema:
        ddl("CREATE", " SCHEMA", of);
        return options(of.options);
      case StatementKind::drop_table:
        return ddl("DROP", " TABLE", of);
      case StatementKind::drop_view:
        return ddl("DROP", " VIEW", of);
      case StatementKind::drop_schema:
        ddl("DROP", " SCHEMA", of);
        if (of.cascade) add(" CASCADE");
        return;
      case StatementKind::alter_table_add_column:
        ddl("ALTER", " TABLE", of);
        list(of.definitions, ",", [&](const auto& column) {
          add(of.if_not_exists ? " ADD COLUMN IF NOT EXISTS " : " ADD COLUMN ");
          definition(column);
        });
        return;
    }
  }
};

}  // namespace

std::string to_googlesql(const Statement& statement) {
  Printer printer;
  printer.statement(statement);
  return std::move(printer.out);
}
std::string to_googlesql(const Query& query) {
  Printer printer;
  printer.query(query);
  return std::move(printer.out);
}
std::string to_googlesql(const Expr& expr) {
  Printer printer;
  printer.expr(expr);
  return std::move(printer.out);
}

}  // namespace bl::bigquery::sql
