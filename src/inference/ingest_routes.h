#pragma once

#include <string>

#include "base/metrics.h"
#include "inference/ingest.h"
#include "net/router.h"

namespace bl::inference {

/// All of it outlives the router.
struct IngestRoutePorts {
  Disk& disk;
  const Registry& registry;
  const Overrides& overrides;
  SweepWriter& writer;
  const Clock& clock;
  IdSource& ids;
  bl::Metrics& metrics;
  IngestLimits limits;
  std::string folder;                         ///< for uploads while they are read; made and emptied
  std::uint64_t upload_bytes_max = 2u << 30;  ///< of one archive
  int running_max = 2;                        ///< ingests at once; more are answered 503
};

/// POST /api/v1/inference/ingest (openapi_inference_ingest.yaml): a zip of a run's folder, or of
/// one artifact, streamed to a file before it is read; the answer is the report. Role writer. The
/// same upload again changes nothing.
void add_ingest_routes(net::Router& router, const IngestRoutePorts& ports);

}  // namespace bl::inference
