#pragma once

#include <memory>
#include <string>

#include "app/inference_settings.h"
#include "base/metrics.h"
#include "inference/commands.h"
#include "inference/store_sweeps.h"
#include "net/router.h"

/// What the ingest of inference sweeps is given: its limits, and, for its command, a store of its
/// own.
namespace bl::app {

inference::IngestLimits ingest_limits(const InferenceSettings& settings);

/// Of a running server. One object; its parts: any thread.
class InferenceIngest {
 public:
  /// All outlive this; uploads are kept in a folder of the data folder while they are read.
  struct Around {
    store::Database& database;
    Disk& disk;
    const Clock& clock;
    IdSource& ids;
    Metrics& metrics;
  };
  /// Errors: those of load_inference_registry and load_inference_overrides.
  static Result<std::unique_ptr<InferenceIngest>> open(const InferenceSettings& settings,
                                                       const std::string& data_folder,
                                                       const Around& around);
  /// With the operator's files.
  const inference::Registry& registry() const { return registry_; }
  void add_routes(net::Router& router);

 private:
  InferenceIngest(const InferenceSettings& settings, const std::string& data_folder,
                  const Around& around, inference::Registry registry,
                  inference::Overrides overrides);

  const InferenceSettings settings_;
  const std::string folder_;
  const Around around_;
  const inference::Registry registry_;
  const inference::Overrides overrides_;
  inference::StoreSweepWriter writer_;
};

/// For the commands `inference ...`.
inference::CommandPorts inference_command_ports();

}  // namespace bl::app
