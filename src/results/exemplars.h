#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "results/exemplar.h"
#include "results/model.h"
#include "results/result_editor.h"
#include "store/database.h"

/// Which traces results name, over the store: linked with a submission, or afterwards; asked from
/// both sides. They go with their result.
namespace bl::results {

struct StoredExemplar : Exemplar {
  Timestamp created_at;
};

/// What one result names of a trace.
struct NamingResult {
  std::string result_id, run_id, repository, history_fingerprint, name;
  Timestamp timestamp;
  std::vector<StoredExemplar> exemplars;  ///< at least one
};
/// Newest id first.
struct NamingPage {
  std::vector<NamingResult> results;
  std::optional<std::string> next;  ///< only ids smaller than this
};

/// Which links of a result are to go.
struct ExemplarSelection {
  TraceId trace_id;
  std::optional<ExemplarRole> role;
  std::optional<std::int64_t> sample_no;
};

/// What Prometheus' clients look for: absent members are not looked at.
struct ExemplarQuery {
  Timestamp start, end;  ///< of the trace's start, else of the result; both inclusive
  std::optional<std::string> name, repository, history_fingerprint;
};
/// An exemplar with what its series is called by.
struct SeriesExemplar {
  std::string name, repository, run_id, history_fingerprint, hardware, result_id;
  json::Value tags;  ///< of the case, without the name
  std::optional<std::string> unit, run_reason;
  Timestamp at;
  std::optional<double> value;  ///< of the sample, else of the result's summary; none: it failed
  Exemplar exemplar;
};
struct SeriesExemplars {
  std::vector<SeriesExemplar> exemplars;  ///< oldest first
  bool is_cut = false;                    ///< there are older ones: only the newest are here
};

/// Threads: any. Errors of all: those of the store, and those named.
class Exemplars {
 public:
  /// The database is migrated with exemplar_migrations() (schema.h).
  Exemplars(store::Database& database, const Clock& clock, SummaryMode mode = SummaryMode::best,
            ExemplarLimits limits = {})
      : database_(database), clock_(clock), mode_(mode), limits_(limits) {}

  /// By role, sample, trace. Errors: not_found (the result).
  Result<std::vector<StoredExemplar>> of_result(std::string_view result_id);
  /// Durable on return, all or none, with an audit row; what is there already (trace, role, sample)
  /// takes on the span and the times. Errors: not_found (the result), invalid (a sample that the
  /// result does not have; more than per_result_max).
  Result<void> link(std::string_view result_id, std::span<const Exemplar> exemplars,
                    const Editor& editor);
  /// Durable on return, with an audit row. Errors: not_found (the result; nothing is selected).
  Result<void> unlink(std::string_view result_id, const ExemplarSelection& selection,
                      const Editor& editor);
  /// Which results name a trace: whether the trace is there is not looked at. At most `count_max`.
  Result<NamingPage> results_of(const TraceId& trace, std::optional<std::string> before_id,
                                int count_max);
  /// Traces that some result names, by id, behind `after`; at most `limit`. What retention asks.
  Result<std::vector<TraceId>> named_traces(const TraceId& after, std::size_t limit);
  /// The newest `count_max`.
  Result<SeriesExemplars> find(const ExemplarQuery& query, int count_max);
  /// The result's repository: whoever changes links must be allowed to write there. Errors:
  /// not_found.
  Result<std::string> repository_of(std::string_view result_id);

 private:
  store::Database& database_;
  const Clock& clock_;
  const SummaryMode mode_;
  const ExemplarLimits limits_;
};

}  // namespace bl::results
