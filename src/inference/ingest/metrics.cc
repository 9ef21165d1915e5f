#include "inference/ingest/metrics.h"

#include "inference/skips.h"

namespace bl::inference {
namespace {

Counter ingests(bl::Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_inference_ingests_total", "Ingests, by how they ended",
                         {{"outcome", outcome}});
}
Counter rows(bl::Metrics& metrics, const char* kind, const char* outcome) {
  return metrics.counter("bl_inference_rows_total",
                         "Rows of sweeps that were written, by kind and outcome",
                         {{"kind", kind}, {"outcome", outcome}});
}
Counter skipped(bl::Metrics& metrics, const std::string& reason) {
  return metrics.counter("bl_inference_skipped_total", "What ingests left out of sweeps, by reason",
                         {{"reason", reason}});
}
Gauge unknown(bl::Metrics& metrics, const char* kind) {
  return metrics.gauge("bl_inference_unknown_names",
                       "Names in sweeps that the registry does not know, since the start",
                       {{"kind", kind}});
}

Counter limit_hits(bl::Metrics& metrics) {
  return metrics.counter("bl_inference_limit_hits_total",
                         "Times that a limit of ingests was reached", {{"limit", "running_max"}});
}

void count_rows(bl::Metrics& metrics, const char* kind, const WriteCount& count) {
  rows(metrics, kind, "added").add(static_cast<double>(count.added));
  rows(metrics, kind, "changed").add(static_cast<double>(count.changed));
  rows(metrics, kind, "unchanged").add(static_cast<double>(count.unchanged));
  rows(metrics, kind, "repeated").add(static_cast<double>(count.repeated));
}

}  // namespace

IngestMetrics::IngestMetrics(bl::Metrics& metrics) : metrics_(metrics) {
  for (const char* outcome : {"succeeded", "failed"}) ingests(metrics_, outcome);
  for (const char* kind : {"model", "hardware", "precision", "metric"}) unknown(metrics_, kind);
  for (std::size_t i = 0; i < k_skip_reasons; ++i) {
    skipped(metrics_, std::string(name_of(static_cast<SkipReason>(i))));
  }
  limit_hits(metrics_);
  const Written nothing;
  count_rows(metrics_, "point", nothing.points);
}

void IngestMetrics::count(const IngestReport& report) {
  ingests(metrics_, "succeeded").add();
  count_rows(metrics_, "point", report.written.points);
  count_rows(metrics_, "evaluation", report.written.evals);
  count_rows(metrics_, "run_stat", report.written.stats);
  count_rows(metrics_, "changelog", report.written.changelogs);
  for (const auto& [reason, count] : report.skipped) {
    skipped(metrics_, reason).add(static_cast<double>(count));
  }
  const std::lock_guard lock(mutex_);
  note("model", models_, report.models);
  note("hardware", hardware_, report.hardware);
  note("precision", precisions_, report.precisions);
  note("metric", metric_names_, report.new_metrics);
}

void IngestMetrics::failed() {
  ingests(metrics_, "failed").add();
}

void IngestMetrics::turned_away() {
  limit_hits(metrics_).add();
}

void IngestMetrics::note(const char* kind, Names& known, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (known.size() < k_names_max) known.insert(name);
  }
  unknown(metrics_, kind).set(static_cast<double>(known.size()));
}

}  // namespace bl::inference
