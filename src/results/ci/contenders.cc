#include "results/contenders.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace bl::results {
namespace {

bool can_be_judged(const CiRow& row) {
  return !row.contender.failed && row.contender.unit && row.contender.summary.value &&
         std::isfinite(*row.contender.summary.value) && row.status != RowStatus::not_comparable;
}

int rank_of(RowStatus status) {
  constexpr std::array k_first = {RowStatus::regressed, RowStatus::improved};
  return static_cast<int>(std::ranges::find(k_first, status) - k_first.begin());
}

ContenderResult result_of(const CiRow& row, Timestamp up_to) {
  return {.result_id = row.contender.result_id,
          .commit_sha = row.contender.commit_sha ? std::string_view(*row.contender.commit_sha)
                                                 : std::string_view(),
          .result_timestamp = row.contender.result_timestamp,
          .commit_timestamp = row.contender.commit_timestamp.value_or(up_to),
          .value = *row.contender.summary.value};
}

}  // namespace

BranchRun contenders_of(const CiRun& run) {
  BranchRun contenders;
  const bool is_off = run.commit && !run.commit->on_default_branch();
  if (!is_off || !run.baseline_commit || !run.baseline_commit->timestamp) return contenders;
  contenders.up_to = *run.baseline_commit->timestamp;
  std::vector<const CiRow*> rows;
  for (const CiRow& row : run.rows) {
    if (can_be_judged(row)) rows.push_back(&row);
  }
  std::ranges::stable_sort(rows, {}, [](const CiRow* row) { return rank_of(row->status); });
  std::map<std::string_view, std::size_t> places;
  for (const CiRow* row : rows) {
    const auto [place, is_new] =
        places.try_emplace(row->history_fingerprint, contenders.series.size());
    if (is_new) contenders.series.push_back({row->history_fingerprint, *row->unit, {}});
    contenders.series[place->second].results.push_back(result_of(*row, contenders.up_to));
  }
  for (ContenderSeries& series : contenders.series) {
    std::ranges::sort(series.results, {}, [](const ContenderResult& one) {
      return std::pair(one.result_timestamp.micros, one.result_id);
    });
  }
  return contenders;
}

}  // namespace bl::results
