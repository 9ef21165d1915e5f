#include "inference/api/reads.h"

#include "base/hash.h"
#include "inference/api/encode_charts.h"

namespace bl::inference {
namespace {

KeptMetrics metrics_of(bl::Metrics& metrics, const char* what, Gauge cost) {
  const auto count = [&](const char* source) {
    return metrics.counter("bl_inference_reads_total",
                           "Reads of sweeps, by what was needed and where it came from",
                           {{"what", what}, {"source", source}});
  };
  return {count("kept"), count("made"), count("waited"), cost};
}

Counter limit_hits(bl::Metrics& metrics, const char* limit) {
  return metrics.counter("bl_inference_read_limit_hits_total",
                         "Times that a limit of reads of sweeps was reached", {{"limit", limit}});
}

std::string fingerprint_of(const ReadPorts& ports) {
  const std::uint64_t hash = xxh3_64(ports.version + '\n' + registry_json(ports));
  return to_hex(std::as_bytes(std::span(&hash, 1)));
}

}  // namespace

Reads::Reads(ReadPorts given, const ReadLimits& read_limits, bl::Metrics& metrics)
    : ports(std::move(given)),
      limits(read_limits),
      fingerprint(fingerprint_of(ports)),
      answers(
          limits.kept_bytes_max, [](const std::string& bytes) { return bytes.size(); },
          metrics_of(metrics, "answer",
                     metrics.gauge("bl_inference_kept_answer_bytes",
                                   "Bytes of compressed answers that are kept"))),
      points(
          limits.kept_points_max, [](const Points& rows) { return rows.size() + 1; },
          metrics_of(metrics, "points",
                     metrics.gauge("bl_inference_kept_points",
                                   "Points of states of models that are kept"))),
      answers_too_large(limit_hits(metrics, "answer_bytes_max")),
      batches_too_large(limit_hits(metrics, "messages_max")) {}

std::shared_ptr<Reads> make_reads(ReadPorts ports, const ReadLimits& limits, bl::Metrics& metrics) {
  return std::make_shared<Reads>(std::move(ports), limits, metrics);
}

Result<std::shared_ptr<const Points>> Question::state(const std::vector<std::string>& models,
                                                      const PointsWhen& when, LineRule rule) const {
  std::string key = std::to_string(static_cast<int>(rule));
  key += when.exact ? "=" : "<";
  key += when.date.value_or("") + "|" + (when.run_id ? std::to_string(*when.run_id) : "");
  for (const std::string& model : models) key += "|" + model;
  return reads.points.get(key, revision, deadline, [&]() -> Result<std::shared_ptr<const Points>> {
    BL_TRY(Points rows, ports().sweeps.points(models, when, rule));
    return std::make_shared<const Points>(std::move(rows));
  });
}

}  // namespace bl::inference
