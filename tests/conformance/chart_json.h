#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/inference_functions.h"
#include "inference/chart_point.h"

/// The cases' JSON as the library's values and back, for the chart functions.
namespace bl::inference::conformance {

/// The registries that the cases were recorded with.
const Registry& registry();
const ChartLabels& labels();

/// A member; null when it is absent or undefined.
const json::Value& member(const json::Value& object, std::string_view name);
std::string text_in(const json::Value& object, std::string_view name);
std::string text_of(const json::Value& value);
double number_in(const json::Value& object, std::string_view name);
std::optional<double> optional_number_in(const json::Value& object, std::string_view name);
std::optional<std::int64_t> optional_integer_in(const json::Value& object, std::string_view name);
/// Also of the text `true`, as rows of 2025 have it.
std::optional<bool> optional_flag_in(const json::Value& object, std::string_view name);
bool flag_in(const json::Value& object, std::string_view name);
/// The texts of an array or a set; empty for anything else.
std::vector<std::string> texts_of(const json::Value& list);
std::vector<std::string> texts_in(const json::Value& object, std::string_view name);
std::vector<double> numbers_in(const json::Value& object, std::string_view name);

json::Value text(std::string_view value);
json::Value texts(const std::vector<std::string>& values);
json::Value object_of(std::initializer_list<json::Member> members);
/// The items at those positions.
json::Value selected(const json::Array& items, const std::vector<std::size_t>& positions);

/// `{"y": 1, "roof": false}`
json::Value metric_of(double y);
void set_derived(json::Value& point, const DerivedMetrics& derived);

ServingConfig config_of(const json::Value& row);
Metrics metrics_of(const json::Value& object);
DatedRow row_of(const json::Value& row);
/// As the API of April 2026 gives rows.
json::Value row_json(const DatedRow& dated);
ChartEntry entry_of(const json::Value& entry);
json::Value entry_json(const ChartEntry& entry);
/// An entry with coordinates and derived metrics.
ChartPoint point_of(const json::Value& point);
std::vector<ChartPoint> points_of(const json::Value& points);
/// An entry's JSON as the point that was made of it.
json::Value point_json(json::Value entry, const ChartPoint& point);

std::vector<Function> name_functions();   // names, keys, labels, colours, dates, numbers
std::vector<Function> plot_functions();   // points, fronts, curves, the calculator
std::vector<Function> table_functions();  // evaluations, CSV, submissions, data sheets

}  // namespace bl::inference::conformance
