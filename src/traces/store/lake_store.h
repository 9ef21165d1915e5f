#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include "traces/columns.h"
#include "traces/lake_trace_store.h"
#include "traces/store/answer_cache.h"
#include "traces/store/facts_folder.h"
#include "traces/store/name_lists.h"
#include "traces/store/page_token.h"
#include "traces/store/span_reads.h"
#include "traces/store/trace_index.h"

namespace bl::traces {

/// The table and the index as one question sees them. Every acknowledged span is in the tail, in a
/// file that the index covers, or in one that it does not cover (yet), which is read.
struct Moment {
  lake::Snapshot snapshot;
  std::shared_ptr<const TraceIndex::State> index;
  std::shared_ptr<const Files> uncovered;

  bool is_covered() const { return uncovered->empty(); }
};

/// lake_store.cc: opening, spans in, lists. lookup.cc: by id. loading.cc: many traces at once.
/// repeats.cc: spans that came twice. retention.cc: old ones. search.cc, sums.cc: what their names
/// say.
class LakeStore final : public LakeTraceStore {
 public:
  LakeStore(const LakeTraceStoreParts& parts, const LakeTraceStoreLimits& limits);
  ~LakeStore() override;
  Result<void> start();

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
  Result<void> settle() override;
  Result<void> compact() override;

 private:
  // lake_store.cc
  Moment now();
  void follow();
  Result<void> follow_once();
  Result<void> know_names();
  Result<void> learn_names();
  Result<void> cover(const lake::Snapshot& snapshot, const lake::DataFile& file);
  Result<void> make_facts(const lake::Snapshot& snapshot);
  Result<SegmentWriter> bounds_in(const lake::Snapshot& snapshot, const lake::DataFile& file);
  Result<void> add_names_in(const lake::Snapshot& snapshot, const lake::DataFile& file);

  // repeats.cc
  Result<void> settle_repeats(const lake::Snapshot& snapshot, lake::ChangePart& part);

  // retention.cc
  static constexpr std::chrono::hours k_expire_every{1};
  struct Day;
  Result<std::vector<Day>> days_before(const Moment& moment, std::int32_t cut_hour,
                                       const std::vector<TraceId>& pinned);
  struct Planned;
  Result<void> plan_day(const Moment& moment, const Day& day, std::int32_t cut_hour,
                        Planned& planned);
  Result<std::vector<Planned>> plan(std::int32_t cut_hour);
  Result<void> forget(std::int32_t cut_hour);
  void expire_in_time();

  // lookup.cc
  struct Lookup;
  Result<Found> look_up(const TraceQuery& query);
  Result<void> read_known(const TraceQuery& query, Lookup& lookup);
  Result<void> read_windows(const TraceQuery& query, LookupPath path, Lookup& lookup);
  Result<void> read_window(const TraceId& id, const std::optional<Window>& window, Lookup& lookup);
  Result<void> read_files(const TraceId& id, const Files& files, const Hours& hours,
                          Lookup& lookup);
  Result<TraceAnswer> answer_of(const TraceQuery& query, Lookup& lookup);
  Result<TraceAnswer> answer_of_large(const TraceQuery& query, Lookup& lookup);

  // loading.cc
  struct Part {
    Files files;
    SpanReads::Bounds bounds;
  };
  Result<std::vector<Part>> parts_of(const Moment& moment, const std::vector<TraceId>& ids,
                                     ReadCost& cost);
  Result<SpanFacts> facts_of_traces(const Moment& moment, const std::vector<TraceId>& ids,
                                    ReadCost& cost);
  struct Loaded {
    TraceSummary summary;
    Spans spans;
  };
  /// Whole traces; of large ones the spans that meet the condition within the window.
  Result<std::vector<Loaded>> load(const Moment& moment, const std::vector<TraceId>& ids,
                                   const RowCondition& condition, const Window& window,
                                   ReadCost& cost);
  Files files_within(const Moment& moment, const Hours& hours) const;

  // search.cc
  struct Search;
  Result<bool> take(Search& search, const std::vector<PageEnd>& candidates);
  Result<bool> search_directly(Search& search, const Window& window);
  Result<void> look_into(Search& search, std::span<SpanReads::GroupPlace> groups,
                         const Window& window);
  Result<void> search_by_engine(Search& search, const Window& window);
  Result<void> search_hours(Search& search, const Window& window);

  // sums.cc
  Result<void> each_match(const Moment& moment, const MetricQuery& query,
                          const SpanMatcher& matcher, const SpanFacts& facts, ReadCost& cost,
                          const std::function<void(const Span&)>& each);
  Result<SpanFacts> facts_within(const Moment& moment, const Window& window, ReadCost& cost);

  const LakeTraceStoreParts parts_;
  const LakeTraceStoreLimits limits_;
  std::shared_ptr<lake::Table> table_;
  std::unique_ptr<SpanReads> reads_;
  NameLists names_;
  AnswerCache cache_;
  FactsFolder facts_;
  std::unique_ptr<TraceIndex> index_;
  // Files of an earlier process whose names the lists lack, in the snapshot that keeps them;
  // guarded by work_mutex_.
  std::set<std::string, std::less<>> foreign_;
  std::optional<lake::Snapshot> foreign_in_;
  std::atomic<bool> names_are_whole_ = false;

  std::mutex expire_mutex_;                     // one expiry at a time; taken before the next one
  std::optional<std::int32_t> forgotten_hour_;  // guarded by expire_mutex_
  std::optional<std::chrono::steady_clock::time_point> expired_at_;  // of the follower alone
  std::mutex work_mutex_;  // one addition to the index at a time
  mutable std::mutex mutex_;
  std::shared_ptr<const Files> uncovered_;               // guarded by mutex_, of the next two
  std::shared_ptr<const TraceIndex::State> seen_index_;  // guarded by mutex_
  std::int64_t seen_snapshot_ = -1;                      // guarded by mutex_
  bool stops_ = false;                                   // guarded by mutex_
  std::condition_variable stopping_;
  Counter spans_in_, repeated_in_, fallbacks_, expired_, direct_searches_, engine_searches_;
  std::map<LookupPath, Counter> lookups_;
  std::thread follower_;
};

/// Of spans that came twice the one that counts stays; in the order of is_before(). Gives how many
/// went.
std::int64_t settle_spans(Spans& spans);

}  // namespace bl::traces
