#pragma once

#include <algorithm>
#include <map>

#include "results/ports.h"

namespace bl::results {

/// Every port of the domain over plain members, which a test sets; the last filter that came in is
/// kept. `failure`, when set, is everybody's answer. One thread.
class FakePorts : public ResultWriter,
                  public RunBrowser,
                  public HistoryReader,
                  public CompareReader,
                  public ProjectHealthReader {
 public:
  std::optional<Error> failure;
  std::vector<Submission> submissions;
  std::map<std::string, Submitted> submitted_by_key;
  std::vector<ResultRow> rows;  ///< newest id first
  std::map<std::string, StoredResult, std::less<>> stored;
  std::vector<RunRow> runs;
  std::vector<std::string> repository_names;
  std::map<std::string, History, std::less<>> histories;
  HistoryDetails history_details;
  CompareInput compare_input;
  SeriesPage series_page;
  Facts known_facts;

  ResultFilter last_filter;
  SeriesFilter last_series_filter;
  std::optional<std::string> last_repository;
  std::string last_distribution;  ///< baseline id, fingerprint
  int last_count = 0;

  Result<Submitted> submit(const Submission& submission) override {
    if (failure) return *failure;
    if (submission.submission_key) {
      const auto found = submitted_by_key.find(*submission.submission_key);
      if (found != submitted_by_key.end()) {
        if (payloads_[found->first] != submission.payload_sha256) {
          return Error{Code::conflict, "submission key already exists with different content"};
        }
        return found->second;
      }
    }
    submissions.push_back(submission);
    Submitted submitted{.id = "id" + std::to_string(submissions.size()),
                        .run_id = submission.result.run_id,
                        .history_fingerprint = "f"};
    if (submission.submission_key) {
      payloads_[*submission.submission_key] = submission.payload_sha256;
      submitted_by_key[*submission.submission_key] = submitted;
    }
    return submitted;
  }

  std::vector<Result<Submitted>> submit_many(std::span<const Submission> submissions) override {
    std::vector<Result<Submitted>> outcomes;
    for (const Submission& submission : submissions) outcomes.push_back(submit(submission));
    return outcomes;
  }

  Result<std::vector<ResultRow>> results(const ResultFilter& filter) override {
    last_filter = filter;
    if (failure) return *failure;
    std::vector<ResultRow> page;
    for (const ResultRow& row : rows) {
      if (filter.before_id && row.id >= *filter.before_id) continue;
      if (page.size() < static_cast<std::size_t>(filter.page_size)) page.push_back(row);
    }
    return page;
  }

  Result<WholePage> whole_results(const ResultFilter& filter) override {
    last_filter = filter;
    if (failure) return *failure;
    WholePage page;
    for (auto found = stored.rbegin(); found != stored.rend(); ++found) {
      if (filter.before_id && found->first >= *filter.before_id) continue;
      if (page.results.size() == static_cast<std::size_t>(filter.page_size)) break;
      page.results.push_back(found->second);
    }
    page.may_go_on = page.results.size() == static_cast<std::size_t>(filter.page_size);
    return page;
  }

  Result<StoredResult> result(std::string_view id) override {
    if (failure) return *failure;
    const auto found = stored.find(id);
    if (found != stored.end()) return found->second;
    return Error{Code::not_found, "no benchmark result has the id " + std::string(id)};
  }

  Result<std::vector<RunRow>> recent_runs(std::optional<std::string> repository,
                                          int count) override {
    last_repository = repository;
    last_count = count;
    if (failure) return *failure;
    return runs;
  }

  Result<std::vector<std::string>> repositories() override { return repository_names; }

  Result<History> history(std::string_view fingerprint) override {
    if (failure) return *failure;
    const auto found = histories.find(fingerprint);
    if (found != histories.end()) return found->second;
    return Error{Code::not_found, "no series has the fingerprint " + std::string(fingerprint)};
  }

  Result<HistoryDetails> details(std::string_view) override {
    if (failure) return *failure;
    return history_details;
  }

  Result<std::string> fingerprint_of(std::string_view result_id) override {
    BL_TRY(const StoredResult found, result(result_id));
    return found.history_fingerprint;
  }

  Result<CompareInput> compare(std::string_view baseline_id,
                               std::string_view contender_id) override {
    if (failure) return *failure;
    CompareInput input = compare_input;
    input.baseline.result_id = baseline_id;
    input.contender.result_id = contender_id;
    return input;
  }

  Result<verdict::Distribution> distribution(std::string_view baseline_id,
                                             std::string_view fingerprint) override {
    if (failure) return *failure;
    last_distribution = std::string(baseline_id).append(" ").append(fingerprint);
    return compare_input.distribution;
  }

  Result<SeriesPage> series(const SeriesFilter& filter) override {
    last_series_filter = filter;
    if (failure) return *failure;
    return series_page;
  }

  Result<Facts> facts() override {
    if (failure) return *failure;
    return known_facts;
  }

  Result<std::vector<SearchHit>> search(std::string_view, int) override {
    return std::vector<SearchHit>{};
  }

 private:
  std::map<std::string, std::string> payloads_;
};

}  // namespace bl::results
