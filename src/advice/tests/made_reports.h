#pragma once

#include <string>
#include <utility>
#include <vector>

#include "advice/compose.h"

namespace bl::advice::testing {

inline const std::string k_head = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
inline const std::string k_base = "0f1e2d3c4b5a69788796a5b4c3d2e1f000112233";

/// A benchmark that stayed as it was.
inline JudgedRow steady(const std::string& name) {
  return {.name = name,
          .fingerprint = "f-" + name,
          .unit = "s",
          .result_id = "r-" + name,
          .baseline_result_id = "b-" + name,
          .call = Call::steady,
          .confidence = 0.99,
          .noise_percent = 1,
          .runs_before = 40,
          .runs_after = 1};
}

/// One that became slower by so many percent at the head.
inline JudgedRow slower(const std::string& name, double percent, double confidence) {
  JudgedRow row = steady(name);
  row.call = Call::slower;
  row.percent = percent;
  row.confidence = confidence;
  row.is_worse = true;
  row.since_sha = k_head;
  return row;
}

inline JudgedRow waiting(const std::string& name, double percent, double confidence) {
  JudgedRow row = slower(name, percent, confidence);
  row.call = Call::wait;
  return row;
}

inline JudgedRow failed(const std::string& name, const std::string& words) {
  JudgedRow row = steady(name);
  row.call = Call::unknown;
  row.failed = true;
  row.reason = words;
  return row;
}

inline ChangeReport report_of(std::vector<JudgedRow> rows) {
  return {.head = {k_head, "parse: read twice", "Ada"},
          .base_sha = k_base,
          .rows = std::move(rows),
          .commits = {{k_head, "parse: read twice", "Ada"}},
          .run_ids = {"run-1"},
          .report_url = "/ci/report?run_ids=run-1"};
}

inline Comment comment_of(const ChangeReport& report, std::vector<TracedFinding> traces = {}) {
  const Question question{"https://github.com/org/repo", k_head, {}};
  return compose({.question = question,
                  .report = report,
                  .findings = findings_of(report),
                  .traces = std::move(traces)});
}

}  // namespace bl::advice::testing
