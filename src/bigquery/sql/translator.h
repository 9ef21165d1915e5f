#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bigquery/googlesql.h"
#include "bigquery/model/names.h"
#include "bigquery/sql/functions.h"
#include "bigquery/sql/types.h"

/// Tree -> the engine's SQL, in one walk: names are resolved and types found on the way down, text
/// comes back up. Every table of a FROM gets a name of its own (`t1`), so that the engine never has
/// to resolve anything by GoogleSQL's rules. Lives for one statement; its rules stand in
/// translate_*.cc.
namespace bl::bigquery::sql {

/// A column that a query may name: what it is called, and how it is written.
struct Column {
  std::string name;
  std::string sql;
  Type type;
};

/// One item of a FROM.
struct RangeVariable {
  std::string alias;
  std::vector<Column> columns;
  std::optional<Column> value;  ///< of an UNNEST: the element
};

struct Sources {
  std::vector<RangeVariable> variables;
  std::vector<Column> visible;  ///< in the order of `*`; columns that USING joined are there once
};

/// An expression, written.
struct Typed {
  std::string sql;
  Type type;
  const Expr* literal = nullptr;  ///< a plain number or text: it takes other types, too
};

struct GroupKey {
  const Expr* expr = nullptr;  ///< null: a column of `*`
  Typed value;
};

struct Scope {
  const Scope* outer = nullptr;
  const Sources* sources = nullptr;
  const std::map<std::string, Typed>* aliases = nullptr;  ///< of the SELECT list, small letters
  const std::vector<GroupKey>* keys = nullptr;            ///< set: only these and aggregates
  const std::vector<std::pair<std::string, Window>>* windows = nullptr;
  bool takes_aggregates = false;
  bool takes_windows = false;
};

/// A query, written: its columns' `sql` are their names in it.
struct Relation {
  std::string sql;
  std::vector<Column> columns;
  bool is_value = false;  ///< SELECT AS STRUCT or VALUE: one column without a name
};

class Translator {
 public:
  Translator(const TranslateOptions& options, TableSource& tables, const SqlLimits& limits)
      : options_(options), tables_(tables), limits_(limits) {}

  Result<Translated> run(const Statement& statement);
  /// An expression over the columns of some sources, that is true or not.
  Result<std::string> condition(const Expr& expr, const Sources& sources, std::string_view where);

 private:
  // translate_expression.cc
  Result<Typed> expression(const Expr& expr, const Scope& scope);
  Result<Typed> expression_now(const Expr& expr, const Scope& scope);
  Result<std::string> boolean(const Expr& expr, const Scope& scope, std::string_view where);
  Result<Typed> literal(const Expr& expr);
  Result<Typed> typed_literal(const Expr& expr);
  Result<Typed> range_literal(const Expr& expr);
  Result<Typed> parameter(const Expr& expr);
  Result<Typed> path(const Expr& expr, const Scope& scope);
  Result<std::optional<Typed>> path_in(const Expr& expr, const Scope& scope, std::size_t& used);
  Result<Typed> grouped(Typed found, const Expr& expr, const Scope& scope) const;
  Result<Typed> field(Typed of, const std::string& name, Place place);
  Result<Typed> subscript(const Expr& expr, const Scope& scope);
  Result<Typed> unary(const Expr& expr, const Scope& scope);
  Result<Typed> binary(const Expr& expr, const Scope& scope);
  Result<Typed> arithmetic(const Expr& expr, Typed left, Typed right);
  Result<Typed> with_interval(const Expr& expr, const Typed& left, const Typed& right);
  Result<Typed> comparison(const Expr& expr, const Scope& scope);
  Result<Typed> quantified(const Expr& expr, const Scope& scope);
  Result<Typed> in_query(const Expr& expr, const Scope& scope);
  Result<Typed> case_when(const Expr& expr, const Scope& scope);
  Result<Typed> cast(const Expr& expr, const Scope& scope);
  Result<std::string> cast_to(const Typed& value, const Type& to, Place place);
  Result<Typed> array(const Expr& expr, const Scope& scope);
  Result<Typed> structure(const Expr& expr, const Scope& scope);
  Result<Typed> subquery(const Expr& expr, const Scope& scope);
  /// The value where `to` is wanted. Errors: invalid, named by `what`.
  Result<std::string> as(const Typed& value, const Type& to, Place place, std::string_view what);
  static bool fits(const Typed& value, const Type& to);
  Result<Type> unify(const std::vector<Typed>& values, Place place, std::string_view what) const;
  /// An error at run time; NULL under SAFE.
  std::string failure(std::string_view message) const;
  /// The divisor, checked.
  std::string not_zero(const Typed& divisor, std::string_view what) const;

  // translate_call.cc
  Result<Typed> call(const Expr& expr, const Scope& scope);
  Result<Typed> call_of_table(const Expr& expr, const Scope& scope, const Scope& inside);
  Result<Typed> special(const Expr& expr, const Scope& scope, const Scope& inside);
  Result<std::vector<Typed>> arguments(const Expr& expr, const Scope& scope);
  Result<Typed> written(const Expr& expr, const Function& function, std::vector<Typed> args,
                        const Scope& scope);
  Result<std::string> over(const Expr& expr, const Scope& scope);
  Result<std::string> window(const Window& window, const Scope& scope, int depth = 0);
  Result<std::string> bound(const FrameBound& bound, const Scope& scope);
  Result<std::string> order_by(const std::vector<OrderItem>& items, const Scope& scope);
  Result<Typed> array_agg(const Expr& expr, const Scope& scope, const Scope& inside);
  Result<Typed> string_agg(const Expr& expr, const Scope& scope, const Scope& inside);
  Result<Typed> sum_or_avg(const Expr& expr, const Scope& scope, const Scope& inside);
  Result<Typed> greatest_or_least(const Expr& expr, const Scope& inside);
  Result<Typed> safe_divide(const Expr& expr, const Scope& inside);
  Result<Typed> quantiles(const Expr& expr, const Scope& inside);
  Result<Typed> extremes(const Expr& expr, const Scope& inside);
  Result<Typed> regexp(const Expr& expr, const Scope& inside);
  Result<Typed> format(const Expr& expr, const Scope& inside);
  Result<std::string> text_of(const Typed& value);

  // translate_date.cc
  Result<Typed> interval(const Expr& expr, const Scope& scope);
  Result<Typed> extract(const Expr& expr, const Scope& scope);
  Result<std::optional<Typed>> date_call(const Expr& expr, const Scope& inside);
  Result<Typed> difference(const Expr& expr, const Scope& inside);
  Result<Typed> truncation(const Expr& expr, const Scope& inside);
  Result<Typed> last_day(const Expr& expr, const Scope& inside);
  Result<Typed> format_time(const Expr& expr, const Scope& inside);
  Result<Typed> parse_time(const Expr& expr, const Scope& inside);
  Result<Typed> generate_times(const Expr& expr, const Scope& inside);

  // translate_from.cc
  struct Span {
    std::size_t begin = 0, end = 0;  ///< of Sources::visible
  };
  Result<std::string> from(const FromItem& item, const Scope* outer, Sources& sources);
  Result<std::string> join(const FromItem& item, const Scope* outer, Sources& sources);
  Result<std::string> join_condition(const FromItem& item, const Scope* outer, Sources& sources,
                                     std::size_t begin, std::size_t middle);
  Result<std::string> unnest(const FromItem& item, const Expr& array, const Scope* outer,
                             Sources& sources);
  Result<std::string> table(const FromItem& item, const Scope* outer, Sources& sources);
  Result<std::string> pivot(const FromItem& item, std::string sql, const Scope* outer,
                            Sources& sources, std::size_t begin);
  Result<std::string> unpivot(const FromItem& item, std::string sql, Sources& sources,
                              std::size_t begin);
  /// `sql AS "t1"`, and its columns into the sources.
  /// Of a query of values, the fields of the one column are the columns.
  std::string add_variable(const std::string& sql, const std::string& alias,
                           const std::vector<Column>& columns, Sources& sources,
                           bool is_value = false);
  Result<TableName> table_name(const std::vector<std::string>& path, Place place,
                               bool is_schema = false) const;
  Result<Relation> relation_of(const TableName& name, Place place);
  std::string used(const TableName& name);
  std::string new_name() { return "t" + std::to_string(++names_); }

  // translate_query.cc
  Result<Relation> query(const Query& query, const Scope* outer, bool final = false);
  Result<Relation> body(const Query& query, const Scope* outer, bool final);
  Result<void> with(const Query& query, const Scope* outer, std::string& sql);
  Result<Relation> recursive(const WithEntry& entry, const Scope* outer);
  Result<Relation> set_operation(const Query& query, const Scope* outer);
  Result<Relation> united(std::vector<Relation> parts, const Query& query);
  Result<void> limit(const Query& query, const Scope* outer, std::string& sql);
  Result<Relation> select(const Select& select, const Query& query, const Scope* outer, bool final);
  struct Item {
    std::string name;
    const Expr* expr = nullptr;  ///< null: a column of `*`
    Typed value;
    bool has_alias = false;
    Place place;
  };
  Result<std::vector<Item>> items(const Select& select, const Scope& scope);
  Result<void> add_star(const SelectItem& item, const std::vector<Column>& columns,
                        const Scope& scope, std::vector<Item>& into);
  Result<std::vector<Column>> columns_of(const SelectItem& item, const Scope& scope);
  Result<std::string> group_by(const GroupBy& group, const std::vector<Item>& items,
                               const Scope& scope, std::vector<GroupKey>& keys);
  Result<std::string> group_element(const GroupBy::Element& element, const std::vector<Item>& items,
                                    const Scope& scope, std::vector<GroupKey>& keys);
  Result<std::string> group_key(const Expr& expr, const std::vector<Item>& items,
                                const Scope& scope, std::vector<GroupKey>& keys);
  Result<std::string> order_of_select(const Query& query, const std::vector<Item>& items,
                                      const Scope& scope);
  Result<Relation> as_value(const Select& select, std::vector<Item>& items);

  // translate_statement.cc
  Result<void> ddl(const Statement& statement, Translated& made);
  Result<TableSchema> schema_of(const std::vector<ColumnDefinition>& definitions);
  struct Target {
    TableName name;
    TableSchema schema;
    std::string from;  ///< `"relation" AS "t1"`
    std::string row;   ///< its `__bl_row`
    RangeVariable variable;
  };
  Result<Target> target(const Statement& statement, Sources& sources);
  Result<std::string> insert(const Statement& statement, Translated& made);
  Result<std::string> update(const Statement& statement, Translated& made);
  Result<std::string> remove(const Statement& statement, Translated& made);
  Result<std::string> merge(const Statement& statement, Translated& made);
  /// What one clause of MERGE makes of a pair of rows: a value for every column.
  Result<std::vector<std::string>> merged_values(const MergeClause& clause, const Target& target,
                                                 const Sources& pair);
  Result<std::vector<std::size_t>> insert_columns(const Target& target,
                                                  const std::vector<std::string>& names,
                                                  std::size_t values, Place place) const;
  Result<std::string> new_value(const Expr& expr, const TableField& field, const Scope& scope);
  Result<std::string> stored(const Typed& value, const TableField& field, Place place);
  Result<std::vector<std::string>> assigned(
      const std::vector<std::pair<std::vector<std::string>, Expr>>& set, const Target& target,
      const Scope& scope, Place place);

  Result<void> within_limit(const std::string& sql) const;

  struct WithName {
    std::string name;  ///< small letters
    Relation relation;
  };

  const TranslateOptions& options_;
  TableSource& tables_;
  const SqlLimits& limits_;
  std::vector<UsedTable> used_;
  std::vector<ParameterUse> parameters_;
  std::map<std::size_t, std::size_t> parameter_places_;  ///< index -> its $n
  std::vector<WithName> with_;
  std::map<std::string, TableInfo> found_;
  int views_ = 0;
  int names_ = 0;
  int safe_ = 0;
};

bool has_aggregate(const Expr& expr);
/// All signatures of a name; none: not known.
std::span<const Function> signatures_of(std::string_view name);
/// The members of a struct, as columns that read them out of `sql`.
std::vector<Column> columns_of_struct(const std::string& sql, const Type& type);
std::string joined(const std::vector<std::string>& parts, std::string_view between = ", ");

}  // namespace bl::bigquery::sql
