#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a GoogleSQL text says, as a tree. Values: copies are deep, == compares all but places.
namespace bl::bigquery::sql {

/// Where something stands in the text, from 1. Bytes, not code points.
struct Place {
  int line = 1;
  int column = 1;
  /// Two trees are equal wherever they were written.
  bool operator==(const Place&) const { return true; }
};

/// Owns one T that may be of the type around it. Empty or not; == compares what is inside.
template <class T>
class Box {
 public:
  Box() = default;
  Box(T value) : inside_(std::make_unique<T>(std::move(value))) {}
  Box(const Box& other) : inside_(other ? std::make_unique<T>(*other) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    if (this != &other) *this = Box(other);
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  ~Box() = default;
  explicit operator bool() const { return inside_ != nullptr; }
  T& operator*() const { return *inside_; }
  T* operator->() const { return inside_.get(); }
  bool operator==(const Box& other) const {
    if (!inside_ || !other.inside_) return !inside_ && !other.inside_;
    return *inside_ == *other.inside_;
  }

 private:
  std::unique_ptr<T> inside_;
};

struct Expr;
struct Query;

/// `STRUCT<a INT64, ARRAY<STRING(10)>>`: `name` in capitals; parts of ARRAY, STRUCT and RANGE.
struct TypePart;
struct TypeName {
  std::string name;
  std::vector<TypePart> parts;
  std::vector<std::int64_t> parameters;  ///< NUMERIC(10, 2), STRING(5)
  Place place;
  bool operator==(const TypeName&) const = default;
};

struct TypePart {
  std::string name;  ///< of a struct's field; may be empty
  TypeName type;
  bool operator==(const TypePart&) const = default;
};

enum class NullOrder : unsigned char { unsaid, first, last };
struct OrderItem {
  Box<Expr> expr;
  bool descending = false;
  NullOrder nulls = NullOrder::unsaid;
  bool operator==(const OrderItem&) const = default;
};

struct FrameBound {
  enum class Kind : unsigned char {
    unbounded_preceding,
    preceding,
    current,
    following,
    unbounded_following
  };
  Kind kind = Kind::current;
  Box<Expr> offset;
  bool operator==(const FrameBound&) const = default;
};
struct Frame {
  bool by_rows = true;  ///< ROWS, else RANGE
  FrameBound start, end;
  bool operator==(const Frame&) const = default;
};
struct Window {
  std::string base;  ///< a named window
  std::vector<Expr> partition;
  std::vector<OrderItem> order;
  std::optional<Frame> frame;
  Place place;
  bool operator==(const Window&) const = default;
};

enum class ExprKind : unsigned char {
  null_value,
  boolean,        ///< text: TRUE, FALSE
  integer,        ///< text: decimal or 0x hex
  floating,       ///< text
  string,         ///< text: the value
  bytes,          ///< text: the value
  typed_literal,  ///< text: the value, name: DATE, NUMERIC, JSON, RANGE, ...
  interval,   ///< args: the number or text; name: the part; text: the second part of `YEAR TO DAY`
  parameter,  ///< text: name in small letters; empty: positional, name: its index
  path,       ///< names: a.b.c
  field,      ///< args[0].text
  subscript,  ///< args[0][args[1]]; name: OFFSET, SAFE_OFFSET, ORDINAL, SAFE_ORDINAL or empty
  unary,      ///< text: - + ~ NOT
  binary,     ///< text: the operator; AND, OR and || have two or more args
  is,         ///< args[0] IS [NOT] text: NULL TRUE FALSE UNKNOWN
  distinct_from,    ///< args[0] IS [NOT] DISTINCT FROM args[1]
  between,          ///< args: value, low, high
  in_list,          ///< args[0] IN (args[1]...)
  in_unnest,        ///< args[0] IN UNNEST(args[1])
  in_query,         ///< args[0] IN (query)
  exists,           ///< EXISTS(query)
  like_quantified,  ///< args[0] LIKE name: ANY/ALL (args[1]...)
  case_when,        ///< flag: the first arg is the operand; pairs; an odd last one is ELSE
  cast,             ///< CAST(args[0] AS type); flag: SAFE_CAST
  array,            ///< [args] or ARRAY<type>[args]
  structure,        ///< STRUCT(args AS names) or STRUCT<type>(args); flag: (a, b)
  array_query,      ///< ARRAY(query)
  scalar_query,     ///< (query)
  extract,          ///< EXTRACT(name[text] FROM args[0] [AT TIME ZONE args[1]])
  call,             ///< name(args), names: the words of the call; the rest below
};

struct Expr {
  ExprKind kind = ExprKind::null_value;
  Place place;
  std::string text;
  std::string name;  ///< capitals
  std::vector<std::string> names;
  std::vector<Expr> args;
  bool flag = false;
  bool negated = false;
  bool parens = false;  ///< it stood in parentheses
  Box<TypeName> type;
  Box<Query> query;
  // Of calls.
  bool safe = false;  ///< SAFE.name
  bool distinct = false;
  bool star = false;  ///< COUNT(*)
  enum class Nulls : unsigned char { unsaid, ignored, respected };
  Nulls nulls = Nulls::unsaid;
  std::vector<OrderItem> order;
  Box<Expr> limit;
  bool has_max = false;  ///< HAVING MAX/MIN `having`
  Box<Expr> having;
  Box<Window> over;
  int depth = 1;
  bool operator==(const Expr&) const = default;
};

struct SelectItem {
  Expr expr;
  std::string alias;
  /// `*` or `expr.*`.
  bool star = false;
  bool dot_star = false;
  std::vector<std::string> except;
  std::vector<std::pair<Expr, std::string>> replace;
  Place place;
  bool operator==(const SelectItem&) const = default;
};

enum class JoinKind : unsigned char { comma, cross, inner, left, right, full };

struct PivotValue {
  Expr value;
  std::string alias;
  bool operator==(const PivotValue&) const = default;
};
struct Pivot {
  std::vector<PivotValue> aggregates;
  Box<Expr> input;
  std::vector<PivotValue> values;
  std::string alias;
  Place place;
  bool operator==(const Pivot&) const = default;
};
struct Unpivot {
  bool include_nulls = false;
  std::string value, name;
  std::vector<std::pair<std::string, std::string>> columns;  ///< column, label (empty: its name)
  std::string alias;
  Place place;
  bool operator==(const Unpivot&) const = default;
};

struct FromItem {
  enum class Kind : unsigned char { table, query, unnest, join };
  Kind kind = Kind::table;
  Place place;
  std::vector<std::string> path;  ///< of a table, or of an array: UNNEST may be unsaid
  std::string alias;
  Box<Query> query;
  Box<Expr> array;
  bool with_offset = false;
  std::string offset_alias;
  JoinKind join = JoinKind::inner;
  Box<FromItem> left, right;
  Box<Expr> on;
  std::vector<std::string> using_names;
  std::vector<Pivot> pivots;      ///< none or one
  std::vector<Unpivot> unpivots;  ///< none or one
  bool parens = false;
  int depth = 1;
  bool operator==(const FromItem&) const = default;
};

struct GroupBy {
  enum class Kind : unsigned char { list, all, rollup, cube, sets };
  struct Element {
    Kind kind = Kind::list;
    std::vector<std::vector<Expr>> sets;  ///< a list, rollup or cube: sets of expressions
    std::vector<Element> elements;        ///< of GROUPING SETS: lists, rollups, cubes
    bool operator==(const Element&) const = default;
  };
  bool all = false;
  std::vector<Element> elements;
  bool operator==(const GroupBy&) const = default;
};

struct Select {
  Place place;
  bool distinct = false;
  enum class As : unsigned char { rows, structure, value };
  As as = As::rows;
  std::vector<SelectItem> items;
  Box<FromItem> from;
  Box<Expr> where;
  std::optional<GroupBy> group_by;
  Box<Expr> having;
  Box<Expr> qualify;
  std::vector<std::pair<std::string, Window>> windows;
  bool operator==(const Select&) const = default;
};

enum class SetOperator : unsigned char {
  union_all,
  union_distinct,
  intersect_distinct,
  except_distinct
};

struct WithEntry {
  std::string name;
  Box<Query> query;
  Place place;
  bool operator==(const WithEntry&) const = default;
};

/// One SELECT, or several under one operator; a part in parentheses is a query of its own.
struct Query {
  Place place;
  bool recursive = false;
  std::vector<WithEntry> with;
  Box<Select> select;
  std::vector<Query> parts;
  SetOperator op = SetOperator::union_all;
  std::vector<OrderItem> order;
  Box<Expr> limit, offset;
  int depth = 1;
  bool operator==(const Query&) const = default;
};

struct Option {
  std::string name;
  Expr value;
  bool operator==(const Option&) const = default;
};
struct ColumnDefinition {
  std::string name;
  TypeName type;
  bool not_null = false;
  Box<Expr> default_value;
  std::vector<Option> options;
  Place place;
  bool operator==(const ColumnDefinition&) const = default;
};

struct MergeClause {
  enum class When : unsigned char { matched, not_matched_by_target, not_matched_by_source };
  enum class Action : unsigned char { insert, insert_row, update, remove };
  When when = When::matched;
  Action action = Action::insert;
  Box<Expr> condition;
  std::vector<std::string> columns;                            ///< of an insert
  std::vector<Expr> values;                                    ///< DEFAULT: a path of that name
  std::vector<std::pair<std::vector<std::string>, Expr>> set;  ///< of an update
  Place place;
  bool operator==(const MergeClause&) const = default;
};

enum class StatementKind : unsigned char {
  select,
  insert,
  update,
  remove,
  merge,
  truncate,
  create_table,
  create_table_as_select,
  create_view,
  drop_table,
  drop_view,
  alter_table_add_column,
  create_schema,
  drop_schema,
};

struct Statement {
  StatementKind kind = StatementKind::select;
  Place place;
  Box<Query> query;               ///< select, insert, create table as, create view
  std::string query_text;         ///< of a view, as it stood
  std::vector<std::string> path;  ///< the table or schema
  std::string alias;
  std::vector<std::string> columns;     ///< of an insert or a view
  std::vector<std::vector<Expr>> rows;  ///< INSERT ... VALUES; DEFAULT: a path of that name
  std::vector<std::pair<std::vector<std::string>, Expr>> set;
  Box<FromItem> from;  ///< of UPDATE; the source of MERGE
  Box<Expr> where;     ///< or MERGE's ON
  std::vector<MergeClause> clauses;
  bool or_replace = false, if_not_exists = false, if_exists = false, cascade = false;
  std::vector<ColumnDefinition> definitions;
  Box<Expr> partition_by;
  std::vector<std::string> cluster_by;
  std::vector<Option> options;
  bool operator==(const Statement&) const = default;
};

}  // namespace bl::bigquery::sql
