#include "traces/model/expression.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace bl::traces {
namespace {

constexpr std::int64_t k_memory_max = 1 << 20;

re2::StringPiece piece_of(std::string_view text) {
  return {text.data(), text.size()};
}

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(k_memory_max);
  return options;
}

}  // namespace

struct Expression::State {
  explicit State(std::string_view text) : expression(piece_of(text), options()) {}
  RE2 expression;
};

Expression::Expression(std::unique_ptr<State> state) : state_(std::move(state)) {}
Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

Result<Expression> Expression::make(std::string_view text) {
  auto state = std::make_unique<State>(text);
  if (!state->expression.ok())
    return Error{Code::invalid,
                 fmt::format("not a regular expression ({}): {}", state->expression.error(), text)};
  return Expression(std::move(state));
}

bool Expression::matches(std::string_view text) const {
  return RE2::FullMatch(piece_of(text), state_->expression);
}

}  // namespace bl::traces
