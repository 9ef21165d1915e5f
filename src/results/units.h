#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verdict/comparison.h"

/// Units that an operator adds to those of the contract (`results.units`), each with the direction
/// in which it is better. `known_units`, `find_unit` and `direction_of` of model.h answer from
/// here, and so do statements that choose a best value in SQL.
///
/// Invariant: what a unit means is the same for the whole life of a process. Units are set at its
/// start, before the first statement is written with them, and never change after that. A built-in
/// unit cannot be given another meaning; a stored row is never rewritten.
/// Threads: set_user_units before there are any; all else by any.
namespace bl::results {

struct UserUnit {
  std::string symbol;     ///< "req/s"
  std::string long_name;  ///< "requests per second"; the symbol when none is given
  verdict::Direction direction = verdict::Direction::less_is_better;
  bool operator==(const UserUnit&) const = default;
};

struct UnitLimits {
  std::size_t units_max = 64;
  std::size_t symbol_bytes_max = 32;
  std::size_t long_name_bytes_max = 64;
};

/// `SYMBOL=more` or `SYMBOL=less`, then perhaps `:LONG NAME`, with commas between:
/// `req/s=more,us=less:microseconds`. A symbol has letters, digits, blanks within and any of
/// `/%_.^*+()#-`; beyond ASCII anything goes. Errors: invalid, naming the part: another form, a
/// built-in unit (or `b/s`, which is rewritten to one), a symbol twice, more than the limits.
Result<std::vector<UserUnit>> parse_user_units(std::string_view text,
                                               const UnitLimits& limits = {});

/// For the whole process; the same units again, or none, change nothing. Errors: invalid: other
/// units are set already, or statements are written without them.
Result<void> set_user_units(const std::vector<UserUnit>& units);

/// Those that are set; none where set_user_units was not called.
const std::vector<UserUnit>& user_units();

/// Where nobody says what a unit means: more is better where it ends in `/s` [2.3].
verdict::Direction direction_by_ending(std::string_view unit);

/// A condition on a text column that holds where direction_of says more_is_better:
/// `right(r.unit, 2) = '/s'`, and the user's units that differ from it. PostgreSQL. After the first
/// call no more units can be set.
std::string sql_of_more_is_better(std::string_view column);

/// One of the contract's.
bool is_built_in(std::string_view symbol);

/// `B, B/s, s, ns, i/s`, then the user's, as refusals list them.
std::string known_unit_symbols();

}  // namespace bl::results
