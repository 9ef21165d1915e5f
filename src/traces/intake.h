#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/time.h"
#include "traces/otlp.h"
#include "traces/trace_store.h"

/// Requests of OTLP on their way into the store: what the HTTP and the gRPC side share. What is
/// answered with success is durable; what cannot be taken now is refused so that exporters send it
/// again, and nothing is dropped in between.
namespace bl::traces {

/// The store, opened at the latest now. Errors: not_found (this server keeps no traces), those of
/// opening.
using StoreSource = std::function<Result<TraceStore*>()>;

enum class OtlpWire : unsigned char { protobuf, json };

struct IntakeLimits {
  /// Of all requests together that are decoded and written now; more: overloaded.
  std::size_t bytes_max = 256u << 20;
  SpanLimits spans = {};
};

/// Threads: any.
class Intake {
 public:
  /// `clock` and `metrics` outlive this.
  Intake(StoreSource store, const Clock& clock, Metrics& metrics, const IntakeLimits& limits = {});
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  /// The bytes of one request, counted among those of all as long as it lives. One thread.
  class Place {
   public:
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    /// Errors: overloaded (all together would be over bytes_max; nothing changes).
    Result<void> grow_to(std::size_t bytes);

   private:
    friend class Intake;
    explicit Place(Intake& intake) : intake_(intake) {}
    Intake& intake_;
    std::size_t bytes_ = 0;
  };
  Place begin() { return Place(*this); }

  /// Decodes and keeps one request; `place` holds its bytes. Durable on return. Spans that cannot
  /// be kept are counted in the answer, the others are kept. Errors: malformed, invalid, too_large
  /// (never to be sent again), overloaded, unavailable (to be sent again), internal, corrupt.
  Result<PartialSuccess> take(const Place& place, std::string_view body, OtlpWire wire);
  const IntakeLimits& limits() const { return limits_; }

 private:
  Result<PartialSuccess> keep(std::string_view body, OtlpWire wire);

  const StoreSource store_;
  const Clock& clock_;
  const IntakeLimits limits_;
  std::atomic<std::size_t> bytes_{0};
  Metrics& metrics_;
  Counter accepted_, rejected_, repeated_, limit_hits_;
  Gauge bytes_gauge_;
  Histogram seconds_;
};

}  // namespace bl::traces
