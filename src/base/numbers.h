#pragma once

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

/// Python's repr(float): shortest digits, `2.0` keeps its point, exponent form below 1e-4 and from
/// 1e16 (`1e-05`, `1e+16`), `inf`, `-inf`, `nan` (spec/results-conbench.md 2.5). Decides case and
/// cluster identity: exact to the digit.
std::string python_repr(double value);

/// Rounded to `digits` significant digits the way Python's `float(f"{x:.{digits}g}")` does (binary
/// value, round half even on the exact decimal expansion): 12.34567 -> 12.35, 0.00012345 ->
/// 0.0001234.
double round_significant(double value, int digits);

/// The whole text as a decimal double: JSON grammar plus a leading `+`, surrounding blanks not
/// allowed. nullopt for anything else, for nan and infinities, and for values beyond the range
/// (1e400).
std::optional<double> parse_double(std::string_view text);
/// The whole text as a decimal integer that fits. nullopt otherwise.
std::optional<std::int64_t> parse_int64(std::string_view text);

}  // namespace bl
