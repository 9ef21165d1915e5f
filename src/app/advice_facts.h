#pragma once

#include "advice/ports.h"
#include "app/event_log.h"
#include "app/traces.h"
#include "results/ci_ports.h"
#include "results/exemplars.h"
#include "results/verdicts.h"

/// What advice is given of other domains: its ports over results, traces and build events.
/// Bindings; threads: any.
namespace bl::app {

/// Judged rows: of a branch by the verdicts that its results would have next on the default branch
/// (results of one commit from several runs together); of the default branch by what the commit's
/// own statement says.
class ResultFacts final : public advice::ChangeFacts {
 public:
  ResultFacts(results::CiReporter& reporter, results::VerdictReader& verdicts)
      : reporter_(reporter), verdicts_(verdicts) {}
  Result<advice::ChangeReport> report(const advice::Question& question) override;

 private:
  Result<results::CiReport> ci_report(const advice::Question& question);
  Result<void> judge_branch(const results::CiReport& report, advice::ChangeReport& facts);
  Result<void> judge_default(const results::CiReport& report, advice::ChangeReport& facts);

  results::CiReporter& reporter_;
  results::VerdictReader& verdicts_;
};

/// Exemplars of both results, as sets of traces.
class ExemplarTraces final : public advice::TraceFacts {
 public:
  ExemplarTraces(results::Exemplars& exemplars, TraceService& traces)
      : exemplars_(exemplars), traces_(traces) {}
  Result<advice::TraceComparison> compare(std::string_view baseline_result_id,
                                          std::string_view result_id) override;

 private:
  results::Exemplars& exemplars_;
  TraceService& traces_;
};

class FailedBuilds final : public advice::BuildFacts {
 public:
  explicit FailedBuilds(EventLogService& events) : events_(events) {}
  Result<std::vector<advice::FailedBuild>> failed(
      const std::vector<std::string>& build_ids) override;

 private:
  EventLogService& events_;
};

/// Fills in what the JSON of a verdict (schema `Verdict`) says; `runs_after` is set before.
void take_verdict(advice::JudgedRow& row, const std::string& verdict_json);
/// `org/repo` of GitHub as a URL; a URL as results keep it. Errors: invalid.
Result<std::string> repository_of_question(const std::string& text);

}  // namespace bl::app
