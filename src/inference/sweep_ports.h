#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/stored.h"

/// Where sweeps are kept, whoever keeps them: the store (store_sweeps.h), and for reading also the
/// lake. Threads: any. Errors of all: io, overloaded, timeout, and those named.
namespace bl::inference {

class SweepWriter {
 public:
  virtual ~SweepWriter() = default;
  /// Writes a run with all that was read of it, in one transaction; durable on return. The same
  /// sweep again changes nothing. Availability and the newest points of the lines it touches follow
  /// in the same transaction; readers are not held up.
  /// Errors: invalid (a value that the tables refuse: the message names origin and value).
  virtual Result<Written> write(const Sweep& sweep) = 0;
  /// Keeps how an ingest went; the newest `k_reports_kept` stay.
  virtual Result<void> report(const IngestReport& report) = 0;
  static constexpr int k_reports_kept = 1000;
};

/// Which points of a line (model, hardware, framework, precision, benchmark type, sequence, and for
/// fixed sequences speculation and disaggregation) are its state.
enum class LineRule : unsigned char {
  /// All points of the line's newest run; and those of older runs while the newer is append-only
  /// and all have one and the same single image.
  snapshot,
  /// The newest point of each configuration, sequence and concurrency, whatever its run.
  newest_points,
};

/// As of when.
struct PointsWhen {
  std::optional<std::string> date;     ///< YYYY-MM-DD: what was known at its end
  bool exact = false;                  ///< only what was measured on that date, or by that run
  std::optional<std::int64_t> run_id;  ///< github run: what was known when it started
};

class SweepReader {
 public:
  virtual ~SweepReader() = default;
  /// The state of the lines of models (registry keys; several may share a display name): now, or
  /// as of `when`. Ordered by config id, benchmark type, isl, osl, offload mode, concurrency,
  /// recipe, id. Errors: not_found (no such run).
  virtual Result<std::vector<StoredPoint>> points(std::span<const std::string> models,
                                                  const PointsWhen& when, LineRule rule) = 0;
  /// Every point of a sequence, by date, config id, concurrency, id. No isl and osl: agentic ones.
  virtual Result<std::vector<StoredPoint>> history(std::span<const std::string> models,
                                                   std::optional<std::int64_t> isl,
                                                   std::optional<std::int64_t> osl) = 0;
  /// By date, then by the other members in their order.
  virtual Result<std::vector<Availability>> availability() = 0;
  virtual Result<WorkflowInfo> workflow_info(std::string_view date) = 0;
  /// Newest date first, then by hardware, id.
  virtual Result<std::vector<StoredEval>> evaluations() = 0;
  /// Newest date first, then by hardware.
  virtual Result<std::vector<DatedRunStat>> reliability() = 0;
  virtual Result<Submissions> submissions() = 0;
  /// Errors: not_found (no such point, or it has no log).
  virtual Result<StoredServerLog> server_log(std::int64_t point_id) = 0;
  /// Newest first; `limit` 1..1000.
  virtual Result<std::vector<IngestReport>> reports(int limit) = 0;
  /// Grows with every write that changed something: what ETags and kept answers hang on. Cost: one
  /// row.
  virtual Result<std::int64_t> revision() = 0;
};

}  // namespace bl::inference
