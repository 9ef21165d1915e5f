#pragma once

#include <string>
#include <string_view>

#include "net/router.h"
#include "results/ports.h"

/// The new dialect of Conbench's API (spec/results-conbench.md 3.5; no trailing slashes), and
/// /api/v1/facts. Decode, call a port, encode; nothing else. Described in openapi.yaml.
namespace bl::results {

class Receipts;
class VerdictReader;

/// What the routes call. All outlive the router.
struct Ports {
  ResultWriter& writer;
  RunBrowser& runs;
  HistoryReader& history;
  CompareReader& compare;
  ProjectHealthReader& health;
  SummaryMode mode = SummaryMode::best;
  std::string version;                ///< of the program, as /api/v1/facts says it
  Receipts* receipts = nullptr;       ///< of refused submissions; may be missing
  VerdictReader* verdicts = nullptr;  ///< shown beside series and runs; may be missing
};

void add_routes(net::Router& router, const Ports& ports);

/// `application/json`, with any parameters, or nothing said: what a submission may call itself.
bool is_json(std::string_view content_type);

}  // namespace bl::results
