#include "advice/compose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "advice/sentences.h"
#include "verdict/false_discovery.h"
#include "verdict/power.h"
#include "verdict/robust.h"

namespace bl::advice {
namespace {

bool is_judged(const JudgedRow& row) {
  return !row.failed && !row.is_of_unit && row.call != Call::unknown;
}

/// Large and probable enough to speak of; whoever corrected for all rows has decided that.
bool is_worth_a_word(const JudgedRow& row, const ComposeRules& rules, double confidence_min) {
  if (!is_judged(row) || row.began_before || !row.percent) return false;
  return row.is_corrected || (row.confidence && *row.confidence >= confidence_min &&
                              std::abs(*row.percent) >= rules.told_percent_min);
}

/// A change that this commit may be told of, whatever its probability.
bool is_candidate(const JudgedRow& row, const ComposeRules& rules) {
  const bool changed = row.call == Call::slower || row.call == Call::faster;
  return changed && row.is_worse == (row.call == Call::slower) && is_worth_a_word(row, rules, 0);
}

bool may_be_slower(const JudgedRow& row, const ComposeRules& rules) {
  return (row.call == Call::wait || row.call == Call::slower) && row.is_worse &&
         is_worth_a_word(row, rules, rules.unsure_confidence_min);
}

/// How often a quiet result looks like a change at least so probable.
double mistake_of(double confidence, const ComposeRules& rules) {
  if (!(confidence > 0)) return 1;
  return std::min(rules.quiet_share * (1 - std::min(confidence, 1.0)) / confidence, 1.0);
}

/// Of each row, whether its change stays believable beside all the others.
std::vector<bool> believed(const std::vector<JudgedRow>& rows, const ComposeRules& rules) {
  std::vector<double> mistakes;
  std::vector<std::size_t> places;
  std::vector<bool> is_told(rows.size(), false);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_judged(rows[i])) continue;
    if (rows[i].is_corrected) {
      is_told[i] = is_candidate(rows[i], rules);
      continue;
    }
    places.push_back(i);
    mistakes.push_back(is_candidate(rows[i], rules) ? mistake_of(*rows[i].confidence, rules) : 1.0);
  }
  const std::vector<double> adjusted = verdict::adjusted_p_values(mistakes);
  for (std::size_t i = 0; i < places.size(); ++i) {
    is_told[places[i]] = adjusted[i] <= rules.mistakes_max;
  }
  return is_told;
}

std::optional<CommitFacts> commit_of(const ChangeReport& report,
                                     const std::optional<std::string>& sha) {
  if (!sha || sha->empty()) return std::nullopt;
  const auto found = std::ranges::find(report.commits, *sha, &CommitFacts::sha);
  return found == report.commits.end() ? CommitFacts{*sha, "", ""} : *found;
}

Finding finding_of(const ChangeReport& report, const JudgedRow& row, Kind kind) {
  Finding finding{.kind = kind,
                  .name = row.name,
                  .tags = row.tags,
                  .unit = row.unit,
                  .result_id = row.result_id,
                  .baseline_result_id = row.baseline_result_id,
                  .fingerprint = row.fingerprint};
  if (kind == Kind::failed) {
    finding.sentence = row.reason;
    return finding;
  }
  finding.percent = row.percent;
  finding.confidence = row.confidence;
  finding.since = commit_of(report, row.since_sha);
  finding.percent_low = row.percent_low;
  finding.percent_high = row.percent_high;
  if (!finding.percent_low && row.noise_percent) {
    if (const auto half =
            verdict::interval_of_change(*row.noise_percent, row.runs_before, row.runs_after)) {
      finding.percent_low = *row.percent - *half;
      finding.percent_high = *row.percent + *half;
    }
  }
  return finding;
}

/// How many more runs would decide: what the history's own method says, else by power.
std::optional<std::int64_t> repeats_of(const JudgedRow& row, std::int64_t judged,
                                       const ComposeRules& rules) {
  if (row.repeats) return row.repeats;
  return verdict::runs_to_decide({.change = *row.percent,
                                  .noise = row.noise_percent.value_or(0),
                                  .runs_before = row.runs_before,
                                  .runs_after = row.runs_after,
                                  .comparisons = std::max<std::int64_t>(judged, 1)},
                                 rules.runs_max);
}

bool is_before(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& one) {
    return std::tuple(one.kind, -std::abs(one.percent.value_or(0)), std::string_view(one.name),
                      std::string_view(one.fingerprint), std::string_view(one.result_id));
  };
  return key(a) < key(b);
}

double size_of(const Finding& finding) {
  return std::abs(finding.percent.value_or(0));
}

Group group_of(Comment& comment, Group::Cause cause, std::vector<std::size_t> places) {
  std::ranges::sort(places);
  std::vector<double> percents;
  for (const std::size_t place : places) {
    comment.findings[place].group = comment.groups.size();
    percents.push_back(comment.findings[place].percent.value_or(0));
  }
  Group group{.cause = cause, .percent = verdict::median(percents), .findings = std::move(places)};
  return group;
}

/// Findings whose most grown span is the same one.
void group_by_span(Comment& comment) {
  std::map<std::pair<std::string, std::vector<std::string>>, std::vector<std::size_t>> by_span;
  std::vector<bool> seen(comment.findings.size(), false);
  for (const GrownSpan& span : comment.spans) {
    if (seen[span.finding] || comment.findings[span.finding].kind != Kind::slower) continue;
    seen[span.finding] = true;  // the largest of each stands first
    by_span[{span.service, {span.path.empty() ? span.name : span.path.back()}}].push_back(
        span.finding);
  }
  for (auto& [span, places] : by_span) {
    if (places.size() < 2) continue;
    Group group = group_of(comment, Group::Cause::same_span, std::move(places));
    group.sentence = sentence_of(group, comment.findings, span.second.front());
    comment.groups.push_back(std::move(group));
  }
}

/// Of findings in the order of their size the longest stretch whose sizes are alike.
std::pair<std::size_t, std::size_t> longest_alike(const std::vector<std::size_t>& places,
                                                  const Comment& comment, double ratio_max) {
  std::pair<std::size_t, std::size_t> longest{0, 0};
  for (std::size_t begin = 0, end = 0; begin < places.size(); ++begin) {
    end = std::max(end, begin);
    const double least = size_of(comment.findings[places[begin]]);
    while (end < places.size() && size_of(comment.findings[places[end]]) <= least * ratio_max) {
      ++end;
    }
    if (end - begin > longest.second - longest.first) longest = {begin, end};
  }
  return longest;
}

void group_by_change(Comment& comment, const ComposeRules& rules) {
  std::map<std::tuple<std::string, Kind>, std::vector<std::size_t>> by_commit;
  for (std::size_t i = 0; i < comment.findings.size(); ++i) {
    const Finding& finding = comment.findings[i];
    const bool is_told = finding.kind == Kind::slower || finding.kind == Kind::faster;
    if (!is_told || finding.group || !finding.since) continue;
    by_commit[{finding.since->sha, finding.kind}].push_back(i);
  }
  for (auto& [commit, places] : by_commit) {
    std::ranges::stable_sort(places, {},
                             [&](std::size_t i) { return size_of(comment.findings[i]); });
    while (places.size() >= 2) {
      const auto [begin, end] = longest_alike(places, comment, rules.group_ratio_max);
      if (end - begin < 2) break;
      const auto first = places.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = places.begin() + static_cast<std::ptrdiff_t>(end);
      Group group = group_of(comment, Group::Cause::same_change, {first, last});
      group.sentence = sentence_of(group, comment.findings, "");
      comment.groups.push_back(std::move(group));
      places.erase(first, last);
    }
  }
}

void count(Comment& comment, const std::vector<JudgedRow>& rows) {
  Counts& counts = comment.counts;
  counts.benchmarks = static_cast<std::int64_t>(rows.size());
  for (const Finding& finding : comment.findings) {
    switch (finding.kind) {
      case Kind::slower:
        ++counts.slower;
        break;
      case Kind::failed:
        ++counts.failed;
        break;
      case Kind::unsure:
        ++counts.unsure;
        break;
      case Kind::faster:
        ++counts.faster;
        break;
    }
  }
  for (const JudgedRow& row : rows) {
    const bool is_new_failure = row.failed && !row.baseline_failed;
    if (!is_new_failure && !is_judged(row)) ++counts.unknown;
  }
  counts.steady = counts.benchmarks - counts.unknown - counts.slower - counts.failed -
                  counts.unsure - counts.faster;
}

Status status_of(const Counts& counts) {
  if (counts.slower > 0) return Status::slower;
  if (counts.failed > 0) return Status::failed;
  if (counts.unsure > 0) return Status::unsure;
  if (counts.faster > 0) return Status::faster;
  return counts.steady > 0 ? Status::steady : Status::unknown;
}

void tell_unjudged(Comment& comment, const ChangeReport& report) {
  std::map<Unknown::Code, std::vector<std::string>> names;
  for (const JudgedRow& row : report.rows) {
    if (is_judged(row) || (row.failed && !row.baseline_failed)) continue;
    const bool is_of_another_kind = row.is_of_unit || row.failed;
    names[is_of_another_kind ? Unknown::Code::not_comparable : row.unknown_code].push_back(
        row.name);
  }
  for (const auto& [code, unjudged] : names) {
    comment.unknown.push_back({code, sentence_of_unjudged(code, unjudged)});
  }
}

void tell_traces(Comment& comment, const std::vector<TracedFinding>& traces) {
  for (const TracedFinding& traced : traces) {
    if (traced.comparison.state == TraceComparison::State::compared) continue;
    const Unknown::Code code = traced.comparison.state == TraceComparison::State::gone
                                   ? Unknown::Code::traces_gone
                                   : Unknown::Code::no_traces;
    Unknown unknown{code,
                    sentence_of_traces(traced.comparison, comment.findings[traced.finding].name)};
    if (std::ranges::find(comment.unknown, unknown) == comment.unknown.end())
      comment.unknown.push_back(std::move(unknown));
  }
}

/// That of the first finding which has one, else of any benchmark.
std::optional<std::string> command_of(const Comment& comment, const ChangeReport& report) {
  for (const Finding& finding : comment.findings) {
    const auto row = std::ranges::find(report.rows, finding.result_id, &JudgedRow::result_id);
    if (row != report.rows.end() && row->command) return row->command;
  }
  const auto any = std::ranges::find_if(report.rows, [](const auto& row) { return !!row.command; });
  return any == report.rows.end() ? std::nullopt : any->command;
}

void tell_commands(Comment& comment, const ComposeFacts& facts) {
  const std::optional<std::string> command = command_of(comment, facts.report);
  const bool has_something = comment.counts.slower + comment.counts.unsure > 0;
  comment.reproduce = reproduction_of(command, comment.base_sha, has_something);
  const bool may_be_another = facts.report.commits_between.value_or(0) > 0;
  if (comment.counts.slower > 0 && comment.base_sha && may_be_another) {
    comment.next = bisection_of(command, *comment.base_sha, comment.sha, comment.findings.front(),
                                *facts.report.commits_between);
  }
}

}  // namespace

std::vector<Finding> findings_of(const ChangeReport& report, const ComposeRules& rules) {
  const std::vector<bool> is_told = believed(report.rows, rules);
  const auto judged = std::ranges::count_if(report.rows, is_judged);
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const JudgedRow& row = report.rows[i];
    if (row.failed) {
      if (!row.baseline_failed) findings.push_back(finding_of(report, row, Kind::failed));
    } else if (is_told[i]) {
      const Kind kind = row.call == Call::slower ? Kind::slower : Kind::faster;
      findings.push_back(finding_of(report, row, kind));
    } else if (may_be_slower(row, rules)) {
      Finding finding = finding_of(report, row, Kind::unsure);
      finding.repeats = repeats_of(row, judged, rules);
      findings.push_back(std::move(finding));
    }
  }
  std::ranges::sort(findings, is_before);
  return findings;
}

Comment compose(ComposeFacts facts, const ComposeRules& rules) {
  const ChangeReport& report = facts.report;
  Comment comment{.repository = facts.question.repository,
                  .sha = facts.question.sha,
                  .base_sha = report.base_sha,
                  .findings = std::move(facts.findings),
                  .builds = std::move(facts.builds),
                  .unknown = report.unknown,
                  .report_url = report.report_url};
  count(comment, report.rows);
  comment.status = status_of(comment.counts);
  for (const TracedFinding& traced : facts.traces) {
    const std::size_t shown = std::min(traced.comparison.grown.size(), rules.spans_max);
    for (std::size_t i = 0; i < shown; ++i) {
      GrownSpan span = traced.comparison.grown[i];
      span.finding = traced.finding;
      comment.spans.push_back(std::move(span));
    }
  }
  group_by_span(comment);
  group_by_change(comment, rules);
  for (std::size_t i = 0; i < comment.findings.size(); ++i) {
    Finding& finding = comment.findings[i];
    if (finding.kind != Kind::failed) finding.sentence = sentence_of(finding);
    if (finding.kind == Kind::unsure) {
      comment.repeats.push_back({i, finding.repeats, sentence_of_repeats(finding)});
    }
  }
  for (Unknown& unknown : facts.unknown) comment.unknown.push_back(std::move(unknown));
  for (const FailedBuild& build : comment.builds) {
    comment.unknown.push_back({Unknown::Code::build_failed, build.sentence});
  }
  tell_unjudged(comment, report);
  tell_traces(comment, facts.traces);
  tell_commands(comment, facts);
  comment.headline = headline_of(comment);
  return comment;
}

}  // namespace bl::advice
