#include "events/sql/event_rows.h"

#include <fmt/format.h>

#include <array>

#include "events/decode.h"
#include "events/encode.h"

namespace bl::events {
namespace {

using store::Null;
using store::Param;
using store::ParamRows;
using store::Row;
using store::Sql;

constexpr std::string_view k_int = "bigint", k_code = "integer", k_text = "text";

// The tables that an event may have rows in. The bridges stand behind the root and the types.
enum Table : std::size_t { root, first_type = 1, requested = 9, targets = 10, k_tables = 11 };

std::size_t table_of(EventType type) {
  return Table::first_type + static_cast<std::size_t>(type);
}

using Inserts = std::array<RowInsert, Table::k_tables>;

const Inserts& inserts() {
  static const Inserts all = {
      RowInsert("build_events", {{"seq", k_int},
                                 {"event_id", k_text},
                                 {"timestamp", k_int},
                                 {"build_request_id", k_text},
                                 {"event_type", k_text}}),
      RowInsert("build_request_events", {{"seq", k_int},
                                         {"event_id", k_text},
                                         {"status_code", k_code},
                                         {"status_name", k_text},
                                         {"requested_partitions", k_text},
                                         {"message", k_text}}),
      RowInsert("partition_events", {{"seq", k_int},
                                     {"event_id", k_text},
                                     {"timestamp", k_int},
                                     {"partition_ref", k_text},
                                     {"status_code", k_code},
                                     {"status_name", k_text},
                                     {"message", k_text},
                                     {"job_run_id", k_text}}),
      RowInsert("job_events", {{"seq", k_int},
                               {"event_id", k_text},
                               {"timestamp", k_int},
                               {"job_run_id", k_text},
                               {"job_label", k_text},
                               {"target_partitions", k_text},
                               {"status_code", k_code},
                               {"status_name", k_text},
                               {"message", k_text},
                               {"config", k_text},
                               {"manifests", k_text}}),
      RowInsert("delegation_events", {{"seq", k_int},
                                      {"event_id", k_text},
                                      {"timestamp", k_int},
                                      {"partition_ref", k_text},
                                      {"delegated_to_build_request_id", k_text},
                                      {"message", k_text}}),
      RowInsert("job_graph_events",
                {{"seq", k_int}, {"event_id", k_text}, {"job_graph", k_text}, {"message", k_text}}),
      RowInsert("partition_invalidation_events", {{"seq", k_int},
                                                  {"event_id", k_text},
                                                  {"timestamp", k_int},
                                                  {"partition_ref", k_text},
                                                  {"reason", k_text}}),
      RowInsert("task_cancel_events", {{"seq", k_int},
                                       {"event_id", k_text},
                                       {"timestamp", k_int},
                                       {"job_run_id", k_text},
                                       {"reason", k_text}}),
      RowInsert("build_cancel_events", {{"seq", k_int}, {"event_id", k_text}, {"reason", k_text}}),
      RowInsert(
          "build_request_partitions",
          {{"event_id", k_text}, {"partition_ref", k_text}, {"timestamp", k_int}, {"seq", k_int}}),
      RowInsert(
          "job_partitions",
          {{"event_id", k_text}, {"partition_ref", k_text}, {"timestamp", k_int}, {"seq", k_int}}),
  };
  return all;
}

std::int64_t code(auto status) {
  return static_cast<std::int64_t>(status);
}

// -- payloads from rows

Result<Payload> read_build_request(const Row& row) {
  BuildRequestEvent out;
  out.status = static_cast<BuildRequestStatus>(row.integer(0));
  BL_TRY(out.requested_partitions, texts_of_json(row.text(1)));
  out.message = row.text(2);
  return Payload(std::move(out));
}
Result<Payload> read_partition(const Row& row) {
  return Payload(PartitionEvent{.partition_ref = std::string(row.text(0)),
                                .status = static_cast<PartitionStatus>(row.integer(1)),
                                .message = std::string(row.text(2)),
                                .job_run_id = std::string(row.text(3))});
}
Result<Payload> read_job(const Row& row) {
  JobEvent out;
  out.job_run_id = row.text(0);
  out.job_label = row.text(1);
  BL_TRY(out.target_partitions, texts_of_json(row.text(2)));
  out.status = static_cast<JobStatus>(row.integer(3));
  out.message = row.text(4);
  if (!row.is_null(5)) {
    BL_TRY(out.config, decode_job_config(row.text(5)));
  }
  if (row.text(6) != "[]") {
    BL_TRY(out.manifests, decode_manifests(row.text(6)));
  }
  return Payload(std::move(out));
}
Result<Payload> read_delegation(const Row& row) {
  return Payload(DelegationEvent{.partition_ref = std::string(row.text(0)),
                                 .delegated_to_build_request_id = std::string(row.text(1)),
                                 .message = std::string(row.text(2))});
}
Result<Payload> read_job_graph(const Row& row) {
  JobGraphEvent out;
  BL_TRY(out.job_graph, decode_job_graph(row.text(0)));
  out.message = row.text(1);
  return Payload(std::move(out));
}
Result<Payload> read_invalidation(const Row& row) {
  return Payload(PartitionInvalidationEvent{.partition_ref = std::string(row.text(0)),
                                            .reason = std::string(row.text(1))});
}
Result<Payload> read_task_cancel(const Row& row) {
  return Payload(
      TaskCancelEvent{.job_run_id = std::string(row.text(0)), .reason = std::string(row.text(1))});
}
Result<Payload> read_build_cancel(const Row& row) {
  return Payload(BuildCancelEvent{.reason = std::string(row.text(0))});
}

// How the payloads of a type are read: $1 is the sequence.
struct Reader {
  Sql sql;
  int columns;
  Result<Payload> (*read)(const Row&);
};

// PostgreSQL: every row looks its event up by itself, so that no plan reads a whole table.
#define BL_PAYLOADS(columns, table)                                                    \
  Sql("select " columns " from " table " where seq = $1",                              \
      "select t.*, p.place from unnest($1::bigint[]) with ordinality as p(seq, place)" \
      " cross join lateral (select " columns " from " table " where seq = p.seq limit 1) as t")

const std::array<Reader, k_event_types>& readers() {
  static const std::array<Reader, k_event_types> all = {{
      {BL_PAYLOADS("status_code, requested_partitions, message", "build_request_events"), 3,
       read_build_request},
      {BL_PAYLOADS("partition_ref, status_code, message, job_run_id", "partition_events"), 4,
       read_partition},
      {BL_PAYLOADS("job_run_id, job_label, target_partitions, status_code, message, config,"
                   " manifests",
                   "job_events"),
       7, read_job},
      {BL_PAYLOADS("partition_ref, delegated_to_build_request_id, message", "delegation_events"), 3,
       read_delegation},
      {BL_PAYLOADS("job_graph, message", "job_graph_events"), 2, read_job_graph},
      {BL_PAYLOADS("partition_ref, reason", "partition_invalidation_events"), 2, read_invalidation},
      {BL_PAYLOADS("job_run_id, reason", "task_cancel_events"), 2, read_task_cancel},
      {BL_PAYLOADS("reason", "build_cancel_events"), 1, read_build_cancel},
  }};
  return all;
}
#undef BL_PAYLOADS

}  // namespace

RowInsert::RowInsert(std::string_view table, std::initializer_list<Column> columns,
                     std::string_view end)
    : columns_(columns.size()) {
  std::string names, values, arrays;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns.begin()[i];
    const std::string_view comma = i == 0 ? "" : ", ";
    names += fmt::format("{}{}", comma, column.name);
    values += fmt::format("{}${}", comma, i + 1);
    arrays += fmt::format("{}${}::{}[]", comma, i + 1, column.postgres_type);
  }
  const std::string into = fmt::format("insert into {} ({}) ", table, names);
  sqlite_ = fmt::format("{}values ({}){}", into, values, end);
  postgres_ = fmt::format("{}select * from unnest({}){}", into, arrays, end);
}

EventInserts::EventInserts() {
  tables_.reserve(Table::k_tables);
  for (const RowInsert& insert : inserts()) tables_.emplace_back(insert.columns());
}

std::string_view EventInserts::keep(std::string text) {
  return texts_.emplace_back(std::move(text));
}

void EventInserts::add(const BuildEvent& event, Sequence sequence) {
  tables_[Table::root].add({sequence, std::string_view(event.event_id), event.timestamp,
                            std::string_view(event.build_request_id), name_of(event.type())});
  add_payload(event, sequence);
}

void EventInserts::add_payload(const BuildEvent& event, Sequence sequence) {
  using View = std::string_view;
  ParamRows& rows = tables_[table_of(event.type())];
  const Param seq = sequence, id = View(event.event_id), at = event.timestamp;
  switch (event.type()) {
    case EventType::build_request: {
      const auto& of = std::get<BuildRequestEvent>(event.payload);
      rows.add({seq, id, code(of.status), name_of(of.status),
                keep(texts_json(of.requested_partitions)), View(of.message)});
      for (const View ref : partitions_of(event)) tables_[Table::requested].add({id, ref, at, seq});
      break;
    }
    case EventType::partition: {
      const auto& of = std::get<PartitionEvent>(event.payload);
      const Param run = of.job_run_id.empty() ? Param(Null{}) : Param(View(of.job_run_id));
      rows.add({seq, id, at, View(of.partition_ref), code(of.status), name_of(of.status),
                View(of.message), run});
      break;
    }
    case EventType::job: {
      const auto& of = std::get<JobEvent>(event.payload);
      const Param config = of.config ? Param(keep(job_config_json(*of.config))) : Param(Null{});
      rows.add({seq, id, at, View(of.job_run_id), View(of.job_label),
                keep(texts_json(of.target_partitions)), code(of.status), name_of(of.status),
                View(of.message), config, keep(manifests_json(of.manifests))});
      for (const View ref : partitions_of(event)) tables_[Table::targets].add({id, ref, at, seq});
      break;
    }
    case EventType::delegation: {
      const auto& of = std::get<DelegationEvent>(event.payload);
      rows.add({seq, id, at, View(of.partition_ref), View(of.delegated_to_build_request_id),
                View(of.message)});
      break;
    }
    case EventType::job_graph: {
      const auto& of = std::get<JobGraphEvent>(event.payload);
      rows.add({seq, id, keep(job_graph_json(of.job_graph)), View(of.message)});
      break;
    }
    case EventType::partition_invalidation: {
      const auto& of = std::get<PartitionInvalidationEvent>(event.payload);
      rows.add({seq, id, at, View(of.partition_ref), View(of.reason)});
      break;
    }
    case EventType::task_cancel: {
      const auto& of = std::get<TaskCancelEvent>(event.payload);
      rows.add({seq, id, at, View(of.job_run_id), View(of.reason)});
      break;
    }
    case EventType::build_cancel:
      rows.add({seq, id, View(std::get<BuildCancelEvent>(event.payload).reason)});
      break;
  }
}

Result<void> EventInserts::run(store::Connection& connection) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    BL_RETURN_IF_ERROR(execute_rows_later(connection, inserts()[i].sql(), tables_[i]));
  }
  return {};
}

Result<EventHeader> read_header(const Row& row) {
  EventHeader header{.sequence = row.integer(0),
                     .event_id = std::string(row.text(1)),
                     .timestamp = row.integer(2),
                     .build_request_id = std::string(row.text(3))};
  const auto type = event_type_named(row.text(4));
  if (!type) return Error(Code::corrupt, fmt::format("an event of no type: {}", row.text(4)));
  header.type = *type;
  return header;
}

Result<std::vector<StoredEvent>> load_events(store::Connection& connection,
                                             std::vector<EventHeader> headers,
                                             std::size_t bytes_max) {
  std::vector<StoredEvent> events(headers.size());
  std::array<std::vector<std::size_t>, k_event_types> of_type;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    events[i].sequence = headers[i].sequence;
    events[i].event.event_id = std::move(headers[i].event_id);
    events[i].event.timestamp = headers[i].timestamp;
    events[i].event.build_request_id = std::move(headers[i].build_request_id);
    of_type[static_cast<std::size_t>(headers[i].type)].push_back(i);
  }
  std::size_t bytes = 0, found = 0;
  std::optional<Error> failure;
  for (std::size_t type = 0; type < k_event_types; ++type) {
    if (of_type[type].empty()) continue;
    const Reader& reader = readers()[type];
    ParamRows sequences(1);
    for (const std::size_t at : of_type[type]) sequences.add({events[at].sequence});
    const auto each = [&](std::size_t row_of, const Row& row) {
      for (int column = 0; column < reader.columns; ++column) bytes += row.text(column).size();
      if (failure || bytes > bytes_max) return;
      BuildEvent& event = events[of_type[type][row_of]].event;
      auto payload = reader.read(row);
      if (!payload.ok()) {
        failure = Error(Code::corrupt,
                        fmt::format("event {}: {}", event.event_id, payload.error().message));
        return;
      }
      event.payload = std::move(payload).value();
      ++found;
    };
    BL_RETURN_IF_ERROR(query_rows(connection, reader.sql, reader.columns + 1, sequences, each));
    if (failure) return *failure;
    if (bytes > bytes_max) {
      return Error(Code::too_large,
                   fmt::format("the events are larger than {} bytes: ask for fewer", bytes_max));
    }
  }
  if (found == events.size()) return events;
  return Error(Code::corrupt,
               fmt::format("{} events have no row in their type's table", events.size() - found));
}

std::string texts_json(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    json::append_quoted(out, text);
  }
  return out += ']';
}

Result<std::vector<std::string>> texts_of_json(std::string_view text) {
  std::vector<std::string> texts;
  if (text == "[]") return texts;
  BL_TRY(json::Value value, json::parse(text));
  if (!value.is_array()) return Error(Code::corrupt, "not an array of texts: " + std::string(text));
  texts.reserve(value.items().size());
  for (json::Value& item : value.items()) {
    if (!item.is_string())
      return Error(Code::corrupt, "not an array of texts: " + std::string(text));
    texts.push_back(item.as_string());
  }
  return texts;
}

}  // namespace bl::events
