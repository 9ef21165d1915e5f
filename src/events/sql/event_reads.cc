#include <fmt/format.h>

#include <algorithm>

#include "events/event_filter.h"
#include "events/sql/event_rows.h"
#include "events/sql/sql_reads.h"

namespace bl::events::sql {
namespace {

using store::Param;
using store::Row;
using store::Sql;

#define BL_HEADER "e.seq, e.event_id, e.timestamp, e.build_request_id, e.event_type"
static_assert(k_header_columns == BL_HEADER);

// Of one table the first events behind a time ($2) that a column names ($1).
#define BL_FIRST(table, column)                                       \
  "select * from (select timestamp, seq from " table " where " column \
  " = $1 and timestamp > $2 order by timestamp, seq limit $3) as " table "_part"
#define BL_OF_HITS(hits)                                                                      \
  "select " BL_HEADER " from (select * from (" hits                                           \
  ") as parts order by timestamp, seq limit $3) as h join build_events as e on e.seq = h.seq" \
  " order by h.timestamp, h.seq"

const Sql k_of_build = "select " BL_HEADER
                       " from build_events as e where e.build_request_id = $1 and e.timestamp > $2"
                       " order by e.timestamp, e.seq limit $3";
const Sql k_of_partition = BL_OF_HITS(
    BL_FIRST("partition_events", "partition_ref") " union all " BL_FIRST(
        "delegation_events", "partition_ref") " union all "
        BL_FIRST("partition_invalidation_events", "partition_ref") " union all "
        BL_FIRST("build_request_partitions", "partition_ref") " union all "
        BL_FIRST("job_partitions", "partition_ref"));
const Sql k_of_run = BL_OF_HITS(BL_FIRST("job_events", "job_run_id") " union all " BL_FIRST(
    "task_cancel_events", "job_run_id") " union all " BL_FIRST("partition_events", "job_run_id"));
const Sql k_in_range = "select " BL_HEADER
                       " from build_events as e where e.timestamp >= $1 and e.timestamp <= $2"
                       " order by e.timestamp, e.seq limit $3";
const Sql k_by_id = "select " BL_HEADER " from build_events as e where e.event_id = $1";

Result<std::vector<EventHeader>> headers_of(
    const std::function<Result<void>(const std::function<bool(const Row&)>&)>& ask) {
  std::vector<EventHeader> headers;
  std::optional<Error> failure;
  BL_RETURN_IF_ERROR(ask([&](const Row& row) {
    auto header = read_header(row);
    if (header.ok()) {
      headers.push_back(std::move(header).value());
    } else {
      failure = header.error();
    }
    return !failure;
  }));
  if (failure) return *failure;
  return headers;
}

Result<Events> ask_events(Connection& connection, const Sql& sql,
                          std::initializer_list<Param> params, std::size_t limit,
                          const ReadLimits& limits) {
  BL_TRY(auto headers,
         headers_of([&](const auto& each) { return connection.query(sql, params, each); }));
  Events answer{.events = {}, .has_more = headers.size() > limit};
  if (answer.has_more) headers.resize(limit);
  BL_TRY(auto stored, load_events(connection, std::move(headers), limits.bytes_max));
  answer.events.reserve(stored.size());
  for (StoredEvent& event : stored) answer.events.push_back(std::move(event.event));
  return answer;
}

Result<Events> ask_slice(Connection& connection, const Sql& sql, std::string_view key,
                         const Slice& slice, const ReadLimits& limits) {
  const std::int64_t since = slice.since.value_or(std::numeric_limits<std::int64_t>::min());
  const auto wanted = static_cast<std::int64_t>(slice.limit) + 1;
  return ask_events(connection, sql, {key, since, wanted}, slice.limit, limits);
}

/// The part of a filter that indexes answer, as SQL with its parameters; matches() does the rest.
class FilterSql {
 public:
  FilterSql(const EventFilter& filter, Sequence after, std::int64_t limit) {
    params_ = {after, limit};
    any_of("e.build_request_id", filter.build_request_ids);
    if (!filter.types.empty()) {
      std::vector<std::string_view> names;
      for (const EventType type : filter.types) names.push_back(name_of(type));
      any_of("e.event_type", names);
    }
    if (!filter.job_run_ids.empty()) {
      within({{"job_events", "job_run_id"},
              {"task_cancel_events", "job_run_id"},
              {"partition_events", "job_run_id"}},
             filter.job_run_ids);
    }
    if (!filter.job_labels.empty()) within({{"job_events", "job_label"}}, filter.job_labels);
    if (!filter.partition_refs.empty()) {
      within({{"partition_events", "partition_ref"},
              {"delegation_events", "partition_ref"},
              {"partition_invalidation_events", "partition_ref"},
              {"build_request_partitions", "partition_ref"},
              {"job_partitions", "partition_ref"}},
             filter.partition_refs);
    }
  }
  std::string text() const {
    return fmt::format(
        "select {} from build_events as e where e.seq > $1{} order by e.seq limit $2",
        k_header_columns, where_);
  }
  std::span<const Param> params() const { return params_; }

 private:
  template <class Texts>
  std::string placeholders(const Texts& texts) {
    std::string out;
    for (const std::string_view text : texts) {
      params_.push_back(text);
      out += fmt::format("{}${}", out.empty() ? "" : ", ", params_.size());
    }
    return out;
  }
  template <class Texts>
  void any_of(std::string_view column, const Texts& texts) {
    if (!texts.empty()) where_ += fmt::format(" and {} in ({})", column, placeholders(texts));
  }
  void within(std::initializer_list<std::pair<std::string_view, std::string_view>> tables,
              const std::vector<std::string>& texts) {
    const std::string wanted = placeholders(texts);
    std::string parts;
    for (const auto& [table, column] : tables) {
      parts += fmt::format("{}select seq from {} where {} in ({}) and seq > $1",
                           parts.empty() ? "" : " union all ", table, column, wanted);
    }
    where_ += fmt::format(" and e.seq in ({})", parts);
  }

  std::vector<Param> params_;
  std::string where_;
};

}  // namespace

Result<Events> build_request_events(Connection& connection, std::string_view build,
                                    const Slice& slice, const ReadLimits& limits) {
  return ask_slice(connection, k_of_build, build, slice, limits);
}

Result<Events> partition_events(Connection& connection, std::string_view ref, const Slice& slice,
                                const ReadLimits& limits) {
  return ask_slice(connection, k_of_partition, ref, slice, limits);
}

Result<Events> job_run_events(Connection& connection, std::string_view run, const Slice& slice,
                              const ReadLimits& limits) {
  // Rows without a run are no events of the run "".
  if (run.empty()) return Events{};
  return ask_slice(connection, k_of_run, run, slice, limits);
}

Result<Events> events_in_range(Connection& connection, std::int64_t start, std::int64_t end,
                               std::size_t limit, const ReadLimits& limits) {
  return ask_events(connection, k_in_range, {start, end, static_cast<std::int64_t>(limit) + 1},
                    limit, limits);
}

Result<std::optional<StoredEvent>> event(Connection& connection, std::string_view id,
                                         const ReadLimits& limits) {
  BL_TRY(auto headers,
         headers_of([&](const auto& each) { return connection.query(k_by_id, {id}, each); }));
  BL_TRY(auto stored, load_events(connection, std::move(headers), limits.bytes_max));
  if (stored.empty()) return std::optional<StoredEvent>();
  return std::optional(std::move(stored.front()));
}

Result<EventPage> list(Connection& connection, Sequence after, const EventFilter& filter,
                       std::size_t limit, const ReadLimits& limits) {
  EventPage page{.events = {}, .next = after};
  // One more than wanted says whether there is more; with a filter, more are looked at than are
  // wanted at once.
  const bool matches_all = is_empty(filter);
  Sequence looked_at = after;
  for (;;) {
    const std::size_t wanted = limit + 1 - page.events.size();
    const std::size_t chunk = matches_all ? wanted : std::max(wanted, limits.scan_events);
    const FilterSql sql(filter, looked_at, static_cast<std::int64_t>(chunk));
    BL_TRY(auto headers, headers_of([&](const auto& each) {
             return connection.query_text(sql.text(), sql.params(), each);
           }));
    const bool is_last = headers.size() < chunk;
    BL_TRY(auto stored, load_events(connection, std::move(headers), limits.bytes_max));
    for (StoredEvent& event : stored) {
      looked_at = event.sequence;
      if (!matches(filter, event.event)) continue;
      if (page.events.size() == limit) {
        page.has_more = true;
        return page;
      }
      page.next = event.sequence;
      page.events.push_back(std::move(event));
    }
    if (is_last) break;
  }
  BL_TRY(const Sequence last, newest(connection));
  page.next = std::max(after, last);
  return page;
}

}  // namespace bl::events::sql
