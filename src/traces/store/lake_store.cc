#include "traces/store/lake_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <ranges>
#include <unordered_map>

#include "lake/keyed_rows.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_table = "spans";
constexpr std::chrono::milliseconds k_look{200};

lake::Layout layout_of_spans() {
  lake::Layout layout;
  layout.group = "strftime(make_timestamp(CAST(hour AS BIGINT) * 3600000000), '%Y-%m-%d')";
  layout.order = {{"hour"}, {"trace_high"}, {"trace_low"}, {"start_ns"}};
  layout.row_group_rows = 4'096;
  return layout;
}

// Spans of one resource share it here too.
template <class T>
class Canonical {
 public:
  std::shared_ptr<const T> of(const std::shared_ptr<const T>& one) {
    auto& known = known_[one.get()];
    if (known == nullptr) {
      auto copy = std::make_shared<T>(*one);
      make_canonical(*copy);
      known = std::move(copy);
    }
    return known;
  }

 private:
  std::unordered_map<const T*, std::shared_ptr<const T>> known_;
};

Result<void> make_ready(Spans& spans) {
  Canonical<Resource> resources;
  Canonical<Scope> scopes;
  for (Span& span : spans) {
    std::int64_t duration = 0;
    if (__builtin_sub_overflow(span.end_ns, span.start_ns, &duration) || duration < 0) {
      return Error{Code::invalid,
                   "a span that ends before it begins, or too long after: " + span.span_id.hex()};
    }
    make_canonical(span);
    span.resource = resources.of(span.resource);
    span.scope = scopes.of(span.scope);
  }
  return {};
}

Counter searches_counter(Metrics& metrics, std::string_view reader) {
  return metrics.counter("bl_traces_searches_total", "Searches of traces, by what read the files",
                         {{"reader", std::string(reader)}});
}

}  // namespace

Result<std::unique_ptr<LakeTraceStore>> LakeTraceStore::open(const LakeTraceStoreParts& parts,
                                                             const LakeTraceStoreLimits& limits) {
  auto store = std::make_unique<LakeStore>(parts, limits);
  BL_RETURN_IF_ERROR(store->start());
  return std::unique_ptr<LakeTraceStore>(std::move(store));
}

LakeStore::LakeStore(const LakeTraceStoreParts& parts, const LakeTraceStoreLimits& limits)
    : parts_(parts),
      limits_(limits),
      names_(limits.names_max),
      cache_(limits.cache_bytes_max, parts.metrics),
      facts_(parts.disk, parts.folder, limits.facts_bytes_max, parts.metrics, parts.log),
      spans_in_(parts.metrics.counter("bl_traces_spans_total", "Spans taken in", {})),
      repeated_in_(parts.metrics.counter("bl_traces_repeated_requests_total",
                                         "Requests of spans that were there already", {})),
      fallbacks_(parts.metrics.counter("bl_traces_fallbacks_total",
                                       "Ways to a trace that did not end it", {})),
      expired_(parts.metrics.counter("bl_traces_expired_spans_total",
                                     "Spans that went, since they were too old", {})),
      direct_searches_(searches_counter(parts.metrics, "direct")),
      engine_searches_(searches_counter(parts.metrics, "engine")) {
  for (const auto path : {LookupPath::hint, LookupPath::bounds, LookupPath::recent,
                          LookupPath::windows, LookupPath::full}) {
    lookups_.emplace(path,
                     parts.metrics.counter("bl_traces_lookups_total",
                                           "Traces looked for by id, by the way that ended it",
                                           {{"path", std::string(name_of(path))}}));
  }
}

LakeStore::~LakeStore() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  stopping_.notify_all();
  if (follower_.joinable()) follower_.join();
  if (table_ != nullptr) table_->compact_with({});
}

Result<void> LakeStore::start() {
  BL_TRY(table_, lake::ensure_table(parts_.lake, std::string(k_table), SpanTable::schema(),
                                    layout_of_spans()));
  BL_TRY(reads_, SpanReads::open(parts_.lake, parts_.metrics, limits_));
  BL_TRY(index_,
         TraceIndex::open(parts_.disk, parts_.folder, parts_.log, names_, limits_.segments_max));
  // Names of spans that an earlier process took in: of the tail now, of files with their bounds.
  const lake::Snapshot snapshot = table_->snapshot();
  SpanReader reader;
  for (const columns::Batch& batch : snapshot.tail()) {
    Spans spans;
    BL_RETURN_IF_ERROR(reader.read(batch, spans));
    names_.add(spans);
  }
  const auto index = index_->state();
  for (const lake::DataFile& file : snapshot.files().files()) {
    if (!index->covered.contains(file.key)) foreign_.insert(file.key);
  }
  names_are_whole_ = foreign_.empty();
  if (!foreign_.empty()) foreign_in_ = snapshot;
  table_->compact_with([this](const lake::Snapshot& files, lake::ChangePart& part) {
    return settle_repeats(files, part);
  });
  follower_ = std::thread([this] { follow(); });
  return {};
}

Result<Ingested> LakeStore::ingest(Spans spans, std::string_view request_key) {
  Ingested done;
  if (spans.empty()) return done;
  done.spans = std::ssize(spans);
  BL_RETURN_IF_ERROR(make_ready(spans));
  BL_TRY(const auto batches, batches_of(spans));
  bool is_new = false;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    std::string key(request_key);
    // Of a large request each part has its own key: what a retry finds done stays done.
    if (!key.empty() && batches.size() > 1) key += fmt::format("/{}", i);
    BL_TRY(const lake::Ack ack, table_->append(batches[i], key));
    is_new = is_new || !ack.replayed;
  }
  done.repeated = !is_new;
  if (!is_new) {
    repeated_in_.add();
    return done;
  }
  names_.add(spans);
  TraceId last;
  for (const Span& span : spans) {
    if (span.trace_id != last) cache_.touch(span.trace_id);
    last = span.trace_id;
  }
  spans_in_.add(static_cast<double>(spans.size()));
  return done;
}

// The index ---------------------------------------------------------------------------------------

Moment LakeStore::now() {
  // Whichever changes in between: a file of this snapshot that this index does not cover is read.
  Moment moment{table_->snapshot(), index_->state(), nullptr};
  const std::lock_guard lock(mutex_);
  if (seen_snapshot_ != moment.snapshot.id() || seen_index_ != moment.index) {
    auto uncovered = std::make_shared<Files>();
    for (const lake::DataFile& file : moment.snapshot.files().files()) {
      if (!moment.index->covered.contains(file.key)) uncovered->push_back(&file);
    }
    uncovered_ = std::move(uncovered);
    seen_snapshot_ = moment.snapshot.id();
    seen_index_ = moment.index;
  }
  moment.uncovered = uncovered_;
  return moment;
}

void LakeStore::follow() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (stopping_.wait_for(lock, k_look, [&] { return stops_; })) return;
    }
    if (const auto done = follow_once(); !done.ok()) {
      parts_.log.warning("the index of traces is not brought up to date",
                         {{"why", done.error().message}});
    }
    expire_in_time();
  }
}

Result<void> LakeStore::follow_once() {
  const std::lock_guard working(work_mutex_);
  // What the index covers has its names in the lists that are saved with it.
  BL_RETURN_IF_ERROR(learn_names());
  if (!names_are_whole_) return {};
  const lake::Snapshot snapshot = table_->snapshot();
  // The newest first: they are asked for most.
  std::vector<const lake::DataFile*> files;
  const auto index = index_->state();
  for (const lake::DataFile& file : snapshot.files().files()) {
    if (!index->covered.contains(file.key)) files.push_back(&file);
  }
  std::ranges::reverse(files);
  for (const lake::DataFile* file : files) {
    {
      const std::lock_guard lock(mutex_);
      if (stops_) return {};
    }
    BL_RETURN_IF_ERROR(cover(snapshot, *file));
  }
  if (!files.empty()) reads_->footers().keep(snapshot.files());
  return make_facts(snapshot);
}

// Of files of the index alone: lookups come first, and names are learned by then.
Result<void> LakeStore::make_facts(const lake::Snapshot& snapshot) {
  if (!limits_.reads_directly) return {};
  bool is_new = false;
  for (const lake::DataFile& file : std::views::reverse(snapshot.files().files())) {
    if (facts_.has(file.key)) continue;
    {
      const std::lock_guard lock(mutex_);
      if (stops_) return {};
    }
    ReadCost cost;
    BL_TRY(const auto layout, reads_->layout_of(file, cost));
    facts_.make(parts_.lake.store(), file, *layout);
    is_new = true;
  }
  if (is_new || facts_.files() > snapshot.files().files().size()) facts_.keep(snapshot.files());
  return {};
}

Result<void> LakeStore::cover(const lake::Snapshot& snapshot, const lake::DataFile& file) {
  BL_TRY(const SegmentWriter records, bounds_in(snapshot, file));
  // A footer that is known by then costs no question anything.
  ReadCost cost;
  BL_TRY(const Files chosen, reads_->choose({&file}, k_all_hours, {}, cost));
  BL_RETURN_IF_ERROR(index_->add(file.key, records, names_, [&](const std::string& key) {
    return snapshot.files().find(key) != nullptr;
  }));
  return {};
}

// With the work mutex. Files that were put together since are still read as they were.
Result<void> LakeStore::learn_names() {
  while (!foreign_.empty()) {
    {
      const std::lock_guard lock(mutex_);
      if (stops_) return {};
    }
    const auto key = foreign_.begin();
    BL_RETURN_IF_ERROR(add_names_in(*foreign_in_, *foreign_in_->files().find(*key)));
    foreign_.erase(key);
  }
  foreign_in_.reset();
  names_are_whole_ = true;
  return {};
}

Result<void> LakeStore::know_names() {
  if (names_are_whole_) return {};
  const std::lock_guard working(work_mutex_);
  return learn_names();
}

Result<std::vector<std::string>> LakeStore::services() {
  BL_RETURN_IF_ERROR(know_names());
  return names_.services();
}

Result<std::vector<Operation>> LakeStore::operations(std::string_view service,
                                                     std::optional<SpanKind> kind) {
  BL_RETURN_IF_ERROR(know_names());
  return names_.operations(service, kind);
}

Result<std::vector<AttributeKey>> LakeStore::attribute_keys(std::optional<AttributePlace> place) {
  BL_RETURN_IF_ERROR(know_names());
  return names_.keys(place);
}

Result<SegmentWriter> LakeStore::bounds_in(const lake::Snapshot& snapshot,
                                           const lake::DataFile& file) {
  std::vector<std::pair<TraceId, TraceBounds>> traces;
  SpanReads::Select select;
  select.with_tail = false;
  select.select =
      "trace_high, trace_low, min(start_ns), max(start_ns + duration_ns), "
      "min(service) FILTER (parent_span_id IS NULL), max(service) FILTER (parent_span_id IS NULL), "
      "min(name) FILTER (parent_span_id IS NULL), max(name) FILTER (parent_span_id IS NULL)";
  select.rest = "GROUP BY trace_high, trace_low";
  const auto each = [&](const columns::Batch& batch) -> Result<void> {
    BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
    BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
    BL_TRY(const auto start, batch.column(2).as<std::int64_t>());
    BL_TRY(const auto end, batch.column(3).as<std::int64_t>());
    BL_TRY(const auto service, batch.column(4).as<std::string_view>());
    BL_TRY(const auto other_service, batch.column(5).as<std::string_view>());
    BL_TRY(const auto name, batch.column(6).as<std::string_view>());
    BL_TRY(const auto other_name, batch.column(7).as<std::string_view>());
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      TraceBounds bounds;
      bounds.start_ns = start[i];
      bounds.end_ns = end[i];
      if (!service.is_null(i)) {
        const bool agree = service[i] == other_service[i] && name[i] == other_name[i];
        bounds.root = agree ? TraceBounds::Root::one : TraceBounds::Root::many;
        if (agree) bounds.root_service = service[i];
        if (agree) bounds.root_name = name[i];
      }
      const TraceId id{std::bit_cast<std::uint64_t>(high[i]), std::bit_cast<std::uint64_t>(low[i])};
      traces.emplace_back(id, std::move(bounds));
    }
    return {};
  };
  BL_RETURN_IF_ERROR(reads_->read(snapshot, {&file}, select, each));
  std::ranges::sort(traces, {}, [](const auto& one) { return one.first; });
  SegmentWriter writer;
  for (const auto& [id, bounds] : traces) writer.add(id, bounds);
  return writer;
}

Result<void> LakeStore::add_names_in(const lake::Snapshot& snapshot, const lake::DataFile& file) {
  SpanReader reader;
  SpanReads::Select select;
  select.with_tail = false;
  select.select = "*";
  return reads_->read(snapshot, {&file}, select, [&](const columns::Batch& batch) -> Result<void> {
    Spans spans;
    BL_RETURN_IF_ERROR(reader.read(batch, spans));
    names_.add(spans);
    return {};
  });
}

Result<void> LakeStore::settle() {
  return follow_once();
}

Result<void> LakeStore::compact() {
  for (;;) {
    BL_TRY(const lake::Flushed flushed, table_->flush());
    if (flushed.rows == 0) break;
  }
  BL_TRY([[maybe_unused]] const auto compacted, table_->compact());
  return follow_once();
}

Result<StoreStatus> LakeStore::status() {
  const Moment moment = now();
  StoreStatus status;
  status.spans = moment.snapshot.rows();
  status.files = std::ssize(moment.snapshot.files().files());
  status.bytes = static_cast<std::int64_t>(moment.snapshot.files().bytes());
  status.tail_spans = status.spans - moment.snapshot.files().rows();
  status.bounds_complete = moment.is_covered();
  status.data_version = moment.snapshot.id();
  status.resident_bytes =
      static_cast<std::int64_t>(moment.index->bytes() + reads_->footers().bytes() + facts_.bytes() +
                                names_.bytes() + cache_.bytes());
  std::vector<TraceId> in_tail;
  for (const columns::Batch& batch : moment.snapshot.tail()) {
    BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
    BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      in_tail.push_back(
          {std::bit_cast<std::uint64_t>(high[i]), std::bit_cast<std::uint64_t>(low[i])});
    }
  }
  std::ranges::sort(in_tail);
  in_tail.erase(std::unique(in_tail.begin(), in_tail.end()), in_tail.end());
  const auto fresh =
      std::ranges::count_if(in_tail, [&](const TraceId& id) { return !moment.index->has(id); });
  status.traces = moment.index->traces + fresh;
  return status;
}

}  // namespace bl::traces
