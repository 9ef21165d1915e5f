#pragma once

#include "base/metrics.h"
#include "inference/lake_sweeps.h"
#include "inference/routes.h"
#include "inference/store_sweeps.h"

/// Reads of inference sweeps in a running server: routes and /mcp over the store, or its replica in
/// the lake.
namespace bl::app {

class InferenceReads {
 public:
  /// All outlive this. The store itself, not a read replica of it: what is kept hangs on its
  /// revision, which must not be newer than the rows.
  struct Around {
    store::Database& database;
    const inference::Registry& registry;
    const Clock& clock;
    Metrics& metrics;
    /// The lake answers; null: the store does.
    lake::Lake* lake = nullptr;
    engine::Engine* engine = nullptr;  ///< beside `lake`
  };
  InferenceReads(const Around& around, std::uint64_t kept_bytes_max);

  /// This outlives the router's handlers.
  void add_routes(net::Router& router);

 private:
  inference::StoreSweepReader stored_;
  std::optional<inference::LakeSweepReader> of_lake_;
  std::shared_ptr<inference::Reads> reads_;
};

}  // namespace bl::app
