#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "traces/trace_store.h"

namespace bl::traces {

/// The rule for every keeper of spans: a list of spans, every answer by looking at all of them.
/// Forgets all when it goes. Threads: any, one at a time.
class MemoryTraceStore final : public TraceStore {
 public:
  explicit MemoryTraceStore(std::set<TraceId> pinned = {}) : pinned_(std::move(pinned)) {}

  Result<Ingested> ingest(Spans spans, std::string_view request_key) override;
  Result<Found> trace(const TraceQuery& query) override;
  Result<std::vector<TraceSummary>> summaries(const std::vector<TraceId>& ids) override;
  Result<SearchAnswer> search(const SearchQuery& query) override;
  Result<std::vector<std::string>> services() override;
  Result<std::vector<Operation>> operations(std::string_view service,
                                            std::optional<SpanKind> kind) override;
  Result<std::vector<AttributeKey>> attribute_keys(std::optional<AttributePlace> place) override;
  Result<std::vector<AnyValue>> attribute_values(const AttributeField& field, const Window& window,
                                                 std::size_t limit) override;
  Result<std::vector<Dependency>> dependencies(const Window& window) override;
  Result<MetricAnswer> metrics(const MetricQuery& query) override;
  Result<StoreStatus> status() override;
  Result<ExpiredSpans> expire(std::int64_t before_ns, Expiry mode) override;

  bool has_expired() const { return has_expired_; }
  /// One that got the spans that count and are not expired, and nothing else.
  std::unique_ptr<MemoryTraceStore> settled();

 private:
  void keep(Span span);
  Spans of(const TraceId& id) const;
  std::mutex mutex_;
  std::map<TraceId, Spans> traces_;  // without repeated ones, in order
  Spans all_;                        // repeated ones too
  Spans ever_;                       // expired ones too: lists never forget
  const std::set<TraceId> pinned_;
  bool has_expired_ = false;
  std::map<TraceId, std::int64_t> repeated_;
  std::set<std::string, std::less<>> requests_;
  std::int64_t version_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace bl::traces
