#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// The functions whose behaviour case files pin down by input and output, bound to the library.
/// A case file's name is the function's name.
namespace bl::inference::conformance {

/// One function of the contract: a case's input -> its output, both JSON. What JSON cannot say
/// stands there as the case files write it: "__undefined__", "__NaN__", "__Infinity__",
/// "__-Infinity__", {"__map__":[[k,v]...]}, {"__set__":[...]}. A case whose call fails expects an
/// Error. Where a case counts skips, the answer is {out, trackerDelta, trackerSets}. An input that
/// names a `file` of the real data has it, parsed, as `document`.
struct Function {
  std::string_view name;
  std::function<Result<json::Value>(const json::Value& input)> run;
};
std::vector<Function> etl_functions();
std::vector<Function> chart_functions();

/// A function that is no part of this product, and why.
struct NotApplicable {
  std::string_view name;
  std::string_view reason;
};
std::vector<NotApplicable> not_applicable();

/// "__undefined__"
json::Value undefined();
bool is_undefined(const json::Value& value);
/// The number, or its sentinel when JSON cannot say it.
json::Value number_of(double value);
/// The number or sentinel; nullopt for anything else.
std::optional<double> double_of(const json::Value& value);

}  // namespace bl::inference::conformance
