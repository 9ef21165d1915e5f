#include "results/series_selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bl::results {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Error unsupported(const std::string& what) {
  return {Code::unsupported,
          "only a series selector, name{label=\"value\"}, is answered, not " + what};
}

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<SeriesSelector> parse() {
    skip_blanks();
    if (std::string name = word(true); !name.empty()) {
      skip_blanks();
      if (peek() == '(') return unsupported("the function or aggregation " + name);
      selector_.matchers.push_back({.label = "__name__", .values = {std::move(name)}});
    }
    if (peek() == '{') BL_RETURN_IF_ERROR(braces());
    skip_blanks();
    if (at_ < text_.size()) return refuse_rest();
    if (selector_.matchers.empty()) return fault("a name or a matcher");
    return std::move(selector_);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }
  Error fault(std::string_view wanted) const {
    return {Code::invalid, fmt::format("the query has no {} at character {}: '{}'", wanted, at_ + 1,
                                       std::string(text_))};
  }

  Error refuse_rest() const {
    const char next = peek();
    if (next == '[') return unsupported("a range");
    if (is_letter(next)) return unsupported("'" + std::string(text_.substr(at_)) + "' behind it");
    if (std::string_view("+-*/%^<>=!@").find(next) != std::string_view::npos) {
      return unsupported(std::string("the operator ") + next);
    }
    return fault("end");
  }

  /// Empty where none begins here. Names of metrics may have colons.
  std::string word(bool with_colons) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || (at_ > begin && is_digit(text_[at_])) ||
                                  (with_colons && text_[at_] == ':'))) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<void> braces() {
    ++at_;  // {
    while (true) {
      skip_blanks();
      if (peek() == '}') break;
      BL_RETURN_IF_ERROR(matcher());
      skip_blanks();
      if (peek() == '}') break;
      if (peek() != ',') return fault("comma or }");
      ++at_;
    }
    ++at_;
    return {};
  }

  Result<void> matcher() {
    LabelMatcher matcher;
    if (peek() == '"' || peek() == '\'' || peek() == '`') {  // Prometheus 3: quoted names
      BL_TRY(matcher.label, quoted());
      skip_blanks();
      if (peek() == ',' || peek() == '}') {
        matcher.values.push_back(std::exchange(matcher.label, "__name__"));
        selector_.matchers.push_back(std::move(matcher));
        return {};
      }
    } else {
      matcher.label = word(false);
      if (matcher.label.empty()) return fault("label");
    }
    skip_blanks();
    const std::string_view op = text_.substr(at_, 2);
    const bool is_pattern = op == "=~" || op == "!~";
    if (!is_pattern && op != "!=" && peek() != '=') return fault("=, !=, =~ or !~");
    matcher.is_negated = op.starts_with('!');
    at_ += is_pattern || op == "!=" ? 2 : 1;
    skip_blanks();
    BL_TRY(std::string value, quoted());
    if (is_pattern) {
      BL_RETURN_IF_ERROR(read_pattern(value, matcher));
    } else {
      matcher.values.push_back(std::move(value));
    }
    selector_.matchers.push_back(std::move(matcher));
    return {};
  }

  Result<std::string> quoted() {
    const char quote = peek();
    if (quote != '"' && quote != '\'' && quote != '`') return fault("quoted text");
    ++at_;
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '\\' && quote != '`') {
        const char escaped = peek();
        ++at_;
        if (escaped == 'n') {
          c = '\n';
        } else if (escaped == 't') {
          c = '\t';
        } else if (escaped == 'r') {
          c = '\r';
        } else if (escaped == '\\' || escaped == '"' || escaped == '\'') {
          c = escaped;
        } else {
          return fault("escape that is known");
        }
      }
      value += c;
    }
    if (peek() != quote) return fault("end of the quoted text");
    ++at_;
    return value;
  }

  static Result<void> read_pattern(std::string_view pattern, LabelMatcher& matcher) {
    if (pattern == ".*") {
      matcher.kind = LabelMatcher::Kind::anything;
      return {};
    }
    if (pattern == ".+") {
      matcher.kind = LabelMatcher::Kind::something;
      return {};
    }
    std::string_view inside = pattern;
    if (inside.starts_with('(') && inside.ends_with(')'))
      inside = inside.substr(1, inside.size() - 2);
    std::string value;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const char c = inside[i];
      if (c == '|') {
        matcher.values.push_back(std::exchange(value, {}));
      } else if (c == '\\' && i + 1 < inside.size() && !is_letter(inside[i + 1]) &&
                 !is_digit(inside[i + 1])) {
        value += inside[++i];
      } else if (std::string_view("\\.*+?()[]{}^$").find(c) != std::string_view::npos) {
        return unsupported(
            fmt::format("the regular expression '{}': alternatives of texts, .* and "
                        ".+ are",
                        std::string(pattern)));
      } else {
        value += c;
      }
    }
    matcher.values.push_back(std::move(value));
    return {};
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  SeriesSelector selector_;
};

}  // namespace

bool LabelMatcher::matches(std::string_view value) const {
  const bool is_one = kind == Kind::anything || (kind == Kind::something && !value.empty()) ||
                      (kind == Kind::one_of && std::ranges::find(values, value) != values.end());
  return is_one != is_negated;
}

bool SeriesSelector::matches(const SeriesLabels& labels) const {
  return std::ranges::all_of(matchers, [&](const LabelMatcher& matcher) {
    const auto label = std::ranges::find(labels, matcher.label, &SeriesLabels::value_type::first);
    return matcher.matches(label == labels.end() ? std::string_view() : label->second);
  });
}

const std::string* SeriesSelector::only_value(std::string_view label) const {
  for (const LabelMatcher& matcher : matchers) {
    if (matcher.label == label && !matcher.is_negated &&
        matcher.kind == LabelMatcher::Kind::one_of && matcher.values.size() == 1) {
      return &matcher.values.front();
    }
  }
  return nullptr;
}

Result<SeriesSelector> parse_series_selector(std::string_view text) {
  return SelectorParser(text).parse();
}

}  // namespace bl::results
