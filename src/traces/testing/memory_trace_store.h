#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "traces/trace_store.h"

namespace bl::traces {

/// The rule for every keeper of spans: a list of spans, every answer by looking at all of them.
/// Forgets all when it goes. Threads: any, one at a time.
class MemoryTraceStore final : public TraceStore {
 public:
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

 private:
  Spans of(const TraceId& id) const;
  std::mutex mutex_;
  std::map<TraceId, Spans> traces_;  // without repeated ones, in order
  Spans all_;                        // repeated ones too: lists never forget
  std::map<TraceId, std::int64_t> repeated_;
  std::set<std::string, std::less<>> requests_;
  std::int64_t version_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace bl::traces
