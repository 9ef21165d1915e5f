#pragma once

/// What must hold. On in every build; a failure is a bug of ours, prints where and what, and
/// aborts. Never reachable by input, by a full disk or by a broken engine: those are errors
/// (base/result.h).
namespace bl {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace bl

#define BL_CHECK(condition)                            \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::bl::check_failed(#condition, __FILE__, __LINE__))
