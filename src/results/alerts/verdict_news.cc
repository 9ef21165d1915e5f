#include "results/verdict_news.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bl::results {
namespace {

constexpr std::size_t k_sha_shown = 10;

bool is_told(const NewsSeries& one, const AlertRule& rule) {
  return one.confidence >= rule.confidence &&
         std::ranges::find(rule.muted_benchmarks, one.name) == rule.muted_benchmarks.end();
}

std::string since_text(const NewsSeries& one) {
  return fmt::format("{} by {:.1f} % since commit {}", one.name, std::fabs(one.percent),
                     one.commit_sha.substr(0, k_sha_shown));
}

}  // namespace

AlertFinding finding_of(const VerdictNews& news, const AlertRule& rule) {
  const NewsSeries* worst = nullptr;
  const NewsSeries* best = nullptr;
  AlertFinding finding;
  for (const NewsSeries& one : news.series_with_news) {
    if (!is_told(one, rule)) continue;
    const NewsSeries*& most = one.is_worse ? worst : best;
    if (most == nullptr || std::fabs(one.percent) > std::fabs(most->percent)) most = &one;
    ++(one.is_worse ? finding.summary.regressions : finding.summary.improvements);
  }
  finding.summary.contender_results = finding.summary.analyzed = news.series;
  finding.wants_improvements = rule.notify_improvements;
  AlertVerdict& verdict = finding.verdict;
  verdict.has_improvements = best != nullptr;
  const NewsSeries* told = worst != nullptr ? worst : best;
  if (worst != nullptr) {
    verdict.status = ReportStatus::failure;
    verdict.reason = fmt::format("{} of {} series slower: {}", finding.summary.regressions,
                                 news.series, since_text(*worst));
  } else if (news.series > 0) {
    verdict.status = ReportStatus::success;
    verdict.reason = "no series is slower at its newest result";
  } else {
    verdict.status = ReportStatus::skipped;
    verdict.reason = "no series of the project has a verdict";
  }
  if (best != nullptr) {
    verdict.reason +=
        fmt::format("; {} faster: {}", finding.summary.improvements, since_text(*best));
    finding.improvement = best->commit_sha;
  }
  if (told != nullptr) finding.commit_sha = told->commit_sha;
  CiQuery query;
  query.repository = rule.repository;
  query.commit_sha = finding.commit_sha;
  if (query.commit_sha) finding.report_url = report_url_of(query);
  return finding;
}

}  // namespace bl::results
