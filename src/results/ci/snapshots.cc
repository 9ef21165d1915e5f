#include "results/snapshots.h"

#include <algorithm>

#include "base/json.h"

namespace bl::results {
namespace {

std::optional<double> score_of(const std::optional<verdict::Judged>& judged) {
  if (!judged) return std::nullopt;
  return judged->score;
}

}  // namespace

std::string encode_regressions(const CiRun& run, const CiReport& report, std::size_t count_max) {
  std::vector<const CiRow*> regressed;
  for (const CiRow& row : run.rows) {
    if (row.status == RowStatus::regressed) regressed.push_back(&row);
  }
  std::stable_sort(regressed.begin(), regressed.end(), [](const CiRow* a, const CiRow* b) {
    return a->lookback->score < b->lookback->score;
  });
  if (regressed.size() > count_max) regressed.resize(count_max);
  std::string text;
  json::Writer out(text);
  out.begin_array();
  for (const CiRow* row : regressed) {
    out.begin_object().member("name", row->name).key("tags").raw(report.documents[row->tags]);
    out.member("hardware", row->hardware)
        .member("history_fingerprint", row->history_fingerprint)
        .member("result_id", row->contender.result_id)
        .member("baseline_result_id", row->baseline->result_id)
        .member("unit", row->unit)
        .member("value", row->contender.summary.value)
        .member("baseline_value", row->baseline->summary.value)
        .member("percent_change", score_of(row->pairwise))
        .member("z_score", score_of(row->lookback))
        .end_object();
  }
  out.end_array();
  return text;
}

}  // namespace bl::results
