#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "results/ci_report.h"
#include "store/database.h"

/// What a CI report reads of runs: a few statements for each, whatever its size. Private to the
/// store's side.
namespace bl::results {

/// One result of a run.
struct RunResult {
  CiSide side;
  std::string history_fingerprint, repository;
  std::string case_id, context_id, info_id, hardware_id, commit_id;  ///< commit_id empty: none
  json::Value run_tags = json::Value::object();  ///< of the earliest result only
  std::optional<std::string> run_reason;
};

/// By time, then id. Empty: there is no such run. Only those of that commit when commit_id is not
/// empty. Errors: invalid (more than rows_max).
Result<std::vector<RunResult>> read_run(store::Connection& connection, std::string_view run_id,
                                        std::string_view commit_id, SummaryMode mode,
                                        std::size_t rows_max);

/// The documents that rows share, each read and written out once.
class SharedDocuments {
 public:
  explicit SharedDocuments(std::vector<std::string>& documents) : documents_(documents) {}

  struct CaseFacts {
    std::string name;
    std::size_t tags = 0;  ///< place of the tags with the name
  };
  /// Reads all that the results point to. One statement for each kind of document.
  Result<void> read(store::Connection& connection, std::span<const RunResult> results);
  const CaseFacts& case_of(const RunResult& result) const { return cases_.at(result.case_id); }
  std::size_t context_of(const RunResult& result) const { return contexts_.at(result.context_id); }
  std::size_t info_of(const RunResult& result) const { return infos_.at(result.info_id); }
  const std::string& hardware_of(const RunResult& result) const {
    return hardware_.at(result.hardware_id);
  }

 private:
  std::size_t keep(std::string text);

  std::vector<std::string>& documents_;
  std::unordered_map<std::string, CaseFacts> cases_;
  std::unordered_map<std::string, std::size_t> contexts_, infos_, places_;
  std::unordered_map<std::string, std::string> hardware_;  // names
};

/// By id; ids that are not there are left out.
Result<std::unordered_map<std::string, StoredCommit>> read_commits(
    store::Connection& connection, std::span<const std::string> commit_ids);

}  // namespace bl::results
