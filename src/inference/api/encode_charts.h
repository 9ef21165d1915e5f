#pragma once

#include <string>

#include "base/json.h"
#include "inference/api/calculator_lines.h"
#include "inference/api/frontier.h"

/// Our own answers as JSON and as CSV. Shapes: openapi_inference.yaml.
namespace bl::inference {

void write_metric(json::Writer& out, const ChartMetric& metric);
std::string frontier_json(const Frontier& frontier, const FrontierQuery& query,
                          const ReadPorts& ports);
std::string calculator_json(const Calculation& calculation, const CalculatorQuery& query,
                            const ReadPorts& ports);
std::string trend_json(const TrendAnswer& trend, const TrendQuery& query, const ReadPorts& ports);
std::string registry_json(const ReadPorts& ports);

/// Texts that a spreadsheet would take for a formula begin with an apostrophe.
std::string frontier_csv(const Frontier& frontier, const FrontierQuery& query,
                         const ReadPorts& ports);
std::string calculator_csv(const Calculation& calculation, const CalculatorQuery& query,
                           const ReadPorts& ports);
std::string trend_csv(const TrendAnswer& trend, const TrendQuery& query, const ReadPorts& ports);
std::string skipped_csv(const std::vector<IngestReport>& reports);

}  // namespace bl::inference
