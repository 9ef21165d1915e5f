#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "results/comparison.h"
#include "results/ports.h"
#include "results/run_comparison.h"

/// Model -> JSON of Conbench's legacy dialect (spec/results-conbench.md 3.1, 3.3). Single objects
/// are compact with their keys sorted, lists and histories are indented by two blanks and keep the
/// order of their keys. Measured numbers are printed as Python prints floats (`10.0`), what is not
/// a number is null. `origin` is `http(s)://host` as the client sees it. Cost: one tree (none for
/// comparisons and pages of results) and one text of the answer.
namespace bl::results {

/// The link to a result; always by the name of `benchmarks` [3.1].
std::string legacy_result_link(std::string_view id, std::string_view origin);

/// A whole result.
std::string encode_legacy_result(const StoredResult& result, std::string_view origin);
/// `{"data":[result],"metadata":{"next_page_cursor"}}`: the last id when there may be more.
std::string encode_legacy_results(const WholePage& page, std::string_view origin);
/// `{"data":[history item],"metadata":{"next_page_cursor":null}}`.
std::string encode_legacy_history(const History& history, const HistoryDetails& details);

/// Two whole results and how they were judged. All outlive it.
struct LegacyComparison {
  const StoredResult* baseline = nullptr;   ///< of a comparison of runs: may be absent
  const StoredResult* contender = nullptr;  ///< as above
  const Comparison& judged;
};
std::string encode_legacy_comparison(const LegacyComparison& comparison);

/// `{"data":[comparison],"metadata":{"next_page_cursor"}}`, compact.
std::string encode_legacy_run_comparison(const RunComparisonPage& page,
                                         const Thresholds& thresholds, SummaryMode mode);

/// `{"code","description","name"}`; the description is the text, or the faults by their places.
/// Only `{"description"}` for a broken business rule: invalid without faults.
std::string encode_legacy_error(int status, const Error& error);

}  // namespace bl::results
