#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"
#include "results/replica/sources.h"
#include "results/store/rows.h"
#include "results/store/shared_rows.h"

/// Results in the lake, found by their ids or by a filter, and what they name. Private to the
/// replica.
namespace bl::results::replica {

/// A row of `results`.
struct Fact {
  std::int64_t result_no = 0, repository_no = 0, fingerprint64 = 0, month = 0;
  Timestamp timestamp;
  std::optional<Timestamp> commit_timestamp;
  std::string id, run_id, history_fingerprint, case_id, context_id, info_id, hardware_id;
  std::optional<std::string> batch_id, run_reason, commit_id, unit;
  json::Value run_tags;
  std::optional<double> min, max, mean;
  bool has_error = false, failed = false;
};

/// Errors: not_found (with the sentence given).
Result<Fact> fact_by_id(const Sources& sources, std::string_view id, std::string_view not_found);
/// Newest id first. Opens the files with the newest ids first, and no more than the page needs.
Result<std::vector<Fact>> newest_facts(const Sources& sources, const ResultFilter& filter);
/// Ids and names of their cases, for ids from `from` to before `before`, in their order.
struct NamedResult {
  std::string id, case_id;
};
Result<std::vector<NamedResult>> first_results(const Sources& sources, std::string_view from,
                                               std::string_view before, int count_max);

/// Rows of `result_samples`: `result_no` and the columns named. A result that was removed after the
/// results were pinned has none.
Result<columns::Batch> samples_of(const Sources& sources, std::span<const Fact* const> facts,
                                  std::string_view columns);
/// Stands for samples that were not read, of a result that did not fail: gives no value.
inline constexpr std::string_view k_unread_samples = "[";
/// The single values of the facts, in their order; reads samples where the aggregates do not say.
Result<std::vector<Summary>> summaries_of(const Sources& sources, std::span<const Fact> facts,
                                          SummaryMode mode);

/// What facts name, by its id. The keys are asked for; those that are not there keep an empty
/// value.
Result<void> read_cases(const Sources& sources, ById<Case>& cases);
Result<void> read_contexts(const Sources& sources, ById<json::Value>& contexts);
Result<void> read_infos(const Sources& sources, ById<json::Value>& infos);
/// Three tables in one question.
struct Documents {
  ById<Case> cases;
  ById<json::Value> contexts, infos;
};
Result<void> read_documents(const Sources& sources, Documents& documents);
Result<void> read_hardware(const Sources& sources, ById<HardwareRow>& hardware);
/// By the numbers of repositories.
Result<std::map<std::int64_t, std::string>> read_repositories(const Sources& sources);
/// Those of all runs, sorted.
Result<std::vector<std::string>> repositories_of_runs(const Sources& sources);
using Commits = ById<std::optional<StoredCommit>>;
Result<void> read_commits(const Sources& sources, Commits& commits);
/// The commits of the facts: where the times of all are known, those of these times only.
Result<Commits> commits_of(const Sources& sources, std::span<const Fact> facts);
/// Of a result; nullopt where it has none.
std::optional<StoredCommit> commit_of(const Commits& commits, const Fact& fact);

}  // namespace bl::results::replica
