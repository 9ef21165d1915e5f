#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bigquery/sql/lexer.h"
#include "bigquery/sql/parser.h"

/// The parser's state and steps; its rules stand in parser_expression.cc, parser_query.cc and
/// parser_statement.cc. Lives for one text.
namespace bl::bigquery::sql {

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const SqlLimits& limits)
      : text_(text), tokens_(std::move(tokens)), limits_(limits) {}

  Result<Statement> whole_statement();
  Result<Expr> whole_expression();

 private:
  using Assignment = std::pair<std::vector<std::string>, Expr>;

  // Words.
  const Token& now() const { return tokens_[at_]; }
  const Token& ahead(std::size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  bool is(std::string_view word, std::size_t count = 0) const;
  bool is_symbol(std::string_view symbol, std::size_t count = 0) const;
  bool take(std::string_view word);
  bool take_symbol(std::string_view symbol);
  /// All the words in a row, or none.
  bool take_words(std::initializer_list<std::string_view> words);
  Result<void> expect(std::string_view word);
  Result<void> expect_symbol(std::string_view symbol);
  Error unexpected(std::string_view wanted = "") const;
  bool is_identifier(std::size_t count = 0) const {
    return ahead(count).kind == TokenKind::identifier;
  }
  Result<std::string> identifier(std::string_view wanted);
  /// Behind a dot reserved words are names, too.
  Result<std::string> name_behind_dot();
  Result<std::vector<std::string>> table_path();
  Result<std::vector<std::string>> column_path();
  Result<std::vector<std::string>> names_in_parentheses();
  /// `[AS] name`; empty: none.
  Result<std::string> alias();
  Result<void> deeper();
  template <class Rule>
  auto nested(const Rule& rule) -> decltype(rule()) {
    BL_RETURN_IF_ERROR(deeper());
    auto result = rule();
    --depth_;
    return result;
  }

  // Expressions.
  Result<Expr> expression(int power = 0);
  Result<Expr> expression_now(int power);
  Result<Expr> prefix();
  Result<Expr> prefix_keyword();
  Result<Expr> primary();
  Result<Expr> postfix(Expr expr);
  Result<Expr> infix(Expr left, const Token& symbol, std::string op, int power);
  Result<Expr> comparison(Expr left, bool& done);
  Result<Expr> in(Expr left, Place place, bool negated);
  Result<Expr> like(Expr left, Place place, bool negated);
  Result<Expr> is_test(Expr left);
  Result<Expr> parenthesized();
  Result<Expr> case_expression();
  Result<Expr> cast(bool safe);
  Result<Expr> extract();
  Result<Expr> interval();
  Result<Expr> array();
  Result<Expr> structure();
  Result<Expr> name_or_call();
  Result<Expr> call(Expr expr);
  Result<void> call_inside(Expr& call);
  Result<Window> window();
  Result<Frame> frame();
  Result<FrameBound> frame_bound();
  Result<TypeName> type();
  Result<std::vector<OrderItem>> order_items();
  Result<std::vector<Expr>> expressions(std::string_view end);
  Result<Expr> made(Expr expr);

  // Queries.
  Result<Query> query();
  Result<Query> query_now();
  Result<Query> set_operand();
  Result<std::vector<WithEntry>> with_entries();
  Result<Select> select();
  Result<SelectItem> select_item();
  Result<void> star_changes(SelectItem& item);
  Result<FromItem> from();
  Result<FromItem> from_operand();
  Result<FromItem> from_table();
  Result<void> behind_from(FromItem& item);
  Result<Pivot> pivot();
  Result<Unpivot> unpivot();
  Result<GroupBy> group_by();
  Result<GroupBy::Element> group_element();
  bool starts_query(std::size_t count = 0) const;

  // Statements.
  Result<Statement> statement();
  Result<Statement> insert();
  Result<void> target(Statement& made);
  Result<void> condition(Statement& made);
  Result<Statement> update();
  Result<Statement> remove();
  Result<Statement> merge();
  Result<MergeClause> merge_clause();
  Result<Statement> truncate();
  Result<Statement> create();
  Result<Statement> create_table(Statement made);
  Result<Statement> create_view(Statement made);
  Result<Statement> drop();
  Result<Statement> alter();
  Result<std::vector<Assignment>> assignments();
  Result<std::vector<Expr>> insert_row();
  Result<std::vector<Option>> options();
  Result<ColumnDefinition> column_definition();
  Result<void> refuse_by_name() const;

  std::string_view text_;
  std::vector<Token> tokens_;
  SqlLimits limits_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int nodes_ = 0;
  int positional_ = 0;
};

}  // namespace bl::bigquery::sql
