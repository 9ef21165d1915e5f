#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "inference/api/kept.h"
#include "inference/routes.h"

namespace bl::inference {

using Points = std::vector<StoredPoint>;

/// What all reads share.
class Reads {
 public:
  Reads(ReadPorts ports, const ReadLimits& limits, bl::Metrics& metrics);

  const ReadPorts ports;
  const ReadLimits limits;
  /// Of version and registry: in every tag.
  const std::string fingerprint;
  Kept<std::string> answers;  ///< compressed, by question and coding
  Kept<Points> points;        ///< states of models, by model, day or run, and rule
  Counter answers_too_large;
  Counter batches_too_large;
};

/// One question: the store as of a revision, until a deadline.
struct Question {
  Reads& reads;
  std::int64_t revision = 0;
  std::chrono::steady_clock::time_point deadline;

  const ReadPorts& ports() const { return reads.ports; }
  /// The state of the lines of models, kept between questions.
  Result<std::shared_ptr<const Points>> state(const std::vector<std::string>& models,
                                              const PointsWhen& when, LineRule rule) const;
};

}  // namespace bl::inference
