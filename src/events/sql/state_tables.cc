#include "events/sql/state_tables.h"

#include <deque>

#include "events/sql/event_rows.h"

namespace bl::events {
namespace {

using store::Connection;
using store::Null;
using store::Param;
using store::ParamRows;
using store::Row;
using store::Sql;
using View = std::string_view;

// A row by its key, $1. PostgreSQL: each key looks its row up by itself.
#define BL_BY_KEY(columns, table, key)                                                  \
  Sql("select " columns " from " table " where " key " = $1",                           \
      "select t.*, p.place from unnest($1::text[]) with ordinality as p(wanted, place)" \
      " cross join lateral (select " columns " from " table " where " key               \
      " = p.wanted limit 1) as t")
#define BL_BUILD_COLUMNS                                                                      \
  "build_request_id, status_code, requested_partitions, created_at, created_seq, updated_at," \
  " updated_seq, requested_at, requested_seq"
#define BL_LABEL_COLUMNS                                                                      \
  "job_label, total_runs, successful_runs, failed_runs, cancelled_runs, targets, timed_runs," \
  " total_duration, last_at, last_seq, last_status, recent_builds"
static_assert(k_build_columns == BL_BUILD_COLUMNS && k_label_columns == BL_LABEL_COLUMNS);

const Sql k_builds = BL_BY_KEY(BL_BUILD_COLUMNS, "build_states", "build_request_id");
const Sql k_partitions = BL_BY_KEY(
    "status_code, build_request_id, updated_at, updated_seq, available_build_request_id,"
    " available_at, available_seq",
    "partition_states", "partition_ref");
const Sql k_runs =
    BL_BY_KEY("job_label, status_code, targets, updated_at, updated_seq, running_at, running_seq",
              "job_run_states", "job_run_id");
const Sql k_labels = BL_BY_KEY(BL_LABEL_COLUMNS, "job_label_states", "job_label");
#undef BL_BY_KEY
constexpr int k_build_count = 9, k_partition_count = 7, k_run_count = 7, k_label_count = 12;

constexpr View k_int = "bigint", k_code = "integer", k_text = "text";

const RowInsert& save_build_rows() {
  static const RowInsert sql(
      "build_states",
      {{"build_request_id", k_text},
       {"status_code", k_code},
       {"requested_partitions", k_text},
       {"created_at", k_int},
       {"created_seq", k_int},
       {"updated_at", k_int},
       {"updated_seq", k_int},
       {"requested_at", k_int},
       {"requested_seq", k_int}},
      " on conflict (build_request_id) do update set status_code = excluded.status_code,"
      " requested_partitions = excluded.requested_partitions, created_at = excluded.created_at,"
      " created_seq = excluded.created_seq, updated_at = excluded.updated_at,"
      " updated_seq = excluded.updated_seq, requested_at = excluded.requested_at,"
      " requested_seq = excluded.requested_seq");
  return sql;
}
const RowInsert& save_partition_rows() {
  static const RowInsert sql(
      "partition_states",
      {{"partition_ref", k_text},
       {"status_code", k_code},
       {"build_request_id", k_text},
       {"updated_at", k_int},
       {"updated_seq", k_int},
       {"available_build_request_id", k_text},
       {"available_at", k_int},
       {"available_seq", k_int}},
      " on conflict (partition_ref) do update set status_code = excluded.status_code,"
      " build_request_id = excluded.build_request_id, updated_at = excluded.updated_at,"
      " updated_seq = excluded.updated_seq,"
      " available_build_request_id = excluded.available_build_request_id,"
      " available_at = excluded.available_at, available_seq = excluded.available_seq");
  return sql;
}
const RowInsert& save_run_rows() {
  static const RowInsert sql(
      "job_run_states",
      {{"job_run_id", k_text},
       {"job_label", k_text},
       {"status_code", k_code},
       {"targets", k_int},
       {"updated_at", k_int},
       {"updated_seq", k_int},
       {"running_at", k_int},
       {"running_seq", k_int}},
      " on conflict (job_run_id, job_label) do update set status_code = excluded.status_code, "
      "targets = excluded.targets,"
      " updated_at = excluded.updated_at, updated_seq = excluded.updated_seq,"
      " running_at = excluded.running_at, running_seq = excluded.running_seq");
  return sql;
}
const RowInsert& save_label_rows() {
  static const RowInsert sql(
      "job_label_states",
      {{"job_label", k_text},
       {"total_runs", k_int},
       {"successful_runs", k_int},
       {"failed_runs", k_int},
       {"cancelled_runs", k_int},
       {"targets", k_int},
       {"timed_runs", k_int},
       {"total_duration", k_int},
       {"last_at", k_int},
       {"last_seq", k_int},
       {"last_status", k_code},
       {"recent_builds", k_text}},
      " on conflict (job_label) do update set total_runs = excluded.total_runs,"
      " successful_runs = excluded.successful_runs, failed_runs = excluded.failed_runs,"
      " cancelled_runs = excluded.cancelled_runs, targets = excluded.targets,"
      " timed_runs = excluded.timed_runs, total_duration = excluded.total_duration,"
      " last_at = excluded.last_at, last_seq = excluded.last_seq,"
      " last_status = excluded.last_status, recent_builds = excluded.recent_builds");
  return sql;
}
const RowInsert& save_count_rows() {
  static const RowInsert sql("state_counts",
                             {{"name", k_text}, {"status_code", k_code}, {"entities", k_int}},
                             " on conflict (name, status_code) do update set"
                             " entities = state_counts.entities + excluded.entities");
  return sql;
}

std::optional<Moment> moment_or_null(const Row& row, int at) {
  if (row.is_null(at)) return std::nullopt;
  return Moment{row.integer(at), row.integer(at + 1)};
}

Param at_of(const std::optional<Moment>& moment) {
  return moment ? Param(moment->at) : Param(Null{});
}
Param sequence_of(const std::optional<Moment>& moment) {
  return moment ? Param(moment->sequence) : Param(Null{});
}
std::int64_t code(auto status) {
  return static_cast<std::int64_t>(status);
}

// The keys of a map as parameters, and where each one's entry is.
template <class Map>
ParamRows keys_of(Map& map, std::vector<typename Map::mapped_type*>& entries) {
  ParamRows keys(1);
  for (auto& [key, entry] : map) {
    keys.add({View(key)});
    entries.push_back(&entry);
  }
  return keys;
}

}  // namespace

BuildState read_build_state(const Row& row) {
  return {.status = static_cast<BuildRequestStatus>(row.integer(1)),
          .requested_json = std::string(row.text(2)),
          .requested = moment_or_null(row, 7),
          .created = {row.integer(3), row.integer(4)},
          .updated = {row.integer(5), row.integer(6)}};
}

Result<LabelState> read_label_state(const Row& row) {
  LabelState state{.runs = row.integer(1),
                   .successful = row.integer(2),
                   .failed = row.integer(3),
                   .cancelled = row.integer(4),
                   .targets = row.integer(5),
                   .timed = row.integer(6),
                   .duration = row.integer(7),
                   .last = {row.integer(8), row.integer(9)},
                   .last_status = static_cast<JobStatus>(row.integer(10))};
  BL_TRY(state.recent, recent_of_json(row.text(11)));
  return state;
}

Result<void> StateTables::load(Connection& connection,
                               const std::vector<const BuildEvent*>& events) {
  for (const BuildEvent* event : events) {
    if (event->type() == EventType::build_request) {
      builds_[event->build_request_id];
    } else if (const auto* partition = std::get_if<PartitionEvent>(&event->payload)) {
      partitions_[partition->partition_ref];
    } else if (const auto* job = std::get_if<JobEvent>(&event->payload)) {
      runs_[job->job_run_id];
      labels_[job->job_label];
    }
  }
  std::vector<Entry<BuildState>*> builds;
  std::vector<Entry<PartitionStateRow>*> partitions;
  std::vector<Runs::mapped_type*> runs;
  std::vector<LabelState*> labels;
  std::optional<Error> failure;
  BL_RETURN_IF_ERROR(query_rows_later(connection, k_builds, k_build_count + 1,
                                      keys_of(builds_, builds), [&](std::size_t i, const Row& row) {
                                        builds[i]->state = read_build_state(row);
                                        builds[i]->old_status = code(builds[i]->state->status);
                                      }));
  BL_RETURN_IF_ERROR(query_rows_later(
      connection, k_partitions, k_partition_count + 1, keys_of(partitions_, partitions),
      [&](std::size_t i, const Row& row) {
        partitions[i]->state = {.status = static_cast<PartitionStatus>(row.integer(0)),
                                .build_request_id = std::string(row.text(1)),
                                .updated = {row.integer(2), row.integer(3)},
                                .available = moment_or_null(row, 5),
                                .available_build = std::string(row.text(4))};
        partitions[i]->old_status = row.integer(0);
      }));
  BL_RETURN_IF_ERROR(query_rows_later(connection, k_runs, k_run_count + 1, keys_of(runs_, runs),
                                      [&](std::size_t i, const Row& row) {
                                        (*runs[i])[std::string(row.text(0))] = {
                                            .status = static_cast<JobStatus>(row.integer(1)),
                                            .targets = row.integer(2),
                                            .updated = {row.integer(3), row.integer(4)},
                                            .running = moment_or_null(row, 5)};
                                      }));
  BL_RETURN_IF_ERROR(query_rows_later(connection, k_labels, k_label_count + 1,
                                      keys_of(labels_, labels), [&](std::size_t i, const Row& row) {
                                        auto state = read_label_state(row);
                                        if (state.ok()) {
                                          *labels[i] = std::move(state).value();
                                        } else {
                                          failure = state.error();
                                        }
                                      }));
  BL_RETURN_IF_ERROR(connection.wait());
  if (failure) return *failure;
  return {};
}

void StateTables::fold(const BuildEvent& event, Sequence sequence) {
  const Moment moment{event.timestamp, sequence};
  if (const auto* request = std::get_if<BuildRequestEvent>(&event.payload)) {
    events::fold(builds_[event.build_request_id].state, *request, moment);
  } else if (const auto* partition = std::get_if<PartitionEvent>(&event.payload)) {
    events::fold(partitions_[partition->partition_ref].state, *partition, event.build_request_id,
                 moment);
  } else if (const auto* job = std::get_if<JobEvent>(&event.payload)) {
    auto& run = runs_[job->job_run_id][job->job_label];
    LabelState& label = labels_[job->job_label];
    if (run) count(label, *run, -1);
    events::fold(run, *job, moment);
    count(label, *run, 1);
    events::fold(label, *job, event.build_request_id, moment);
  }
}

Result<void> StateTables::save(Connection& connection) {
  BL_RETURN_IF_ERROR(save_builds(connection));
  BL_RETURN_IF_ERROR(save_partitions(connection));
  BL_RETURN_IF_ERROR(save_jobs(connection));
  return save_counts(connection);
}

Result<void> StateTables::save_builds(Connection& connection) {
  ParamRows rows(save_build_rows().columns());
  for (const auto& [id, entry] : builds_) {
    if (!entry.state) continue;
    const BuildState& state = *entry.state;
    rows.add({id, code(state.status), View(state.requested_json), state.created.at,
              state.created.sequence, state.updated.at, state.updated.sequence,
              at_of(state.requested), sequence_of(state.requested)});
  }
  return execute_rows_later(connection, save_build_rows().sql(), rows);
}

Result<void> StateTables::save_partitions(Connection& connection) {
  ParamRows rows(save_partition_rows().columns());
  for (const auto& [ref, entry] : partitions_) {
    if (!entry.state) continue;
    const PartitionStateRow& state = *entry.state;
    const Param build = state.available ? Param(View(state.available_build)) : Param(Null{});
    rows.add({ref, code(state.status), View(state.build_request_id), state.updated.at,
              state.updated.sequence, build, at_of(state.available), sequence_of(state.available)});
  }
  return execute_rows_later(connection, save_partition_rows().sql(), rows);
}

Result<void> StateTables::save_jobs(Connection& connection) {
  ParamRows runs(save_run_rows().columns());
  for (const auto& [id, of_label] : runs_) {
    for (const auto& [label, state] : of_label) {
      if (!state) continue;
      runs.add({id, View(label), code(state->status), state->targets, state->updated.at,
                state->updated.sequence, at_of(state->running), sequence_of(state->running)});
    }
  }
  BL_RETURN_IF_ERROR(execute_rows_later(connection, save_run_rows().sql(), runs));
  std::deque<std::string> texts;
  ParamRows labels(save_label_rows().columns());
  for (const auto& [name, state] : labels_) {
    if (state.runs == 0) continue;
    labels.add({name, state.runs, state.successful, state.failed, state.cancelled, state.targets,
                state.timed, state.duration, state.last.at, state.last.sequence,
                code(state.last_status), View(texts.emplace_back(recent_json(state.recent)))});
  }
  return execute_rows_later(connection, save_label_rows().sql(), labels);
}

Result<void> StateTables::save_counts(Connection& connection) {
  std::map<std::pair<View, std::int64_t>, std::int64_t> changes;
  const auto note = [&](View name, const auto& entries) {
    for (const auto& [key, entry] : entries) {
      if (!entry.state || entry.old_status == code(entry.state->status)) continue;
      if (entry.old_status) --changes[{name, *entry.old_status}];
      ++changes[{name, code(entry.state->status)}];
    }
  };
  note("build", builds_);
  note("partition", partitions_);
  ParamRows rows(save_count_rows().columns());
  for (const auto& [place, change] : changes) {
    if (change != 0) rows.add({place.first, place.second, change});
  }
  return execute_rows_later(connection, save_count_rows().sql(), rows);
}

StrictLookups StateTables::lookups() const {
  const auto known_in = [](const auto& entries) {
    return [&entries](View id) {
      const auto found = entries.find(id);
      using State = typename std::decay_t<decltype(found->second.state)>::value_type;
      using Found = std::optional<Known<decltype(State::status)>>;
      if (found == entries.end() || !found->second.state) return Result<Found>(Found());
      const State& state = *found->second.state;
      return Result<Found>(Found({.status = state.status, .timestamp = state.updated.at}));
    };
  };
  const auto known_run = [this](View id) {
    std::optional<Known<JobStatus>> known;
    const auto found = runs_.find(id);
    if (found == runs_.end()) return Result(known);
    Moment newest;
    for (const auto& [label, state] : found->second) {
      if (!state || state->updated < newest) continue;
      newest = state->updated;
      known = {.status = state->status, .timestamp = newest.at};
    }
    return Result(known);
  };
  return {
      .build_request = known_in(builds_), .partition = known_in(partitions_), .job_run = known_run};
}

}  // namespace bl::events
