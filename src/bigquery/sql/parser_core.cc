#include "bigquery/sql/parser_core.h"

#include <fmt/format.h>

namespace bl::bigquery::sql {

bool Parser::is(std::string_view word, std::size_t count) const {
  const Token& token = ahead(count);
  if (token.kind == TokenKind::keyword) return token.text == word;
  return token.kind == TokenKind::identifier && !token.quoted && token.text.size() == word.size() &&
         in_capitals(token.text) == word;
}

bool Parser::is_symbol(std::string_view symbol, std::size_t count) const {
  const Token& token = ahead(count);
  return token.kind == TokenKind::symbol && token.text == symbol;
}

bool Parser::take(std::string_view word) {
  if (!is(word)) return false;
  ++at_;
  return true;
}

bool Parser::take_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  ++at_;
  return true;
}

bool Parser::take_words(std::initializer_list<std::string_view> words) {
  std::size_t count = 0;
  for (const std::string_view word : words) {
    if (!is(word, count++)) return false;
  }
  at_ += words.size();
  return true;
}

Result<void> Parser::expect(std::string_view word) {
  if (take(word)) return {};
  return unexpected(fmt::format("keyword {}", word));
}

Result<void> Parser::expect_symbol(std::string_view symbol) {
  if (take_symbol(symbol)) return {};
  return unexpected(fmt::format("\"{}\"", symbol));
}

Error Parser::unexpected(std::string_view wanted) const {
  const Token& token = now();
  std::string found;
  switch (token.kind) {
    case TokenKind::end:
      found = "end of script";
      break;
    case TokenKind::keyword:
      found = fmt::format("keyword {}", token.text);
      break;
    case TokenKind::identifier:
      found = fmt::format("identifier \"{}\"", token.text);
      break;
    case TokenKind::integer:
      found = fmt::format("integer literal \"{}\"", token.text);
      break;
    case TokenKind::floating:
      found = fmt::format("floating point literal \"{}\"", token.text);
      break;
    case TokenKind::string:
      found = "string literal";
      break;
    case TokenKind::bytes:
      found = "bytes literal";
      break;
    case TokenKind::parameter:
      found = "parameter";
      break;
    case TokenKind::symbol:
      found = fmt::format("\"{}\"", token.text);
      break;
  }
  if (wanted.empty())
    return error_at(token.place, fmt::format("Syntax error: Unexpected {}", found));
  return error_at(token.place, fmt::format("Syntax error: Expected {} but got {}", wanted, found));
}

Result<void> Parser::deeper() {
  if (++depth_ <= limits_.depth_max) return {};
  return error_at(now().place,
                  fmt::format("The query is nested more than {} deep", limits_.depth_max));
}

Result<std::string> Parser::identifier(std::string_view wanted) {
  if (!is_identifier()) return unexpected(wanted);
  return tokens_[at_++].text;
}

Result<std::string> Parser::name_behind_dot() {
  if (!is_identifier() && now().kind != TokenKind::keyword) return unexpected("a name");
  // Reserved words were put into capitals; the name is as it was written.
  const Token& token = tokens_[at_++];
  if (token.kind == TokenKind::identifier) return token.text;
  return std::string(text_.substr(token.begin, token.finish - token.begin));
}

/// `p.d.t`, `my-project.d.t`, backticks around all of it or parts of it.
Result<std::vector<std::string>> Parser::table_path() {
  if (!is_identifier()) return unexpected("a table's name");
  std::vector<std::string> path;
  const auto add = [&](const Token& token) {
    std::string_view rest = token.text;
    while (token.quoted && rest.find('.') != std::string_view::npos) {
      path.emplace_back(rest.substr(0, rest.find('.')));
      rest.remove_prefix(rest.find('.') + 1);
    }
    path.emplace_back(rest);
  };
  // Dashes belong to a name only without backticks, and when nothing stands around them.
  const bool may_have_dashes = !now().quoted;
  const auto continues_name = [](const Token& token) {
    const bool is_word = token.kind == TokenKind::identifier && !token.quoted;
    // `123.` is the number of `my-project-123.d.t`.
    const bool is_number =
        token.kind == TokenKind::integer ||
        (token.kind == TokenKind::floating && token.text.find('.') >= token.text.size() - 1);
    return !token.space_before && (is_word || is_number);
  };
  add(tokens_[at_++]);
  while (true) {
    if (may_have_dashes && path.size() == 1 && is_symbol("-") && !now().space_before &&
        continues_name(ahead(1))) {
      std::string part = ahead(1).text;
      at_ += 2;
      const bool with_dot = !part.empty() && part.back() == '.';
      if (with_dot) part.pop_back();
      path.back() += "-" + part;
      if (!with_dot && continues_name(now())) path.back() += tokens_[at_++].text;
      if (with_dot) {
        BL_TRY(std::string name, name_behind_dot());
        path.push_back(std::move(name));
      }
      continue;
    }
    if (!take_symbol(".")) break;
    if (is_symbol("*")) return refused_at(now().place, "wildcard tables");
    if (is_identifier()) {
      add(tokens_[at_++]);
    } else {
      BL_TRY(std::string name, name_behind_dot());
      path.push_back(std::move(name));
    }
  }
  for (const std::string& part : path) {
    if (part.empty()) return error_at(now().place, "A table's name has an empty part");
    if (part.find('*') != std::string::npos) return refused_at(now().place, "wildcard tables");
    if (in_capitals(part) == "INFORMATION_SCHEMA") {
      return refused_at(now().place, "INFORMATION_SCHEMA");
    }
  }
  return path;
}

Result<std::vector<std::string>> Parser::column_path() {
  std::vector<std::string> path;
  BL_TRY(std::string first, identifier("a column's name"));
  path.push_back(std::move(first));
  while (take_symbol(".")) {
    BL_TRY(std::string name, name_behind_dot());
    path.push_back(std::move(name));
  }
  return path;
}

Result<std::vector<std::string>> Parser::names_in_parentheses() {
  std::vector<std::string> names;
  BL_RETURN_IF_ERROR(expect_symbol("("));
  do {
    BL_TRY(std::string name, identifier("a name"));
    names.push_back(std::move(name));
  } while (take_symbol(","));
  BL_RETURN_IF_ERROR(expect_symbol(")"));
  return names;
}

Result<std::string> Parser::alias() {
  if (take("AS")) return identifier("an alias");
  if (!is_identifier()) return std::string();
  const bool is_operator =
      (is("PIVOT") && is_symbol("(", 1)) ||
      (is("UNPIVOT") && (is_symbol("(", 1) || is("INCLUDE", 1) || is("EXCLUDE", 1)));
  if (is_operator) return std::string();
  return tokens_[at_++].text;
}

Result<Expr> Parser::whole_expression() {
  BL_TRY(Expr expr, expression());
  if (now().kind != TokenKind::end) return unexpected("end of the expression");
  return expr;
}

Result<Statement> Parser::whole_statement() {
  BL_TRY(Statement made, statement());
  if (take_symbol(";") && now().kind != TokenKind::end) {
    return refused_at(now().place, "scripting (more than one statement)");
  }
  if (now().kind != TokenKind::end) return unexpected("end of input");
  return made;
}

namespace {

Result<Parser> parser_for(std::string_view text, const SqlLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return Error{Code::invalid, fmt::format("The query is longer than {} bytes: {}",
                                            limits.bytes_max, text.size())};
  }
  BL_TRY(std::vector<Token> tokens, tokens_of(text));
  return Parser(text, std::move(tokens), limits);
}

}  // namespace

Result<Statement> parse_statement(std::string_view text, const SqlLimits& limits) {
  BL_TRY(Parser parser, parser_for(text, limits));
  return parser.whole_statement();
}

Result<Expr> parse_expression(std::string_view text, const SqlLimits& limits) {
  BL_TRY(Parser parser, parser_for(text, limits));
  return parser.whole_expression();
}

}  // namespace bl::bigquery::sql
