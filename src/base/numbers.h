#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Numbers and their texts. No locale, no allocation beyond the answer.
namespace bl {

/// Shortest text that reads back to the same double, as JSON wants it: `1`, `0.1`, `1e+300`, `-0`.
/// Integers up to 2^53 are printed without a point (`2`, not `2.0`). The value must be finite.
void append_json_number(std::string& out, double value);
std::string json_number(double value);
/// The same into room for k_number_chars_max characters; also enough for any 64-bit integer. Gives
/// the count of characters.
inline constexpr std::size_t k_number_chars_max = 32;
std::size_t write_json_number(char* to, double value);

/// Python's repr(float): shortest digits, `2.0` keeps its point, exponent form below 1e-4 and from
/// 1e16 (`1e-05`, `1e+16`), `inf`, `-inf`, `nan` (spec/results-conbench.md 2.5). Decides case and
/// cluster identity: exact to the digit.
std::string python_repr(double value);

/// Rounded to `digits` (at least 1) significant digits the way Python's
/// `float(f"{x:.{digits}g}")` does (binary value, round half even on the exact decimal expansion):
/// 12.34567 -> 12.35, 0.00012345 -> 0.0001234. What is not finite stays as it is; the largest
/// doubles may round up to infinity.
double round_significant(double value, int digits);

/// True for exactly one number of the JSON grammar: `-0`, `12.5e+3`; not `01`, `.5`, `+1`, `NaN`.
bool is_json_number(std::string_view text);

/// True when the text of a JSON number names a finite double (too small ones are 0) and its
/// exponent has at most six digits, leading zeros aside: such numbers compare exactly at a sane
/// cost.
bool is_bounded_number(std::string_view json_number_text);

/// The text of a JSON number (BL_CHECK) by which numeric values can be compared as exact decimals:
/// 1, 1.0, 10e-1 and 1e0 all give `1`; -0 gives `0`; 0.1 and 0.10000000000000000001 stay apart.
/// Plain from 1e-6 to below 1e21, else one digit, a fraction and an exponent: `1.5e-7`, `1e21`.
void append_exact_decimal(std::string& out, std::string_view json_number_text);

/// The text of a JSON number (BL_CHECK: is_bounded_number) as PostgreSQL's numeric prints it:
/// without an exponent, with the digits that stood behind the point: 1e2 gives `100`, 1.50 `1.50`,
/// -0.0 `0.0`, 1.5e-3 `0.0015`. What is closer to 0 than 1e-400 gives `0`.
void append_plain_decimal(std::string& out, std::string_view json_number_text);

/// The whole text as a decimal double: JSON grammar plus a leading `+`, surrounding blanks not
/// allowed. Too small values become 0. nullopt for anything else, for nan and infinities, and for
/// values beyond the range (1e400).
std::optional<double> parse_double(std::string_view text);
/// The whole text as a decimal integer that fits; a leading `+` or zeros do not matter. nullopt
/// otherwise.
std::optional<std::int64_t> parse_int64(std::string_view text);

}  // namespace bl
