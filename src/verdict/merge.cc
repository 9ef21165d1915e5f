#include "verdict/merge.h"

#include <algorithm>
#include <cmath>

#include "verdict/robust.h"

namespace bl::verdict {

namespace {

void find_common_cause(std::span<const SeriesVerdict> verdicts, CommitStatement& statement) {
  const std::size_t changed = statement.changed.size();
  if (changed < 2) return;
  const std::size_t most = std::max(statement.regressions, statement.improvements);
  if (10 * most < 9 * changed) return;
  std::vector<double> sizes;
  for (const std::size_t i : statement.changed) sizes.push_back(verdicts[i].change);
  const double middle = median(sizes);
  const auto near = std::count_if(sizes.begin(), sizes.end(), [middle](double size) {
    return std::fabs(size - middle) <= std::fabs(middle) / 3;
  });
  if (2 * static_cast<std::size_t>(near) < changed) return;
  statement.common_cause = true;
  statement.common_change = middle;
}

}  // namespace

CommitStatement merge(std::span<const SeriesVerdict> verdicts, double false_share_max) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].confidence >= 0 && verdicts[i].confidence <= 1) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return verdicts[a].confidence > verdicts[b].confidence;
  });
  CommitStatement statement;
  double false_ones = 0;
  for (const std::size_t i : order) {
    const double share = (false_ones + 1 - verdicts[i].confidence) /
                         static_cast<double>(statement.changed.size() + 1);
    if (share > false_share_max) break;
    false_ones += 1 - verdicts[i].confidence;
    statement.false_share = share;
    statement.changed.push_back(i);
    (verdicts[i].worse ? statement.regressions : statement.improvements) += 1;
  }
  find_common_cause(verdicts, statement);
  return statement;
}

}  // namespace bl::verdict
