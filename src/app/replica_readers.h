#pragma once

#include <utility>

#include "results/ports.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"

/// Ports over a replica that may lag, with the writer behind them: what the replica does not know
/// yet is asked of the writer. All outlive these.
namespace bl::app {

template <class Port, class Ask>
auto replica_or_writer(Port& replica, Port& writer, Ask ask) {
  auto found = ask(replica);
  if (found.ok() || found.error().code != Code::not_found) return found;
  return ask(writer);
}

/// Pages and lists are the replica's. One result, which is what people look at after they stored,
/// changed or deleted it, is the writer's.
class ReplicaRunBrowser final : public results::RunBrowser {
 public:
  ReplicaRunBrowser(results::RunBrowser& replica, results::RunBrowser& writer)
      : replica_(replica), writer_(writer) {}
  Result<std::vector<results::ResultRow>> results(const results::ResultFilter& filter) override {
    return replica_.results(filter);
  }
  Result<results::WholePage> whole_results(const results::ResultFilter& filter) override {
    return replica_.whole_results(filter);
  }
  Result<results::StoredResult> result(std::string_view id) override { return writer_.result(id); }
  Result<std::vector<results::RunRow>> recent_runs(std::optional<std::string> repository,
                                                   int count) override {
    return replica_.recent_runs(std::move(repository), count);
  }
  Result<std::vector<std::string>> repositories() override { return replica_.repositories(); }

 private:
  results::RunBrowser& replica_;
  results::RunBrowser& writer_;
};

class ReplicaHistoryReader final : public results::HistoryReader {
 public:
  ReplicaHistoryReader(results::HistoryReader& replica, results::HistoryReader& writer)
      : replica_(replica), writer_(writer) {}
  Result<results::History> history(std::string_view fingerprint) override {
    return replica_or_writer(replica_, writer_, [&](auto& of) { return of.history(fingerprint); });
  }
  Result<results::HistoryDetails> details(std::string_view fingerprint) override {
    return replica_.details(fingerprint);
  }
  Result<std::string> fingerprint_of(std::string_view result_id) override {
    return replica_or_writer(replica_, writer_,
                             [&](auto& of) { return of.fingerprint_of(result_id); });
  }

 private:
  results::HistoryReader& replica_;
  results::HistoryReader& writer_;
};

class ReplicaCompareReader final : public results::CompareReader {
 public:
  ReplicaCompareReader(results::CompareReader& replica, results::CompareReader& writer)
      : replica_(replica), writer_(writer) {}
  Result<results::CompareInput> compare(std::string_view baseline_id,
                                        std::string_view contender_id) override {
    return replica_or_writer(replica_, writer_,
                             [&](auto& of) { return of.compare(baseline_id, contender_id); });
  }
  Result<verdict::Distribution> distribution(std::string_view baseline_id,
                                             std::string_view fingerprint) override {
    return replica_or_writer(replica_, writer_,
                             [&](auto& of) { return of.distribution(baseline_id, fingerprint); });
  }

 private:
  results::CompareReader& replica_;
  results::CompareReader& writer_;
};

/// All three over one replica.
struct ReplicaReaders {
  ReplicaReaders(store::Database& replica, results::DistributionOptions options,
                 results::RunBrowser& writer_runs, results::HistoryReader& writer_history,
                 results::CompareReader& writer_compare)
      : own_runs(replica, options.mode),
        own_history(replica, options.mode, options.commits),
        own_compare(replica, options.mode, options.commits),
        runs(own_runs, writer_runs),
        history(own_history, writer_history),
        compare(own_compare, writer_compare) {}

  results::StoreRunBrowser own_runs;
  results::StoreHistoryReader own_history;
  results::StoreCompareReader own_compare;
  ReplicaRunBrowser runs;
  ReplicaHistoryReader history;
  ReplicaCompareReader compare;
};

}  // namespace bl::app
