#include "advice/sentences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bl::advice {
namespace {

constexpr std::size_t k_sha_shown = 7;
constexpr std::size_t k_names_shown = 3;

bool is_hash(std::string_view text) {
  return text.size() >= 20 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// As one word of a shell.
std::string shell_word(const std::string& text) {
  constexpr std::string_view k_plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@-";
  if (!text.empty() && text.find_first_not_of(k_plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string counted(std::int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string change_text(const Finding& finding) {
  std::string text =
      fmt::format("{} by {}", name_of(finding.kind), percent_text(finding.percent.value_or(0)));
  if (finding.since) text += " since " + short_sha(finding.since->sha);
  if (finding.confidence) text += ", " + confidence_text(*finding.confidence) + " sure";
  return text;
}

std::string more_runs(const std::optional<std::int64_t>& runs) {
  return runs ? fmt::format("{} more run{}", *runs, *runs == 1 ? "" : "s")
              : std::string("more runs than are worth it");
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), k_names_shown); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > k_names_shown)
    text += fmt::format(" and {} more", names.size() - k_names_shown);
  return text;
}

const char* why_of(Unknown::Code code) {
  switch (code) {
    case Unknown::Code::no_baseline:
      return "there is nothing to compare with";
    case Unknown::Code::not_comparable:
      return "measured otherwise than the baseline, or the baseline failed, too";
    case Unknown::Code::verdicts_off:
      return "the project has verdicts off";
    case Unknown::Code::commit_unknown:
      return "the place of the commit in history is not known";
    default:
      return "too little history";
  }
}

const Finding* first_of(const Comment& comment, Kind kind) {
  const auto found = std::ranges::find(comment.findings, kind, &Finding::kind);
  return found == comment.findings.end() ? nullptr : &*found;
}

std::string change_headline(const Comment& comment, Kind kind, std::int64_t count) {
  const Finding& most = *first_of(comment, kind);
  if (count == 1) return label_of(most) + " is " + change_text(most);
  return fmt::format(
      "{} of {} are {}, most {} by {}{}{}", count, counted(comment.counts.benchmarks, "benchmark"),
      name_of(kind), label_of(most), percent_text(most.percent.value_or(0)),
      most.since ? " since " + short_sha(most.since->sha) : std::string(),
      most.confidence ? ", " + confidence_text(*most.confidence) + " sure" : std::string());
}

std::string failed_text(const Comment& comment) {
  return fmt::format("{} of {} failed", comment.counts.failed,
                     counted(comment.counts.benchmarks, "benchmark"));
}

std::string unsure_text(const Comment& comment) {
  const Finding& most = *first_of(comment, Kind::unsure);
  return fmt::format("{} of {} may be slower, which is not sure: {} of {} would tell",
                     comment.counts.unsure, counted(comment.counts.benchmarks, "benchmark"),
                     more_runs(most.repeats), label_of(most));
}

std::string steady_text(const Counts& counts) {
  if (counts.unknown == 0) {
    return fmt::format("No change seen in {}", counted(counts.benchmarks, "benchmark"));
  }
  return fmt::format("No change seen in {} of {}; {} could not be judged", counts.steady,
                     counted(counts.benchmarks, "benchmark"), counts.unknown);
}

}  // namespace

std::string short_sha(std::string_view sha) {
  return std::string(is_hash(sha) ? sha.substr(0, k_sha_shown) : sha);
}

std::string percent_text(double percent) {
  const double size = std::abs(percent);
  if (size >= 100) return fmt::format("{:.0f} %", size);
  return fmt::format("{:.1f} %", size);
}

std::string confidence_text(double confidence) {
  const double percent = std::floor(confidence * 1000 + 1e-6) / 10;
  if (percent > 99.9) return "more than 99.9 %";
  if (percent > 99) return fmt::format("{:.1f} %", percent);
  return fmt::format("{:.0f} %", std::floor(percent));
}

std::string label_of(const Finding& finding) {
  std::string label = finding.name;
  if (!finding.tags.is_object()) return label;
  for (const auto& [key, value] : finding.tags.members()) {
    if (key == "name") continue;
    label += ", " + key + "=" + (value.is_string() ? value.as_string() : json::to_text(value));
  }
  return label;
}

std::string measured_name_of(const Finding& finding) {
  const bool is_pytest = finding.name.find("::") != std::string::npos;
  std::string tags, values, params;
  if (!finding.tags.is_object()) return finding.name;
  for (const auto& [key, value] : finding.tags.members()) {
    if (key == "name" || key == "metric") continue;
    const std::string text = value.is_string() ? value.as_string() : json::to_text(value);
    tags += (tags.empty() ? "" : ",") + key + "=" + text;
    values += (values.empty() ? "" : "-") + text;
    if (key == "params") params = text;
  }
  if (tags.empty()) return finding.name;
  if (is_pytest) return finding.name + "[" + values + "]";
  if (tags == "params=" + params)
    return finding.name + (params.starts_with('<') ? "" : "/") + params;
  return finding.name + "[" + tags + "]";
}

std::string headline_of(const Comment& comment) {
  const Counts& counts = comment.counts;
  std::string rest;
  switch (comment.status) {
    case Status::slower:
      if (counts.failed > 0) rest += "; " + failed_text(comment);
      if (counts.unsure > 0) rest += fmt::format("; {} not sure yet", counts.unsure);
      return change_headline(comment, Kind::slower, counts.slower) + rest;
    case Status::failed:
      return failed_text(comment) + ", first " + label_of(*first_of(comment, Kind::failed));
    case Status::unsure:
      return unsure_text(comment);
    case Status::faster:
      return change_headline(comment, Kind::faster, counts.faster);
    case Status::steady:
      return steady_text(counts);
    case Status::unknown:
      break;
  }
  if (counts.benchmarks == 0) return "Nothing was measured of this commit yet";
  return fmt::format("None of {} could be judged", counted(counts.benchmarks, "benchmark"));
}

std::string sentence_of(const Finding& finding) {
  if (finding.kind != Kind::unsure) return label_of(finding) + " is " + change_text(finding);
  std::string text = fmt::format("{} may be slower by {}", label_of(finding),
                                 percent_text(finding.percent.value_or(0)));
  if (finding.confidence) text += ", " + confidence_text(*finding.confidence) + " sure";
  return text;
}

std::string sentence_of(const Group& group, const std::vector<Finding>& findings,
                        std::string_view span) {
  const Finding& first = findings[group.findings.front()];
  if (!span.empty()) {
    return fmt::format("The same span grew most in {} benchmarks: {}", group.findings.size(), span);
  }
  return fmt::format("{} benchmarks became {} by about {} at {}: probably one cause",
                     group.findings.size(), name_of(first.kind), percent_text(group.percent),
                     short_sha(first.since->sha));
}

std::string sentence_of_repeats(const Finding& finding) {
  return fmt::format("{} to be sure of {}", more_runs(finding.repeats), label_of(finding));
}

std::string sentence_of_unjudged(Unknown::Code code, const std::vector<std::string>& names) {
  const auto count = static_cast<std::int64_t>(names.size());
  return fmt::format("{} not judged, {}: {}", counted(count, "benchmark"), why_of(code),
                     names_text(names));
}

std::string sentence_of_traces(const TraceComparison& comparison, std::string_view name) {
  switch (comparison.state) {
    case TraceComparison::State::gone:
      return fmt::format("Where the time went is not known: traces of {} are kept no more", name);
    case TraceComparison::State::too_few:
      return fmt::format(
          "Where the time went is not known: {} traces before and {} after are too few ({})",
          comparison.base_count, comparison.compare_count, name);
    default:
      return fmt::format("Where the time went is not known: no traces are linked with {}", name);
  }
}

Reproduction reproduction_of(const std::optional<std::string>& recorded,
                             const std::optional<std::string>& base, bool has_something) {
  using Source = Reproduction::Source;
  if (recorded && base) {
    return {fmt::format("benchlake check --against {} -- {}", shell_word(*base), *recorded),
            Source::recorded, "The command came with the results"};
  }
  if (recorded) return {*recorded, Source::recorded, "The command came with the results"};
  if (!base || !has_something) {
    return {std::nullopt, Source::none, "Nothing recorded which command measured this"};
  }
  return {fmt::format("benchlake check --against {} -- CMD", shell_word(*base)), Source::suggested,
          "Nothing recorded which command measured this: CMD stands for it"};
}

Reproduction bisection_of(const std::optional<std::string>& recorded, const std::string& base,
                          const std::string& head, const Finding& finding, std::int64_t between) {
  return {fmt::format("benchlake bisect --good {} --bad {} --benchmark {} -- {}", shell_word(base),
                      shell_word(head), shell_word(measured_name_of(finding)),
                      recorded.value_or("CMD")),
          recorded ? Reproduction::Source::recorded : Reproduction::Source::suggested,
          fmt::format("{} before it {} not measured: this finds which one it was",
                      counted(between, "commit"), between == 1 ? "was" : "were")};
}

}  // namespace bl::advice
