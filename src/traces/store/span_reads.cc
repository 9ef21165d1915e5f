#include "traces/store/span_reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "lake/keyed_rows.h"
#include "traces/columns.h"
#include "traces/store/filter_sql.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_tail = "benchlake_spans_tail";
constexpr std::chrono::seconds k_wait_max{30};
constexpr std::size_t k_pairs_max = 32;

std::int64_t high_of(const TraceId& id) {
  return std::bit_cast<std::int64_t>(id.high);
}
std::int64_t low_of(const TraceId& id) {
  return std::bit_cast<std::int64_t>(id.low);
}

bool may_hold(const RowGroup& group, const Hours& hours, const std::vector<std::int64_t>& highs) {
  if (group.hour_max < hours.first || group.hour_min > hours.last) return false;
  if (highs.empty()) return true;
  const auto at = std::ranges::lower_bound(highs, group.trace_high_min);
  return at != highs.end() && *at <= group.trace_high_max;
}

// The row groups of a file that may have rows of those ids and hours.
std::vector<std::size_t> groups_of(const FileLayout& layout, const Hours& hours,
                                   const std::vector<std::int64_t>& highs) {
  std::vector<std::size_t> groups;
  for (std::size_t i = 0; i < layout.groups.size(); ++i) {
    if (may_hold(layout.groups[i], hours, highs)) groups.push_back(i);
  }
  return groups;
}

Counter files_counter(Metrics& metrics, std::string_view reader) {
  return metrics.counter("bl_traces_files_read_total",
                         "Files of spans that were read for traces by id, and by what",
                         {{"reader", std::string(reader)}});
}

std::vector<std::int64_t> highs_of(const std::vector<TraceId>& ids) {
  std::vector<std::int64_t> highs;
  for (const TraceId& id : ids) highs.push_back(high_of(id));
  std::ranges::sort(highs);
  return highs;
}

// Rows of a tail's batch that are wanted, as runs of neighbours.
template <class Wanted, class Each>
Result<void> each_run(const columns::Batch& batch, const Wanted& wanted, const Each& each) {
  std::int64_t from = -1;
  for (std::int64_t row = 0; row <= batch.rows(); ++row) {
    const bool is_wanted = row < batch.rows() && wanted(row);
    if (is_wanted && from < 0) from = row;
    if (!is_wanted && from >= 0) {
      BL_RETURN_IF_ERROR(each(batch.slice(from, row - from)));
      from = -1;
    }
  }
  return {};
}

}  // namespace

Hours hours_of(const Window& window) {
  if (window.end_ns <= window.start_ns) return {0, -1};
  return {hour_of(window.start_ns), hour_of(window.end_ns - 1)};
}

// A connection as long as it is used.
class SpanReads::Lent {
 public:
  Lent(SpanReads& owner, std::unique_ptr<duck::Connection> connection)
      : owner_(&owner), connection_(std::move(connection)) {}
  Lent(Lent&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), connection_(std::move(other.connection_)) {}
  Lent& operator=(Lent&&) = delete;
  ~Lent() {
    if (owner_ == nullptr) return;
    const std::lock_guard lock(owner_->mutex_);
    owner_->lent_ -= 1;
    owner_->free_.push_back(std::move(connection_));
    owner_->given_back_.notify_one();
  }
  duck::Connection& operator*() const { return *connection_; }
  duck::Connection* operator->() const { return connection_.get(); }

 private:
  SpanReads* owner_;
  std::unique_ptr<duck::Connection> connection_;
};

SpanReads::SpanReads(lake::Lake& lake, Metrics& metrics, const LakeTraceStoreLimits& limits)
    : lake_(lake),
      limits_(limits),
      footers_(lake.store(), limits.reads_directly),
      direct_files_(files_counter(metrics, "direct")),
      engine_files_(files_counter(metrics, "engine")) {}

Result<std::unique_ptr<SpanReads>> SpanReads::open(lake::Lake& lake, Metrics& metrics,
                                                   const LakeTraceStoreLimits& limits) {
  if (lake.store().kind() != "file") {
    return Error{Code::unsupported,
                 "traces are kept in a lake on a disk of this machine, and this one lies "
                 "elsewhere: " +
                     std::string(lake.store().kind())};
  }
  std::unique_ptr<SpanReads> reads(new SpanReads(lake, metrics, limits));
  duck::DatabaseOptions options;
  options.limits.memory_bytes_max = limits.engine_memory_bytes_max;
  options.limits.threads = limits.engine_threads;
  options.counts_progress = false;
  BL_TRY(reads->engine_, duck::Database::open(std::move(options)));
  BL_TRY(auto connection, reads->engine_->connect());
  // Files never change: their footers are read once.
  BL_RETURN_IF_ERROR(connection->run("SET GLOBAL parquet_metadata_cache = true"));
  reads->free_.push_back(std::move(connection));
  return reads;
}

Result<SpanReads::Lent> SpanReads::lend() {
  std::unique_lock lock(mutex_);
  const bool is_free =
      given_back_.wait_for(lock, k_wait_max, [&] { return lent_ < limits_.queries_max; });
  if (!is_free) {
    return Error{Code::overloaded, fmt::format("too many traces are being read, reads at once: {}",
                                               limits_.queries_max)};
  }
  lent_ += 1;
  if (!free_.empty()) {
    Lent lent(*this, std::move(free_.back()));
    free_.pop_back();
    return lent;
  }
  lock.unlock();
  auto connection = engine_->connect();
  if (connection.ok()) return Lent(*this, *std::move(connection));
  lock.lock();
  lent_ -= 1;
  return std::move(connection).error();
}

Result<Files> SpanReads::choose(const Files& files, const Hours& hours,
                                const std::vector<TraceId>& ids, ReadCost& cost) {
  Files chosen;
  if (files.empty()) return chosen;
  const auto highs = highs_of(ids);
  BL_TRY(const auto paths, lake::paths_of(lake_, files));
  BL_TRY(const Lent connection, lend());
  for (std::size_t i = 0; i < files.size(); ++i) {
    BL_TRY(const auto layout, footers_.of(*connection, *files[i], paths[i], cost));
    cost.files_considered += 1;
    cost.row_groups_considered += std::ssize(layout->groups);
    const auto groups = groups_of(*layout, hours, highs);
    if (groups.empty()) {
      cost.files_pruned += 1;
      continue;
    }
    for (const std::size_t group : groups) cost.bytes_read += layout->groups[group].bytes;
    cost.row_groups_read += std::ssize(groups);
    cost.files_read += 1;
    cost.requests += layout->chunks ? std::ssize(runs_of(*layout->chunks, groups)) : 1;
    chosen.push_back(files[i]);
  }
  return chosen;
}

Result<Hours> SpanReads::hours_in(const Files& files, ReadCost& cost) {
  Hours hours{k_all_hours.last, k_all_hours.first};
  if (files.empty()) return hours;
  BL_TRY(const auto paths, lake::paths_of(lake_, files));
  BL_TRY(const Lent connection, lend());
  for (std::size_t i = 0; i < files.size(); ++i) {
    BL_TRY(const auto layout, footers_.of(*connection, *files[i], paths[i], cost));
    for (const RowGroup& group : layout->groups) {
      hours.first = std::min(hours.first, group.hour_min);
      hours.last = std::max(hours.last, group.hour_max);
    }
  }
  return hours;
}

Result<void> SpanReads::read(const lake::Snapshot& snapshot, const Files& files,
                             const Select& select, const Each& each) {
  if (files.empty() && (!select.with_tail || snapshot.tail().empty())) return {};
  BL_TRY(const auto paths, lake::paths_of(lake_, files));
  BL_TRY(const Lent connection, lend());
  std::optional<lake::Snapshot> bare;
  if (!select.with_tail && !snapshot.tail().empty()) {
    bare.emplace(std::shared_ptr<const lake::FileSet>(std::shared_ptr<void>(), &snapshot.files()),
                 std::vector<columns::Batch>());
  }
  BL_TRY(const lake::Relation relation,
         lake::relation_of(*connection, bare ? *bare : snapshot, files, paths, k_tail));
  const std::string sql = fmt::format("SELECT {} FROM {} AS spans WHERE {} {}", select.select,
                                      relation.sql, select.where, select.rest);
  duck::QueryOptions options;
  options.time_max = limits_.query_ms_max;
  BL_TRY(duck::Answer answer, connection->query(sql, select.values, options));
  for (;;) {
    BL_TRY(const auto batch, answer.next());
    if (!batch) return {};
    auto done = each(*batch);
    if (done.ok()) continue;
    if (done.error().code == Code::cancelled) return {};
    return done;
  }
}

Result<std::shared_ptr<const FileLayout>> SpanReads::layout_of(const lake::DataFile& file,
                                                               ReadCost& cost) {
  const Files one{&file};
  BL_TRY(const auto paths, lake::paths_of(lake_, one));
  BL_TRY(const Lent connection, lend());
  return footers_.of(*connection, file, paths[0], cost);
}

Result<std::optional<std::vector<SpanReads::GroupPlace>>> SpanReads::groups_within(
    const Files& files, const Window& window, ReadCost& cost) {
  using Groups = std::vector<GroupPlace>;
  if (!limits_.reads_directly) return std::optional<Groups>();
  Groups groups;
  if (files.empty()) return std::optional(std::move(groups));
  const Hours hours = hours_of(window);
  BL_TRY(const auto paths, lake::paths_of(lake_, files));
  BL_TRY(const Lent connection, lend());
  for (std::size_t i = 0; i < files.size(); ++i) {
    BL_TRY(const auto layout, footers_.of(*connection, *files[i], paths[i], cost));
    if (!layout->chunks) return std::optional<Groups>();
    cost.files_considered += 1;
    cost.row_groups_considered += std::ssize(layout->groups);
    for (std::size_t at = 0; at < layout->groups.size(); ++at) {
      const RowGroup& group = layout->groups[at];
      const bool may = may_hold(group, hours, {}) && group.start_min < window.end_ns &&
                       group.start_max >= window.start_ns;
      if (!may) continue;
      groups.push_back({files[i], layout, at, std::min(group.start_max, window.end_ns - 1)});
    }
  }
  return std::optional(std::move(groups));
}

Result<void> SpanReads::scan(std::span<const GroupPlace> groups, const ScanQuery& query,
                             ReadCost& cost, const EachStart& each) {
  const lake::DataFile& file = *groups[0].file;
  const FileLayout& layout = *groups[0].layout;
  const std::vector<std::size_t> columns = columns_of(query);
  std::vector<std::size_t> places;
  for (const GroupPlace& one : groups) {
    places.push_back(one.group);
    for (const std::size_t column : columns) {
      cost.bytes_read += layout.chunks->groups[one.group].chunks[column].bytes;
    }
  }
  cost.row_groups_read += std::ssize(places);
  cost.requests += std::ssize(runs_of(*layout.chunks, places, columns));
  // As many at once as may be.
  BL_TRY(const Lent turn, lend());
  return each_group(lake_.store(), file, *layout.chunks, places, columns,
                    [&](std::size_t at, const CellsOf& cells) {
                      const RowGroup& group = layout.groups[at];
                      const bool are_within = query.starts.contains(group.start_min) &&
                                              query.starts.contains(group.start_max);
                      return scan_rows(group.rows, query, are_within, cells, each);
                    });
}

Result<void> SpanReads::scan_tail(const lake::Snapshot& snapshot, const ScanQuery& query,
                                  const EachStart& each) {
  for (const columns::Batch& batch : snapshot.tail()) {
    BL_RETURN_IF_ERROR(scan_rows(batch.rows(), query, false, cells_of(batch), each));
  }
  return {};
}

Result<void> SpanReads::read_tail(const lake::Snapshot& snapshot, const Bounds& bounds,
                                  const Each& each) {
  const auto highs = highs_of(bounds.ids);
  for (const columns::Batch& batch : snapshot.tail()) {
    BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
    BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
    BL_TRY(const auto start, batch.column("start_ns"));
    BL_TRY(const auto starts, start.as<std::int64_t>());
    const auto is_one = [&](std::int64_t row) {
      const TraceId id{std::bit_cast<std::uint64_t>(high[row]),
                       std::bit_cast<std::uint64_t>(low[row])};
      return std::ranges::find(bounds.ids, id) != bounds.ids.end();
    };
    const auto wanted = [&](std::int64_t row) {
      const bool may =
          highs.size() == 1 ? high[row] == highs[0] : std::ranges::binary_search(highs, high[row]);
      if (!may || !is_one(row)) return false;
      const std::int32_t hour = hour_of(starts[row]);
      if (hour < bounds.hours.first || hour > bounds.hours.last) return false;
      return !bounds.starts || bounds.starts->contains(starts[row]);
    };
    BL_RETURN_IF_ERROR(each_run(batch, wanted, each));
  }
  return {};
}

// Gives the files that are left to the engine.
Result<Files> SpanReads::read_some_directly(const Files& files, const Bounds& bounds,
                                            std::string_view select, const Each& each) {
  static const DirectColumns k_all = direct_columns("*");
  static const DirectColumns k_facts = direct_columns(SpanFacts::k_select);
  BL_TRY(const auto paths, lake::paths_of(lake_, files));
  BL_TRY(const Lent connection, lend());
  const auto highs = highs_of(bounds.ids);
  DirectQuery query{bounds.ids, bounds.hours, bounds.starts, bounds.condition};
  sort_ids(query.ids);
  Files left;
  for (std::size_t i = 0; i < files.size(); ++i) {
    ReadCost known_before;  // choose() has counted it
    BL_TRY(const auto layout, footers_.of(*connection, *files[i], paths[i], known_before));
    if (!layout->chunks) {
      left.push_back(files[i]);
      continue;
    }
    direct_files_.add();
    BL_RETURN_IF_ERROR(read_directly(lake_.store(), *files[i], *layout->chunks,
                                     groups_of(*layout, bounds.hours, highs), query,
                                     select == "*" ? k_all : k_facts, each));
  }
  return left;
}

Result<void> SpanReads::read_files(const lake::Snapshot& snapshot, const Files& all,
                                   const Bounds& bounds, std::string_view select,
                                   const Each& each) {
  Files files = all;
  if (limits_.reads_directly && !files.empty()) {
    auto left = read_some_directly(files, bounds, select, each);
    if (!left.ok() && left.error().code == Code::cancelled) return {};
    BL_TRY(files, std::move(left));
  }
  if (files.empty()) return {};
  engine_files_.add(static_cast<double>(files.size()));
  // Numbers of ours as literals: the engine leaves out row groups by them when it binds.
  std::string highs, pairs;
  for (const TraceId& id : bounds.ids) {
    highs += fmt::format("{}{}", highs.empty() ? "" : ", ", high_of(id));
    pairs += fmt::format("{}(trace_high = {} AND trace_low = {})", pairs.empty() ? "" : " OR ",
                         high_of(id), low_of(id));
  }
  Select query;
  query.with_tail = false;
  query.select = select;
  query.where = bounds.ids.size() == 1 ? fmt::format("trace_high = {} AND trace_low = {}",
                                                     high_of(bounds.ids[0]), low_of(bounds.ids[0]))
                                       : fmt::format("trace_high IN ({})", highs);
  // Of many, one that shares the half of another's id may come along: who reads looks at the id.
  if (bounds.ids.size() > 1 && bounds.ids.size() <= k_pairs_max)
    query.where += " AND (" + pairs + ")";
  query.where += fmt::format(" AND hour BETWEEN {} AND {}", bounds.hours.first, bounds.hours.last);
  if (bounds.starts) {
    query.where += fmt::format(" AND start_ns >= {} AND start_ns < {}", bounds.starts->start_ns,
                               bounds.starts->end_ns);
  }
  if (bounds.condition != nullptr) query.where += " AND (" + sql_of(*bounds.condition) + ")";
  return read(snapshot, files, query, each);
}

Result<bool> SpanReads::spans(const lake::Snapshot& snapshot, const Files& files,
                              const Bounds& bounds, Spans& out) {
  SpanReader reader;
  bool is_whole = true;
  const Each each = [&](const columns::Batch& batch) -> Result<void> {
    BL_RETURN_IF_ERROR(reader.read(batch, out));
    if (out.size() <= bounds.spans_max) return {};
    is_whole = false;
    return Error{Code::cancelled, "enough"};
  };
  if (bounds.has_tail) {
    auto done = read_tail(snapshot, bounds, each);
    if (!is_whole) return false;
    BL_RETURN_IF_ERROR(done);
  }
  BL_RETURN_IF_ERROR(read_files(snapshot, files, bounds, "*", each));
  return is_whole;
}

Result<void> SpanReads::facts(const lake::Snapshot& snapshot, const Files& files,
                              const Bounds& bounds, SpanFacts& out) {
  const Each each = [&](const columns::Batch& batch) { return out.add(batch); };
  if (bounds.has_tail) BL_RETURN_IF_ERROR(read_tail(snapshot, bounds, each));
  return read_files(snapshot, files, bounds, SpanFacts::k_select, each);
}

}  // namespace bl::traces
