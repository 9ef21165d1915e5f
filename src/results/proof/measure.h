#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/metrics.h"
#include "results/proof/families.h"
#include "store/database.h"

/// How long questions take, and what they cost. Private to the proof.
namespace bl::results::proof {

/// What one answer took, beside its time.
struct Answered {
  std::int64_t rows = 0;
  std::int64_t files_scanned = 0, files_skipped = 0;
};
using Ask = std::function<Result<Answered>(std::size_t i)>;

struct MeasurePlan {
  std::vector<int> readers{1};
  int repetitions = 20, cold_repetitions = 5;
  std::chrono::milliseconds time_max{20'000};  ///< no request begins later
};

/// One question, asked again and again.
struct Measurement {
  std::string variant, family;
  bool is_cold = false;
  int readers = 1;
  std::vector<double> latencies_ms;
  double wall_s = 0;
  Answered answered;  ///< sums
  double cpu_s = 0;   ///< of this process, all requests
  std::optional<std::uint64_t> bytes_read;
  std::optional<std::uint64_t> peak_memory_bytes;
};
/// Each reader is a thread; the n-th begins at the question 1,000 n.
Result<Measurement> measure(std::string variant, std::string_view family, int readers,
                            const MeasurePlan& plan, const Ask& ask);

/// One member of the report's `measurements`.
json::Value to_json(const Measurement& measurement);

/// All families over one layout: warm with each number of readers, cold with one. `go_on` gets
/// measurements done and all. Errors: cancelled, those of the engine.
Result<json::Value> measure_variant(lake::Lake& lake, Metrics& metrics, std::string_view variant,
                                    const lake::Snapshot& snapshot, const Samples& samples,
                                    std::span<const Family> families, const MeasurePlan& plan,
                                    const std::function<bool(std::size_t, std::size_t)>& go_on);

/// The same questions to the store's own readers, warm: its caches are not ours to empty. What the
/// database's own process takes is not in the figures of PostgreSQL.
Result<json::Value> measure_store(store::Database& database, const Samples& samples,
                                  std::span<const Family> families, const MeasurePlan& plan,
                                  const std::function<bool(std::size_t, std::size_t)>& go_on);

}  // namespace bl::results::proof
