#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "gate/baseline.h"
#include "gate/decision.h"

/// What a gate says: for a person on one screen, for programs as JSON, for a pull request as
/// Markdown, for CI as JUnit. Pure.
namespace bl::gate {

struct Report {
  Judgement judgement;
  std::string compared_with;    ///< `baselines/linux-x86_64.json of 2026-11-23`, `main (0123abcd)`
  bool is_interleaved = false;  ///< both sides were measured now, in turns
  std::vector<std::string> warnings;  ///< another machine, an old baseline, ...
  std::string record_command;         ///< that would make these figures the baseline
  Machine machine;
  Benchmarks measured;  ///< for percentiles, rates and counters that no bound asks for
  double false_share_max = 0.05;
};

struct ScreenOptions {
  std::optional<std::size_t> width;
  bool color = false;
  bool shows_all = false;  ///< also every benchmark that is fine, and the figures of all
};

/// Verdict, table, what to do next.
std::string to_screen(const Report& report, const ScreenOptions& options);
/// One benchmark, every figure of it and why it counts as it does, in sentences. Errors: not_found.
Result<std::string> to_explanation(const Report& report, const std::string& name);
std::string to_json(const Report& report);  ///< docs/gate.md
std::string to_markdown(const Report& report);
/// One case for each benchmark; what cannot be decided is an error, what is not judged is skipped.
std::string to_junit(const Report& report);

/// What was measured, without a comparison.
/// Percentiles and spread, and the medians of rates and counters.
std::string figures_to_screen(const Benchmarks& measured, const ScreenOptions& options);

/// `rows 1000, rows_per_s 52906`: medians, by name.
std::string extras_text(const Benchmark& benchmark);

/// One sentence: `2 of 19 benchmarks got slower`.
std::string headline(const Report& report);

/// Who measured what: laid over every document of a gate's history.
struct SubmissionFacts {
  std::string run_id;
  std::optional<std::string> repository, commit;
  std::optional<std::int64_t> pr_number;
  json::Value machine;  ///< machine_info
  Timestamp time;
};
/// One document for `POST /api/results` for each benchmark, its samples in seconds or bytes, and
/// what the gate says of it in `info`.
std::vector<json::Value> to_submissions(const Benchmarks& measured, const Judgement& judgement,
                                        const SubmissionFacts& facts);

}  // namespace bl::gate
