#include "traces/intake.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "net/retry_after.h"

namespace bl::traces {
namespace {

Counter spans_counter(Metrics& metrics, const char* outcome) {
  return metrics.counter(
      "bl_traces_intake_spans_total",
      "spans of requests: kept, rejected (told to the sender), or in a request that came again",
      {{"outcome", outcome}});
}
Counter requests_counter(Metrics& metrics, const char* wire, const char* outcome) {
  return metrics.counter("bl_traces_intake_requests_total", "requests of OTLP, by wire and outcome",
                         {{"wire", wire}, {"outcome", outcome}});
}

const char* name_of(OtlpWire wire) {
  return wire == OtlpWire::json ? "json" : "protobuf";
}

/// What may be over in a moment is told as such, so that no exporter drops its spans for it.
Error for_exporters(Error error) {
  switch (error.code) {
    case Code::io:
    case Code::disk_full:
    case Code::timeout:
    case Code::cancelled:
    case Code::outcome_unknown:
    case Code::conflict:
      error.code = Code::unavailable;
      return error;
    default:
      return error;
  }
}

PartialSuccess answer_of(const DecodedSpans& decoded) {
  PartialSuccess answer;
  answer.rejected_spans = decoded.rejected;
  if (decoded.rejected == 0) {
    if (decoded.ignored_indices > 0) {
      answer.message = fmt::format("{} *_strindex are passed over: traces have no table of texts",
                                   decoded.ignored_indices);
    }
    return answer;
  }
  answer.message = fmt::format("{} of {} spans are rejected", decoded.rejected,
                               decoded.rejected + static_cast<std::int64_t>(decoded.spans.size()));
  for (const Fault& fault : decoded.faults) {
    answer.message += fmt::format("; {}: {}", fault.path, fault.message);
    if (!fault.value.empty()) answer.message += ": " + fault.value;
  }
  return answer;
}

}  // namespace

Intake::Intake(StoreSource store, const Clock& clock, Metrics& metrics, const IntakeLimits& limits)
    : store_(std::move(store)),
      clock_(clock),
      limits_(limits),
      metrics_(metrics),
      accepted_(spans_counter(metrics, "kept")),
      rejected_(spans_counter(metrics, "rejected")),
      repeated_(spans_counter(metrics, "repeated")),
      limit_hits_(metrics.counter("bl_traces_intake_limit_hits_total",
                                  "requests of OTLP that were refused because traces.intake_max "
                                  "bytes were under way")),
      bytes_gauge_(metrics.gauge("bl_traces_intake_bytes",
                                 "bytes of OTLP requests that are decoded and written now")),
      seconds_(metrics.histogram("bl_traces_intake_seconds",
                                 "from a request's last byte until its spans are durable",
                                 Metrics::latency_bounds())) {}

Intake::Place::~Place() {
  intake_.bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
  intake_.bytes_gauge_.add(-static_cast<double>(bytes_));
}

Result<void> Intake::Place::grow_to(std::size_t bytes) {
  if (bytes <= bytes_) return {};
  const std::size_t more = bytes - bytes_;
  const std::size_t all = intake_.bytes_.fetch_add(more, std::memory_order_relaxed) + more;
  if (all > intake_.limits_.bytes_max) {
    intake_.bytes_.fetch_sub(more, std::memory_order_relaxed);
    intake_.limit_hits_.add();
    return Error{Code::overloaded,
                 fmt::format("more than {} bytes of spans are under way, send it again later: {}",
                             intake_.limits_.bytes_max, all)};
  }
  bytes_ = bytes;
  intake_.bytes_gauge_.add(static_cast<double>(more));
  return {};
}

Result<PartialSuccess> Intake::take(const Place&, std::string_view body, OtlpWire wire) {
  const auto begin = clock_.steady_now();
  auto kept = keep(body, wire);
  seconds_.observe(std::chrono::duration<double>(clock_.steady_now() - begin).count());
  const char* outcome = !kept.ok() ? "failed" : kept->rejected_spans > 0 ? "partial" : "ok";
  if (!kept.ok() && net::retry_after_seconds(kept.error().code)) outcome = "retry";
  requests_counter(metrics_, name_of(wire), outcome).add();
  return kept;
}

Result<PartialSuccess> Intake::keep(std::string_view body, OtlpWire wire) {
  const std::int64_t now_ns = clock_.now().micros * 1'000;
  auto decoded = wire == OtlpWire::json ? decode_otlp_json(body, now_ns, limits_.spans)
                                        : decode_otlp_protobuf(body, now_ns, limits_.spans);
  if (!decoded.ok()) return std::move(decoded).error();
  PartialSuccess answer = answer_of(*decoded);
  rejected_.add(static_cast<double>(decoded->rejected));
  if (decoded->spans.empty()) return answer;
  const auto count = static_cast<double>(decoded->spans.size());
  const auto store = store_();
  if (!store.ok()) return for_exporters(store.error());
  const auto ingested = (*store)->ingest(std::move(decoded->spans), sha256_hex(body));
  if (!ingested.ok()) return for_exporters(ingested.error());
  (ingested->repeated ? repeated_ : accepted_).add(count);
  return answer;
}

}  // namespace bl::traces
