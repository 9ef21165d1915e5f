#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "results/ports.h"

/// A history as a file for spreadsheets (spec/results-conbench.md 3.3).
namespace bl::results {

/// What the file says of itself.
struct CsvOrigin {
  std::string_view url;        ///< that was asked for
  std::string_view generator;  ///< our version
  Timestamp at;
};

/// Lines beginning with `# ` that say where it is from, then `commit_time,result_id,commit_hash,
/// svs,min` and one line for each point, oldest commit first; without points the header alone.
/// Numbers have 8 significant digits. `result`: any of the series.
std::string encode_history_csv(const StoredResult& result, const History& history, SummaryMode mode,
                               const CsvOrigin& origin);

/// `conbench-history-NAME-FINGERPRINT.csv`; what a file name or a header cannot hold is `_`.
std::string csv_file_name(const StoredResult& result);

}  // namespace bl::results
