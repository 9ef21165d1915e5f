#include "base/json.h"
#include "traces/trace_set_diff.h"

namespace bl::traces {
namespace {

void write(json::Writer& writer, const SetMeasure& measure) {
  writer.begin_object().member("base_p50", measure.base_p50).member("base_p95", measure.base_p95);
  writer.member("compare_p50", measure.compare_p50).member("compare_p95", measure.compare_p95);
  writer.member("shift", measure.shift).key("shift_interval").begin_array();
  writer.value(measure.shift_low).value(measure.shift_high).end_array();
  writer.member("p_value", measure.p_value).member("is_change", measure.is_change).end_object();
}

void write(json::Writer& writer, const PathDiff& path) {
  writer.begin_object().key("path").begin_array();
  for (const PathStep& step : path.path) {
    writer.begin_object().member("service", step.service).member("name", step.name);
    writer.member("kind", name_of(step.kind)).end_object();
  }
  writer.end_array().member("base_presence", path.base_presence);
  writer.member("compare_presence", path.compare_presence).key("spans");
  write(writer, path.spans);
  writer.key("duration_ns");
  write(writer, path.duration_ns);
  writer.key("self_ns");
  write(writer, path.self_ns);
  writer.key("critical_ns");
  write(writer, path.critical_ns);
  writer.key("span_duration_ns").begin_object();
  writer.member("base_p50", path.base_duration_p50).member("base_p95", path.base_duration_p95);
  writer.member("compare_p50", path.compare_duration_p50);
  writer.member("compare_p95", path.compare_duration_p95).end_object().end_object();
}

}  // namespace

std::string encode_set_diff(const SetDiff& diff) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("base_runs", std::uint64_t{diff.base_runs});
  writer.member("compare_runs", std::uint64_t{diff.compare_runs});
  writer.member("can_decide", diff.can_decide);
  writer.member("direction", name_of(direction_of(diff))).key("trace_ns");
  write(writer, diff.trace_ns);
  writer.member("paths_compared", std::uint64_t{diff.paths_compared});
  writer.member("left_out_spans", diff.left_out_spans).key("changed").begin_array();
  for (const PathDiff& path : diff.changed) write(writer, path);
  writer.end_array().end_object();
  return text;
}

}  // namespace bl::traces
