#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bigquery/sql/ast.h"

/// GoogleSQL's words (its "lexical structure and syntax").
namespace bl::bigquery::sql {

enum class TokenKind : unsigned char {
  identifier,  ///< `text` as written, or what stood between backticks (`quoted`)
  keyword,     ///< a reserved word; `text` in capitals
  integer,
  floating,
  string,  ///< `text`: the value
  bytes,
  parameter,  ///< `text`: the name in small letters; empty for ?
  symbol,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  bool quoted = false;
  bool space_before = false;
  Place place;
  std::size_t begin = 0, finish = 0;  ///< bytes of the text
};

/// The last token is `end`. Errors: invalid, with the place (a literal or comment without its end,
/// a wrong escape, no UTF-8, @@variables).
Result<std::vector<Token>> tokens_of(std::string_view text);

bool is_reserved(std::string_view capitals);
std::string in_capitals(std::string_view text);

/// `message at [line:column]`, as BigQuery says it.
Error error_at(Place place, std::string_view message);
/// What we know and do not do: unsupported, by name.
Error refused_at(Place place, std::string_view what);

}  // namespace bl::bigquery::sql
