#include "traces/views/traceql_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";
constexpr std::string_view k_operator_signs = "&|!=<>~";
// Of signs that begin alike the longer one first.
constexpr std::array<std::string_view, 25> k_signs = {
    "&&", "||", "=~", "!~", "!=", "<=", ">=", "<", ">", "=", "!", "|", "~",
    "{",  "}",  "(",  ")",  ",",  "+",  "-",  "*", "/", "%", "^", "&"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_one_of(std::string_view characters, char c) {
  return characters.find(c) != std::string_view::npos;
}
bool is_blank(char c) {
  return is_one_of(k_blanks, c);
}

}  // namespace

bool ends_traceql_name(char c) {
  return is_blank(c) || is_one_of("{}()=~!<>&|^,\"`", c);
}

Error TraceqlLexer::error_at(Code code, std::string_view message, std::size_t at) const {
  const std::size_t place = code_point_count(text_.substr(0, at)) + 1;
  std::string there = valid_utf8(prefix_of_bytes(text_.substr(std::min(at, text_.size())), 24));
  if (there.empty()) there = "the end";
  return {code, fmt::format("TraceQL: {} at character {}: {}", message, place, there)};
}

void TraceqlLexer::pass_blanks() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
}

std::string TraceqlLexer::operator_at(std::size_t at) const {
  std::size_t end = at;
  while (end < text_.size() && is_one_of(k_operator_signs, text_[end])) ++end;
  return std::string(text_.substr(at, end - at));
}

Result<TraceqlToken> TraceqlLexer::next() {
  pass_blanks();
  TraceqlToken token;
  token.at = token.end = at_;
  if (at_ == text_.size()) return token;
  const char first = text_[at_];
  if (first == '"' || first == '`') return text_token();
  if (is_digit(first)) return number_token();
  if (is_letter(first) || first == '_' || first == '.') return word_token();
  for (const std::string_view sign : k_signs) {
    if (!text_.substr(at_).starts_with(sign)) continue;
    token.kind = TraceqlToken::Kind::sign;
    token.text = sign;
    at_ += sign.size();
    token.end = at_;
    return token;
  }
  return error_at(Code::malformed, "unexpected character", at_);
}

/// What stands between quotes; at_ is on the first one and goes behind the last.
Result<std::string> TraceqlLexer::quoted() {
  const std::size_t begin = at_;
  const char quote = text_[at_++];
  std::string said;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == quote) {
      ++at_;
      return said;
    }
    if (c != '\\' || quote == '`') {
      said += c;
      continue;
    }
    if (++at_ == text_.size()) break;
    switch (const char escaped = text_[at_]) {
      case 'n':
        said += '\n';
        break;
      case 't':
        said += '\t';
        break;
      case 'r':
        said += '\r';
        break;
      case '\\':
      case '"':
        said += escaped;
        break;
      default:
        return error_at(Code::malformed, "unknown escape", at_ - 1);
    }
  }
  return error_at(Code::malformed, "text without an end", begin);
}

Result<TraceqlToken> TraceqlLexer::text_token() {
  TraceqlToken token;
  token.kind = TraceqlToken::Kind::text;
  token.at = at_;
  BL_TRY(token.text, quoted());
  token.end = at_;
  return token;
}

TraceqlToken TraceqlLexer::number_token() {
  TraceqlToken token;
  token.kind = TraceqlToken::Kind::number;
  token.at = at_;
  // With letters, dots and the micro sign: durations too; a sign behind an exponent's `e`.
  const auto goes_on = [&](char c) {
    const bool is_exponent_sign = (c == '-' || c == '+') && at_ + 1 < text_.size() &&
                                  is_digit(text_[at_ + 1]) &&
                                  (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
    return is_digit(c) || is_letter(c) || c == '.' || static_cast<unsigned char>(c) >= 0x80 ||
           is_exponent_sign;
  };
  while (at_ < text_.size() && goes_on(text_[at_])) ++at_;
  token.end = at_;
  token.text = text_.substr(token.at, at_ - token.at);
  return token;
}

Result<TraceqlToken> TraceqlLexer::word_token() {
  TraceqlToken token;
  token.kind = TraceqlToken::Kind::word;
  token.at = at_;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    const bool may_be_quoted = c == '"' && is_one_of(token.text, '.');
    if (may_be_quoted) {
      token.is_quoted = true;
      BL_TRY(const std::string part, quoted());
      token.text += part;
      continue;
    }
    if (ends_traceql_name(c)) break;
    token.text += c;
    ++at_;
  }
  token.end = at_;
  return token;
}

}  // namespace bl::traces
