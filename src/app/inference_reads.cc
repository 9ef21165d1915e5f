#include "app/inference_reads.h"

#include "inference/mcp.h"

namespace bl::app {

InferenceReads::InferenceReads(const Around& around, std::uint64_t kept_bytes_max)
    : stored_(around.database) {
  if (around.lake != nullptr) of_lake_.emplace(*around.lake, *around.engine, stored_);
  inference::SweepReader& sweeps =
      of_lake_ ? static_cast<inference::SweepReader&>(*of_lake_) : stored_;
  reads_ = inference::make_reads({sweeps, around.registry, inference::ChartLabels::built_in(),
                                  inference::ColorZones::built_in(), around.clock, BL_VERSION},
                                 {.kept_bytes_max = kept_bytes_max}, around.metrics);
}

void InferenceReads::add_routes(net::Router& router) {
  inference::add_read_routes(router, reads_);
  inference::add_mcp_route(router, reads_);
}

}  // namespace bl::app
