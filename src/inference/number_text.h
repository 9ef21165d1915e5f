#pragma once

#include <string>

/// Numbers as the InferenceX dashboard (a page in JavaScript) prints them: what its CSV files, axes
/// and labels show. Pure; threads: any.
namespace bl::inference {

/// As ECMAScript's String(n): shortest digits, plain from 1e-6 to below 1e21, else `1e-7`, `1e+21`;
/// `NaN`, `Infinity`, and `0` for minus zero.
std::string ecma_number(double n);
/// As toFixed: exactly `digits` (0 to 20) behind the point, halves away from zero on the exact
/// value; from 1e21 as ecma_number.
std::string ecma_fixed(double n, int digits);
/// Rounded to at most `digits` (0 to 20) behind the point, halves away from zero, thousands grouped
/// by commas: `10,000.5`; `NaN`, `∞`.
std::string grouped_number(double n, int digits);

/// Below 10,000 (also far below zero) as ecma_number, else grouped with three digits at most.
std::string format_number(double n);
/// For axes: `999.5`, `1.5k`, `-2M`, `3B`: one digit behind the point at most.
std::string format_large_number(double n);
/// Parameters in billions: `70B`, from 1000 `1T`.
std::string format_parameter_count(double billions);
/// Tokens: `128K` (131072 is `131K`), from a million `1M`.
std::string format_context_window(double tokens);

}  // namespace bl::inference
