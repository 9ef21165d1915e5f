#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

/// TraceQL's words. A field is one word, with its scope and its quoted parts; which words may stand
/// where is the parser's.
namespace bl::traces {

struct TraceqlToken {
  enum class Kind : unsigned char {
    end,
    sign,    ///< `{ } ( ) ,` and operators, the longest that is one
    text,    ///< in quotes or backticks; `text` holds what it says
    number,  ///< integer, decimal or duration, as written
    word,    ///< keyword, intrinsic or attribute
  };
  Kind kind = Kind::end;
  std::string text;    ///< of a word with quoted parts: without the quotes
  std::size_t at = 0;  ///< first byte
  std::size_t end = 0;
  bool is_quoted = false;  ///< a word of which a part stood in quotes

  bool is(std::string_view sign) const { return kind == Kind::sign && text == sign; }
  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
};

/// Reads one word after another. Refers to the text.
class TraceqlLexer {
 public:
  explicit TraceqlLexer(std::string_view text) : text_(text) {}
  /// Behind the last one `end` comes again and again. Errors: malformed (a text that does not end,
  /// a character that begins nothing), with the place.
  Result<TraceqlToken> next();
  /// An operator or a sign between spansets, where all that stands together is one: `&>>`, `!~`.
  std::string operator_at(std::size_t at) const;

  /// `message at character 17: what stands there`.
  Error error_at(Code code, std::string_view message, std::size_t at) const;

 private:
  Result<TraceqlToken> text_token();
  TraceqlToken number_token();
  Result<TraceqlToken> word_token();
  Result<std::string> quoted();
  void pass_blanks();

  std::string_view text_;
  std::size_t at_ = 0;
};

/// What ends the name of an attribute outside of quotes.
bool ends_traceql_name(char c);

}  // namespace bl::traces
