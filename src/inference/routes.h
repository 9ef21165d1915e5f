#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/time.h"
#include "inference/chart_labels.h"
#include "inference/colors.h"
#include "inference/registry.h"
#include "inference/sweep_ports.h"
#include "net/router.h"

/// Reads of sweeps over HTTP: the routes of the InferenceX dashboard's API (spec/inference.md 4),
/// and what a client should not have to compute: fronts, calculator, trends, as JSON and CSV, with
/// every number's run, artifact and row. Shapes: openapi_inference.yaml.
///
/// Every answer has a strong ETag, made of the store's revision, the registry and the question; a
/// client that has it gets 304. Answers are kept, compressed, up to a bound; however many ask for
/// one at once, it is made once. Threads: any.
namespace bl::inference {

/// All outlive the routes.
struct ReadPorts {
  SweepReader& sweeps;
  const Registry& registry;
  const ChartLabels& labels;
  const ColorZones& zones;
  const Clock& clock;
  std::string version;  ///< of the program: another one's answers are others
};

struct ReadLimits {
  std::size_t kept_bytes_max = 64u << 20;     ///< of compressed answers
  std::size_t kept_points_max = 10'000;       ///< of states of models, about 4 KiB each
  std::size_t answer_bytes_max = 256u << 20;  ///< of one answer, not compressed
};

class Reads;  ///< the ports, and what is kept (api/reads.h)
std::shared_ptr<Reads> make_reads(ReadPorts ports, const ReadLimits& limits, bl::Metrics& metrics);

/// Errors of the dashboard's routes are `{error}`, also those that come before a handler.
void add_read_routes(net::Router& router, std::shared_ptr<Reads> reads);

}  // namespace bl::inference
