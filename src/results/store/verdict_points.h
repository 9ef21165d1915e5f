#pragma once

#include <string>
#include <vector>

#include "results/model.h"
#include "results/verdicts.h"
#include "store/database.h"

/// The points of a series as the detector needs them. Private to the store's side.
namespace bl::results {

struct VerdictPlace {
  std::int64_t series_no = 0;
  std::string fingerprint, hardware_hash;
  std::optional<std::string> unit;  ///< of the newest result; results of another one are left out
};

struct VerdictHistory {
  std::vector<VerdictPoint> points;  ///< by commit time, then result time; values finite
  /// By VerdictPoint::environment: machines that count as one series (results.hardware_keys) may
  /// still differ in processor, system or kernel. In words.
  std::vector<std::string> environments;
};

enum class WithMessages : bool { no, yes };

/// Cost: one read of neighbouring rows on SQLite; another of the facts only where the series has
/// had more than one environment.
Result<VerdictHistory> verdict_history(store::Connection& connection, const VerdictPlace& place,
                                       SummaryMode mode, WithMessages messages);

/// Which of the history's environments a stored result ran on; a new one is added to them. For a
/// result that is no point of the series.
Result<std::uint32_t> environment_of(store::Connection& connection, const VerdictPlace& place,
                                     std::string_view result_id, VerdictHistory& history);

/// What the annotations of a result teach: `noise`, `machine_changed`, and
/// `begins_distribution_change` (a change that is expected), the first of them that is true.
verdict::Lesson lesson_of(std::string_view annotations_json);
/// Whether they say `confirmed`: somebody knows that a slowdown begins here.
bool confirms(std::string_view annotations_json);

}  // namespace bl::results
