#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_point.h"

/// Days of charts, as YYYY-MM-DD (spec/inference.md 5.10). Pure; threads: any.
namespace bl::inference {

/// So many months earlier; a day that the month lacks runs on into the next one: 2026-03-31 less
/// one is 2026-03-03. Errors: invalid (no date).
Result<std::string> months_before(std::string_view date, int months);
/// The date that is fewest days away, of two the earlier in the list; empty without dates. Errors:
/// invalid (one is no date).
Result<std::string> closest_date(std::span<const std::string> dates, std::string_view target);
/// The Monday of the date's week. Errors: invalid (no date).
Result<std::string> monday_of(std::string_view date);

struct ConfigChangeQuery {
  std::vector<std::string> hw_key_prefixes;
  std::vector<std::string> precisions;
  std::string start;  ///< both ends count
  std::string end;
};
/// The dates on which the set of measured configurations (concurrency and parallelism) is another
/// than on the date before: what is missing counts too. Ascending; the first date is one.
std::vector<std::string> config_change_dates(std::span<const DatedRow> rows,
                                             const ConfigChangeQuery& query,
                                             const ChartLabels& labels);

/// Measured points of one accelerator on one day.
struct SubmittedVolume {
  std::string date;
  std::string hardware;
  double points = 0;
};
struct WeekOfSubmissions {
  std::string monday;
  double nvidia = 0;
  double others = 0;
};
/// By week, ascending. Errors: invalid (one has no date).
Result<std::vector<WeekOfSubmissions>> weekly_volume(std::span<const SubmittedVolume> volume,
                                                     const Registry& registry);
/// `NVIDIA`, `AMD`, ... of an accelerator, else `Unknown`.
std::string vendor_of(const Registry& registry, std::string_view hardware);

}  // namespace bl::inference
