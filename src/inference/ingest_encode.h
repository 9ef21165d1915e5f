#pragma once

#include <string>

#include "base/json.h"
#include "inference/ingest.h"

/// How an ingest went, for programs and for people. Pure.
namespace bl::inference {

/// InferenceIngestReport of the API's description.
void write_report(json::Writer& writer, const IngestReport& report);
std::string report_json(const IngestReport& report);
/// What report_json wrote. Absent members are empty.
IngestReport report_of(const json::Value& document);
/// Adds up what is in two reports; the rest stays as `to` has it.
void add(IngestReport& to, const IngestReport& from);

/// What a store holds, for the summary.
struct SweepTotals {
  std::int64_t configs = 0, points = 0, stats = 0, evals = 0, changelogs = 0;
};
/// The warnings, a line for each day, and the summary (spec/inference.md 3.4).
std::string summary_text(const IngestOutcome& outcome, const std::optional<SweepTotals>& totals);

/// `{"models": [...], "hardware": [...], "precisions": [...]}`: what the registry does not know;
/// empty when it knew all.
std::string unmapped_json(const IngestReport& report);

}  // namespace bl::inference
