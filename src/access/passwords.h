#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"

/// Passwords as Conbench keeps them (spec/results-conbench.md 5.1):
/// `pbkdf2:sha256:ITERATIONS$SALT$64 HEX DIGITS`. Private to this folder. Pure; threads: any.
namespace bl::access {

/// What Conbench takes: so that checking a moved user, one of ours and nobody at all costs the
/// same.
inline constexpr std::int64_t k_password_iterations = 260'000;
/// A stored hash that wants more is not looked at: it would keep a worker busy for seconds.
inline constexpr std::int64_t k_password_iterations_max = 5'000'000;

/// With 16 new letters of salt. Cost: one hash, about 0.1 s of processor time at 260,000.
std::string hash_password(std::string_view password, Random& random, std::int64_t iterations);

struct PasswordCheck {
  bool matches = false;
  std::int64_t iterations = 0;  ///< what it cost
};
/// Matches nothing when the kept text is no such hash. Costs at least `iterations`, also then, so
/// that the time does not tell who is known.
PasswordCheck check_password(std::string_view kept, std::string_view password,
                             std::int64_t iterations);

}  // namespace bl::access
