#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace bl::traces {

/// A regular expression of RE2: time linear in the text, memory bounded, whoever wrote it. Threads:
/// any.
class Expression {
 public:
  /// Errors: invalid (it is none, or would take more memory than it may).
  static Result<Expression> make(std::string_view text);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  /// The whole text; a dot matches line ends, too.
  bool matches(std::string_view text) const;

 private:
  struct State;
  explicit Expression(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bl::traces
