#pragma once

#include "inference/store/known_rows.h"
#include "inference/stored.h"

/// Configurations and lines of sweeps. Private to the store's side.
namespace bl::inference {

/// What is drawn as one line: in agentic scenarios, whatever speculation, disaggregation, offload.
struct Line {
  std::string_view model, hardware, framework, precision, benchmark_type;
  std::optional<std::int64_t> isl, osl;
  std::string_view spec_method, offload_mode;
  bool disagg = false;
};
Line line_of(const BenchmarkRow& row);

/// The ids that the rows of a sweep refer to.
struct SweepIds {
  std::vector<std::int64_t> point_configs, point_lines, eval_configs;
  WriteCount configs;
};

class KnownDimensions {
 public:
  KnownDimensions();
  /// Errors: conflict, those of the database.
  Result<SweepIds> ids_of(store::Database& database, const Sweep& sweep);

 private:
  KnownRows configs_, lines_;
};

}  // namespace bl::inference
