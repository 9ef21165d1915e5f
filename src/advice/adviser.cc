#include "advice/adviser.h"

namespace bl::advice {

void Adviser::note(const char* what, const Error& error, std::vector<Unknown>& unknown) const {
  unknown.push_back({Unknown::Code::facts_failed, std::string(what) + " could not be read"});
  if (ports_.log != nullptr)
    ports_.log->warning("advice_facts", {{"what", what}, {"error", error.message}});
}

std::vector<TracedFinding> Adviser::trace(const std::vector<Finding>& findings,
                                          std::vector<Unknown>& unknown) const {
  std::vector<TracedFinding> traced;
  if (ports_.traces == nullptr) return traced;
  for (std::size_t i = 0; i < findings.size() && traced.size() < rules_.traced_max; ++i) {
    const Finding& finding = findings[i];
    if (finding.kind != Kind::slower || !finding.baseline_result_id) continue;
    auto compared = ports_.traces->compare(*finding.baseline_result_id, finding.result_id);
    if (!compared.ok()) {
      note("traces", compared.error(), unknown);
      return traced;
    }
    traced.push_back({i, std::move(compared).value()});
  }
  return traced;
}

Result<Comment> Adviser::comment(const Question& question) const {
  BL_TRY(const ChangeReport report, ports_.changes.report(question));
  ComposeFacts facts{
      .question = question, .report = report, .findings = findings_of(report, rules_)};
  facts.traces = trace(facts.findings, facts.unknown);
  if (ports_.builds != nullptr) {
    auto builds = ports_.builds->failed(report.run_ids);
    if (builds.ok()) {
      facts.builds = std::move(builds).value();
    } else {
      note("builds", builds.error(), facts.unknown);
    }
  }
  return compose(std::move(facts), rules_);
}

}  // namespace bl::advice
