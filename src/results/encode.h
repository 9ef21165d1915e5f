#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/json.h"
#include "results/comparison.h"
#include "results/ports.h"
#include "results/verdicts.h"

/// Model -> JSON of the new dialect, with exactly the keys of spec/results-conbench.md 3.5. Times
/// are RFC 3339 with `Z`; a result's own timestamp has whole seconds. Cost: one pass of appending,
/// a history of 500 points takes well under a millisecond.
namespace bl::results {

/// `less_is_better` of a unit; absent with it.
std::optional<bool> less_is_better(const std::optional<std::string>& unit);
/// What is judged, as every answer of the new dialect has it; null where it cannot be told.
void write_pairwise(json::Writer& out, const std::optional<verdict::Judged>& judged);
void write_lookback(json::Writer& out, const std::optional<verdict::Judged>& judged);
/// ResultDetail.
std::string encode_result(const StoredResult& result, SummaryMode mode);
/// `{"id","run_id","history_fingerprint"}`.
std::string encode_submitted(const Submitted& submitted);
/// `{"results":[ResultListItem],"next_page_cursor"}`.
std::string encode_results(std::span<const ResultRow> rows,
                           const std::optional<std::string>& next_cursor);
/// `{"history_fingerprint","samples":[HistorySample]}`. Here and below `verdict` is our own.
std::string encode_history(const History& history, const StoredVerdicts& verdicts = {});
/// CompareResult.
std::string encode_comparison(const Comparison& comparison, const StoredVerdicts& verdicts = {});
/// `{"series":[SeriesListItem],"next_page_cursor"}`; beyond the contract each item has
/// `change_percent` and `z_score`.
std::string encode_series(const SeriesPage& page, const StoredVerdicts& verdicts = {});
/// `{"runs":[RecentRunListItem],"repositories":[{"repository"}]}`; `verdicts`: one for each run, or
/// none.
enum class WithAttention : bool { no, yes };
std::string encode_recent_runs(std::span<const RunRow> runs,
                               std::span<const std::string> repositories, WithAttention attention,
                               std::span<const RunVerdict> verdicts = {});
/// `{"version","series","results","runs","commits","repositories"}`.
std::string encode_facts(const Facts& facts, std::string_view version);

}  // namespace bl::results
