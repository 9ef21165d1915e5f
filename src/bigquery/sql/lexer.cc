#include "bigquery/sql/lexer.h"
#include "bigquery/model/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace bl::bigquery::sql {
namespace {

// Sorted: found by halving.
constexpr std::array k_reserved = std::to_array<std::string_view>({"ALL",
                                                                   "AND",
                                                                   "ANY",
                                                                   "ARRAY",
                                                                   "AS",
                                                                   "ASC",
                                                                   "ASSERT_ROWS_MODIFIED",
                                                                   "AT",
                                                                   "BETWEEN",
                                                                   "BY",
                                                                   "CASE",
                                                                   "CAST",
                                                                   "COLLATE",
                                                                   "CONTAINS",
                                                                   "CREATE",
                                                                   "CROSS",
                                                                   "CUBE",
                                                                   "CURRENT",
                                                                   "DEFAULT",
                                                                   "DEFINE",
                                                                   "DESC",
                                                                   "DISTINCT",
                                                                   "ELSE",
                                                                   "END",
                                                                   "ENUM",
                                                                   "ESCAPE",
                                                                   "EXCEPT",
                                                                   "EXCLUDE",
                                                                   "EXISTS",
                                                                   "EXTRACT",
                                                                   "FALSE",
                                                                   "FETCH",
                                                                   "FOLLOWING",
                                                                   "FOR",
                                                                   "FROM",
                                                                   "FULL",
                                                                   "GROUP",
                                                                   "GROUPING",
                                                                   "GROUPS",
                                                                   "HASH",
                                                                   "HAVING",
                                                                   "IF",
                                                                   "IGNORE",
                                                                   "IN",
                                                                   "INNER",
                                                                   "INTERSECT",
                                                                   "INTERVAL",
                                                                   "INTO",
                                                                   "IS",
                                                                   "JOIN",
                                                                   "LATERAL",
                                                                   "LEFT",
                                                                   "LIKE",
                                                                   "LIMIT",
                                                                   "LOOKUP",
                                                                   "MERGE",
                                                                   "NATURAL",
                                                                   "NEW",
                                                                   "NO",
                                                                   "NOT",
                                                                   "NULL",
                                                                   "NULLS",
                                                                   "OF",
                                                                   "ON",
                                                                   "OR",
                                                                   "ORDER",
                                                                   "OUTER",
                                                                   "OVER",
                                                                   "PARTITION",
                                                                   "PRECEDING",
                                                                   "PROTO",
                                                                   "QUALIFY",
                                                                   "RANGE",
                                                                   "RECURSIVE",
                                                                   "RESPECT",
                                                                   "RIGHT",
                                                                   "ROLLUP",
                                                                   "ROWS",
                                                                   "SELECT",
                                                                   "SET",
                                                                   "SOME",
                                                                   "STRUCT",
                                                                   "TABLESAMPLE",
                                                                   "THEN",
                                                                   "TO",
                                                                   "TREAT",
                                                                   "TRUE",
                                                                   "UNBOUNDED",
                                                                   "UNION",
                                                                   "UNNEST",
                                                                   "USING",
                                                                   "WHEN",
                                                                   "WHERE",
                                                                   "WINDOW",
                                                                   "WITH",
                                                                   "WITHIN"});

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
int hex_of(char c) {
  if (is_digit(c)) return c - '0';
  return (c | 0x20) - 'a' + 10;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    if (!is_utf8(text_)) return error_at({1, 1}, "the query is not valid UTF-8");
    std::vector<Token> tokens;
    while (true) {
      const std::size_t before = at_;
      BL_RETURN_IF_ERROR(skip_blanks());
      token_ = Token{};
      token_.space_before = at_ != before || at_ == 0;
      token_.place = place();
      token_.begin = at_;
      if (at_ == text_.size()) break;
      BL_RETURN_IF_ERROR(read());
      token_.finish = at_;
      tokens.push_back(std::move(token_));
    }
    token_.finish = at_;
    tokens.push_back(std::move(token_));
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Place place() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }
  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  Result<void> skip_blanks() {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
        step();
      } else if (c == '#' || (c == '-' && peek(1) == '-')) {
        while (at_ < text_.size() && peek() != '\n') step();
      } else if (c == '/' && peek(1) == '*') {
        const Place start = place();
        step();
        step();
        while (at_ < text_.size() && !(peek() == '*' && peek(1) == '/')) step();
        if (at_ >= text_.size()) return error_at(start, "Syntax error: Unclosed comment");
        step();
        step();
      } else {
        break;
      }
    }
    return {};
  }

  Result<void> read() {
    const char c = peek();
    if (is_letter(c)) {
      if (starts_text()) return read_text();
      return read_word();
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number();
    if (c == '\'' || c == '"') return read_text();
    if (c == '`') return read_quoted_name();
    if (c == '@') return read_parameter();
    if (c == '?') {
      token_.kind = TokenKind::parameter;
      step();
      return {};
    }
    return read_symbol();
  }

  bool starts_text() const {
    std::size_t i = 0;
    while (i < 2 && std::string_view("rRbB").find(peek(i)) != std::string_view::npos) ++i;
    return i > 0 && (peek(i) == '\'' || peek(i) == '"');
  }

  Result<void> read_word() {
    while (is_letter(peek()) || is_digit(peek())) step();
    token_.text = std::string(text_.substr(token_.begin, at_ - token_.begin));
    std::string capitals = in_capitals(token_.text);
    if (is_reserved(capitals)) {
      token_.kind = TokenKind::keyword;
      token_.text = std::move(capitals);
    } else {
      token_.kind = TokenKind::identifier;
    }
    return {};
  }

  Result<void> read_number() {
    token_.kind = TokenKind::integer;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && is_hex(peek(2))) {
      step();
      step();
      while (is_hex(peek())) step();
    } else {
      while (is_digit(peek())) step();
      if (peek() == '.') {
        token_.kind = TokenKind::floating;
        step();
        while (is_digit(peek())) step();
      }
      const bool has_sign = peek(1) == '+' || peek(1) == '-';
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(has_sign ? 2 : 1))) {
        token_.kind = TokenKind::floating;
        step();
        if (has_sign) step();
        while (is_digit(peek())) step();
      }
    }
    token_.text = std::string(text_.substr(token_.begin, at_ - token_.begin));
    return {};
  }

  Result<void> read_parameter() {
    step();
    if (peek() == '@') return refused_at(token_.place, "system variables (@@name)");
    token_.kind = TokenKind::parameter;
    if (peek() == '`') {
      BL_RETURN_IF_ERROR(read_quoted_name());
      token_.kind = TokenKind::parameter;
    } else {
      const std::size_t start = at_;
      while (is_letter(peek()) || is_digit(peek())) step();
      token_.text = std::string(text_.substr(start, at_ - start));
    }
    if (token_.text.empty()) {
      return error_at(token_.place, "Syntax error: Expected a parameter's name behind @");
    }
    token_.text = lower(token_.text);
    return {};
  }

  Result<void> read_quoted_name() {
    const Place start = place();
    step();
    token_.kind = TokenKind::identifier;
    token_.quoted = true;
    token_.text.clear();
    while (at_ < text_.size() && peek() != '`' && peek() != '\n') {
      if (peek() == '\\') {
        BL_RETURN_IF_ERROR(read_escape(false));
      } else {
        token_.text += peek();
        step();
      }
    }
    if (peek() != '`' || at_ >= text_.size()) {
      return error_at(start, "Syntax error: Unclosed identifier literal");
    }
    step();
    if (token_.text.empty()) return error_at(start, "Syntax error: Invalid empty identifier");
    return {};
  }

  Result<void> read_text() {
    bool raw = false, bytes = false;
    for (; peek() != '\'' && peek() != '"'; step()) {
      if ((peek() | 0x20) == 'r') raw = true;
      if ((peek() | 0x20) == 'b') bytes = true;
    }
    token_.kind = bytes ? TokenKind::bytes : TokenKind::string;
    const char mark = peek();
    const bool triple = peek(1) == mark && peek(2) == mark;
    for (int i = 0; i < (triple ? 3 : 1); ++i) step();
    while (true) {
      if (at_ >= text_.size() || (!triple && peek() == '\n')) {
        return error_at(token_.place, "Syntax error: Unclosed string literal");
      }
      const char c = peek();
      if (c == mark && (!triple || (peek(1) == mark && peek(2) == mark))) break;
      if (c == '\\' && raw) {
        token_.text += c;
        step();
        if (at_ >= text_.size()) continue;
        token_.text += peek();
        step();
      } else if (c == '\\') {
        BL_RETURN_IF_ERROR(read_escape(bytes));
      } else {
        token_.text += c;
        step();
      }
    }
    for (int i = 0; i < (triple ? 3 : 1); ++i) step();
    return {};
  }

  Result<char32_t> read_digits(Place start, int count, int base) {
    char32_t value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = peek();
      const bool fits = base == 16 ? is_hex(c) : (c >= '0' && c <= '7');
      if (!fits) return error_at(start, "Syntax error: Illegal escape sequence");
      value = value * static_cast<char32_t>(base) + static_cast<char32_t>(hex_of(c));
      step();
    }
    return value;
  }

  Result<void> read_escape(bool bytes) {
    const Place start = place();
    step();
    const char c = peek();
    const Error wrong = error_at(start, "Syntax error: Illegal escape sequence");
    if (at_ >= text_.size()) return wrong;
    static constexpr std::string_view k_from = "abfnrtv\\?\"'`", k_to = "\a\b\f\n\r\t\v\\?\"'`";
    if (const auto i = k_from.find(c); i != std::string_view::npos) {
      token_.text += k_to[i];
      step();
      return {};
    }
    if (c >= '0' && c <= '3') {
      BL_TRY(const char32_t value, read_digits(start, 3, 8));
      return append_byte(start, value, bytes);
    }
    if (c == 'x' || c == 'X') {
      step();
      BL_TRY(const char32_t value, read_digits(start, 2, 16));
      return append_byte(start, value, bytes);
    }
    if ((c == 'u' || c == 'U') && !bytes) {
      step();
      BL_TRY(const char32_t value, read_digits(start, c == 'u' ? 4 : 8, 16));
      if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return wrong;
      append_utf8(token_.text, value);
      return {};
    }
    return wrong;
  }
  Result<void> append_byte(Place start, char32_t value, bool bytes) {
    if (!bytes && value >= 0x80) {
      return error_at(start, "Syntax error: Illegal escape sequence (use \\u in strings)");
    }
    token_.text += static_cast<char>(value);
    return {};
  }

  Result<void> read_symbol() {
    static constexpr std::array k_symbols = std::to_array<std::string_view>(
        {"<<", ">>", "<=", ">=", "!=", "<>", "||", "=>", "(", ")", "[", "]", "{", "}", ",",
         ".",  ";",  "+",  "-",  "*",  "/",  "%",  "&",  "|", "^", "~", "<", ">", "=", ":"});
    for (const std::string_view symbol : k_symbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      token_.kind = TokenKind::symbol;
      token_.text = std::string(symbol);
      at_ += symbol.size();
      return {};
    }
    const std::size_t bytes = decode_utf8(text_.substr(at_)).bytes;
    return error_at(place(), fmt::format("Syntax error: Illegal input character \"{}\"",
                                         text_.substr(at_, bytes)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  Token token_;
};

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view text) {
  return Lexer(text).run();
}

bool is_reserved(std::string_view capitals) {
  return std::ranges::binary_search(k_reserved, capitals);
}

std::string in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}
Error error_at(Place place, std::string_view message) {
  return {Code::invalid, fmt::format("{} at [{}:{}]", message, place.line, place.column)};
}
Error refused_at(Place place, std::string_view what) {
  return {Code::unsupported,
          fmt::format("Not supported: {} at [{}:{}]", what, place.line, place.column)};
}

}  // namespace bl::bigquery::sql
