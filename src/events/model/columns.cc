#include "events/columns.h"

#include <array>

#include <fmt/format.h>

#include "columns/builders.h"
#include "events/decode.h"
#include "events/encode.h"

/// Leaves are built one by one and put together as structs: the tables that columns/table.h makes
/// are flat.
namespace bl::events {
namespace {

using columns::Batch;
using columns::Column;
using columns::ColumnBuilder;
using columns::ColumnData;
using columns::Field;
using columns::Kind;
using columns::Type;
using columns::View;
using Text = std::string_view;
using Texts = columns::List<std::string_view>;

constexpr std::size_t k_first_struct = 4;

columns::Schema make_schema() {
  const Type texts = Type::list(Kind::text);
  const Field ref{"partition_ref", Kind::text}, message{"message", Kind::text},
      reason{"reason", Kind::text}, run{"job_run_id", Kind::text}, code{"status_code", Kind::int32},
      status{"status_name", Kind::text};
  const auto type = [](std::vector<Field> fields) { return Type::structure(std::move(fields)); };
  return columns::Schema::make(
             {{"event_id", Kind::text, false},
              {"timestamp", Kind::int64, false},
              {"build_request_id", Kind::text, false},
              {"event_type", Kind::text, false},
              {"build_request_event",
               type({code, status, {"requested_partitions", texts}, message})},
              {"partition_event", type({ref, code, status, message, run})},
              {"job_event", type({run,
                                  {"job_label", Kind::text},
                                  {"target_partitions", texts},
                                  code,
                                  status,
                                  message,
                                  {"config", Kind::text},
                                  {"manifests", Kind::text}})},
              {"delegation_event",
               type({ref, {"delegated_to_build_request_id", Kind::text}, message})},
              {"job_graph_event", type({{"job_graph", Kind::text}, message})},
              {"partition_invalidation_event", type({ref, reason})},
              {"task_cancel_event", type({run, reason})},
              {"build_cancel_event", type({reason})}})
      .value();
}

// -- events -> columns

/// One struct column: a builder for each of its leaves.
template <class... Leaves>
class StructBuilder {
 public:
  template <class... Values>
  void append(const Values&... values) {
    validity_.push_valid(rows_);
    append_leaves(std::index_sequence_for<Leaves...>{}, values...);
    ++rows_;
  }
  void append_null() {
    validity_.push_null(rows_);
    std::apply([](auto&... leaf) { (leaf.append_null(), ...); }, leaves_);
    ++rows_;
  }
  ColumnData take() {
    ColumnData out;
    out.rows = rows_;
    validity_.take_into(out);
    std::apply([&](auto&... leaf) { (out.children.push_back(leaf.take()), ...); }, leaves_);
    return out;
  }

 private:
  template <std::size_t... I, class... Values>
  void append_leaves(std::index_sequence<I...>, const Values&... values) {
    (append_one(std::get<I>(leaves_), values), ...);
  }
  template <class Leaf, class Value>
  static void append_one(Leaf& leaf, const Value& value) {
    if constexpr (requires { value.has_value(); }) {
      if (value) {
        leaf.append(*value);
      } else {
        leaf.append_null();
      }
    } else {
      leaf.append(value);
    }
  }

  columns::Validity validity_;
  std::tuple<ColumnBuilder<Leaves>...> leaves_;
  std::int64_t rows_ = 0;
};

template <class Status>
std::int32_t code_of(Status status) {
  return static_cast<std::int32_t>(status);
}

class BatchBuilder {
 public:
  void append(const BuildEvent& event) {
    id_.append(event.event_id);
    timestamp_.append(event.timestamp);
    build_.append(event.build_request_id);
    type_.append(name_of(event.type()));
    std::visit([&](const auto& payload) { append_payload(payload); }, event.payload);
    const std::size_t type = event.payload.index();
    std::size_t column = 0;
    std::apply([&](auto&... one) { ((column++ == type ? void() : one.append_null()), ...); },
               payloads_);
    ++rows_;
  }

  Batch finish() {
    std::vector<ColumnData> columns;
    columns.push_back(id_.take());
    columns.push_back(timestamp_.take());
    columns.push_back(build_.take());
    columns.push_back(type_.take());
    std::apply([&](auto&... one) { (columns.push_back(one.take()), ...); }, payloads_);
    return Batch::make(event_schema(), rows_, std::move(columns)).value();
  }

 private:
  void append_payload(const BuildRequestEvent& e) {
    std::get<0>(payloads_).append(code_of(e.status), name_of(e.status), e.requested_partitions,
                                  e.message);
  }
  void append_payload(const PartitionEvent& e) {
    std::optional<Text> run;
    if (!e.job_run_id.empty()) run = e.job_run_id;
    std::get<1>(payloads_).append(e.partition_ref, code_of(e.status), name_of(e.status), e.message,
                                  run);
  }
  void append_payload(const JobEvent& e) {
    std::optional<std::string> config;
    if (e.config) config = job_config_json(*e.config);
    std::get<2>(payloads_).append(e.job_run_id, e.job_label, e.target_partitions, code_of(e.status),
                                  name_of(e.status), e.message, config,
                                  manifests_json(e.manifests));
  }
  void append_payload(const DelegationEvent& e) {
    std::get<3>(payloads_).append(e.partition_ref, e.delegated_to_build_request_id, e.message);
  }
  void append_payload(const JobGraphEvent& e) {
    std::get<4>(payloads_).append(job_graph_json(e.job_graph), e.message);
  }
  void append_payload(const PartitionInvalidationEvent& e) {
    std::get<5>(payloads_).append(e.partition_ref, e.reason);
  }
  void append_payload(const TaskCancelEvent& e) {
    std::get<6>(payloads_).append(e.job_run_id, e.reason);
  }
  void append_payload(const BuildCancelEvent& e) { std::get<7>(payloads_).append(e.reason); }

  ColumnBuilder<Text> id_, build_, type_;
  ColumnBuilder<std::int64_t> timestamp_;
  std::tuple<StructBuilder<std::int32_t, Text, Texts, Text>,
             StructBuilder<Text, std::int32_t, Text, Text, Text>,
             StructBuilder<Text, Text, Texts, std::int32_t, Text, Text, Text, Text>,
             StructBuilder<Text, Text, Text>, StructBuilder<Text, Text>, StructBuilder<Text, Text>,
             StructBuilder<Text, Text>, StructBuilder<Text>>
      payloads_;
  std::int64_t rows_ = 0;
};

// -- columns -> events

Error corrupt(std::int64_t row, std::string_view what) {
  return Error{Code::corrupt, fmt::format("the row {} of the events {}", row, what)};
}

/// A column by name that may be missing: then every row is null.
template <class T>
class MaybeView {
 public:
  MaybeView() = default;
  static Result<MaybeView> of(const Column& column) {
    MaybeView out;
    if constexpr (std::is_same_v<T, Texts>) {
      BL_TRY(out.view_, column.as_list<Text>());
    } else {
      BL_TRY(out.view_, column.as<T>());
    }
    return out;
  }
  bool is_null(std::int64_t row) const { return !view_ || view_->is_null(row); }
  const View<T>& view() const { return *view_; }

 private:
  std::optional<View<T>> view_;
};

std::string_view text_at(const MaybeView<Text>& column, std::int64_t row) {
  return column.is_null(row) ? std::string_view() : column.view()[row];
}

std::vector<std::string> texts_at(const MaybeView<Texts>& column, std::int64_t row) {
  std::vector<std::string> texts;
  if (column.is_null(row)) return texts;
  const View<Texts>& view = column.view();
  const auto size = view.size(row), begin = view.begin(row);
  texts.reserve(static_cast<std::size_t>(size));
  for (auto i = begin; i < begin + size; ++i)
    texts.emplace_back(view.elements().is_null(i) ? std::string_view() : view.elements()[i]);
  return texts;
}

/// One struct column's leaves, by name.
class Struct {
 public:
  static Result<Struct> of(const Batch& batch, std::string_view name) {
    Struct out;
    out.name_ = name;
    const auto index = batch.schema().find(name);
    if (!index) return out;
    out.column_ = batch.column(*index);
    if (out.column_->type().kind != Kind::structure)
      return Error{Code::corrupt, fmt::format("the column of the events is no struct: {}", name)};
    return out;
  }
  bool is_null(std::int64_t row) const { return !column_ || column_->is_null(row); }

  template <class T>
  Result<void> leaf(std::string_view name, MaybeView<T>& to) const {
    if (!column_) return {};
    const auto& fields = column_->type().children;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name != name) continue;
      auto view = MaybeView<T>::of(column_->child(static_cast<int>(i)));
      if (!view.ok())
        return Error{Code::corrupt,
                     fmt::format("the column of the events {}.{} is of another type: {}", name_,
                                 name, fields[i].type.text())};
      to = std::move(view).value();
      return {};
    }
    return {};
  }

 private:
  std::string_view name_;
  std::optional<Column> column_;
};

/// The views of one batch.
class BatchReader {
 public:
  static Result<BatchReader> of(const Batch& batch, EventParts parts) {
    BatchReader out;
    out.has_json_ = parts == EventParts::all;
    BL_RETURN_IF_ERROR(out.bind(batch));
    return out;
  }

  Result<BuildEvent> row(std::int64_t row) const {
    if (id_.is_null(row) || time_.is_null(row) || build_.is_null(row) || type_.is_null(row))
      return corrupt(row, "has a null where none may be");
    const auto type = event_type_named(type_.view()[row]);
    if (!type) return corrupt(row, fmt::format("is of an unknown type: {}", type_.view()[row]));
    for (std::size_t i = 0; i < k_event_types; ++i) {
      const bool is_expected = i == static_cast<std::size_t>(*type);
      if (structs_[i].is_null(row) == is_expected)
        return corrupt(row, fmt::format("has a struct that does not fit its type: {}",
                                        name_of(static_cast<EventType>(i))));
    }
    BL_TRY(Payload payload, payload_at(*type, row));
    return BuildEvent{std::string(id_.view()[row]), time_.view()[row],
                      std::string(build_.view()[row]), std::move(payload)};
  }

 private:
  Result<void> bind(const Batch& batch) {
    BL_RETURN_IF_ERROR(top(batch, "event_id", id_));
    BL_RETURN_IF_ERROR(top(batch, "timestamp", time_));
    BL_RETURN_IF_ERROR(top(batch, "build_request_id", build_));
    BL_RETURN_IF_ERROR(top(batch, "event_type", type_));
    for (std::size_t i = 0; i < k_event_types; ++i) {
      const Field& field = event_schema().fields()[k_first_struct + i];
      BL_TRY(structs_[i], Struct::of(batch, field.name));
      for (const Field& leaf : field.type.children) BL_RETURN_IF_ERROR(bind_leaf(i, leaf));
    }
    return {};
  }
  template <class T>
  static Result<void> top(const Batch& batch, std::string_view name, MaybeView<T>& to) {
    const auto index = batch.schema().find(name);
    if (!index) return Error{Code::corrupt, fmt::format("the events have no column: {}", name)};
    auto view = MaybeView<T>::of(batch.column(*index));
    if (!view.ok())
      return Error{Code::corrupt,
                   fmt::format("the column of the events is of another type: {}", name)};
    to = std::move(view).value();
    return {};
  }
  // Leaves of one name have one type: they share these slots, one for each struct.
  Result<void> bind_leaf(std::size_t type, const Field& leaf) {
    const Struct& from = structs_[type];
    if (leaf.type.kind == Kind::int32) return from.leaf(leaf.name, code_[type]);
    if (leaf.type.kind == Kind::list) return from.leaf(leaf.name, refs_[type]);
    for (std::size_t i = 0; i < k_text_leaves.size(); ++i)
      if (k_text_leaves[i] == leaf.name) return from.leaf(leaf.name, texts_[type][i]);
    BL_CHECK(false);
  }

  enum Leaf : std::size_t {
    ref,
    status_name,
    message,
    run,
    label,
    config,
    manifests,
    to,
    graph,
    why
  };
  static constexpr std::array<std::string_view, 10> k_text_leaves{
      "partition_ref", "status_name", "message",   "job_run_id",
      "job_label",     "config",      "manifests", "delegated_to_build_request_id",
      "job_graph",     "reason"};

  std::string text(EventType type, Leaf leaf, std::int64_t row) const {
    return std::string(text_at(texts_[static_cast<std::size_t>(type)][leaf], row));
  }
  std::vector<std::string> refs(EventType type, std::int64_t row) const {
    return texts_at(refs_[static_cast<std::size_t>(type)], row);
  }
  template <class Status>
  Status status(EventType type, std::int64_t row) const {
    const auto& codes = code_[static_cast<std::size_t>(type)];
    return codes.is_null(row) ? Status::unknown : static_cast<Status>(codes.view()[row]);
  }
  template <class T>
  static Result<T> stored(Result<T> decoded, std::int64_t row) {
    if (decoded.ok()) return decoded;
    return corrupt(row, fmt::format("holds what is not ours: {}", decoded.error().message));
  }

  Result<Payload> job_at(std::int64_t row) const {
    constexpr EventType k_job = EventType::job;
    JobEvent job{text(k_job, run, row),
                 text(k_job, label, row),
                 refs(k_job, row),
                 status<JobStatus>(k_job, row),
                 text(k_job, message, row),
                 {},
                 {}};
    if (!has_json_) return Payload(std::move(job));
    const auto& texts = texts_[static_cast<std::size_t>(k_job)];
    if (const auto json = text_at(texts[config], row); !json.empty()) {
      BL_TRY(job.config, stored(decode_job_config(json, k_any), row));
    }
    if (const auto json = text_at(texts[manifests], row); !json.empty() && json != "[]") {
      BL_TRY(job.manifests, stored(decode_manifests(json, k_any), row));
    }
    return Payload(std::move(job));
  }

  Result<Payload> payload_at(EventType type, std::int64_t row) const {
    switch (type) {
      case EventType::build_request:
        return Payload(BuildRequestEvent{status<BuildRequestStatus>(type, row), refs(type, row),
                                         text(type, message, row)});
      case EventType::partition:
        return Payload(PartitionEvent{text(type, ref, row), status<PartitionStatus>(type, row),
                                      text(type, message, row), text(type, run, row)});
      case EventType::job:
        return job_at(row);
      case EventType::delegation:
        return Payload(
            DelegationEvent{text(type, ref, row), text(type, to, row), text(type, message, row)});
      case EventType::job_graph: {
        JobGraphEvent event{{}, text(type, message, row)};
        const auto json = text_at(texts_[static_cast<std::size_t>(type)][graph], row);
        if (has_json_ && !json.empty()) {
          BL_TRY(event.job_graph, stored(decode_job_graph(json, k_any), row));
        }
        return Payload(std::move(event));
      }
      case EventType::partition_invalidation:
        return Payload(PartitionInvalidationEvent{text(type, ref, row), text(type, why, row)});
      case EventType::task_cancel:
        return Payload(TaskCancelEvent{text(type, run, row), text(type, why, row)});
      case EventType::build_cancel:
        return Payload(BuildCancelEvent{text(type, why, row)});
    }
    BL_CHECK(false);
  }

  // What is stored was within the limits of its time.
  static constexpr EventLimits k_any{
      .event_bytes_max = 1u << 30, .manifest_depth_max = 100, .text_bytes_max = 1u << 30};

  bool has_json_ = true;
  MaybeView<Text> id_, build_, type_;
  MaybeView<std::int64_t> time_;
  std::array<Struct, k_event_types> structs_;
  std::array<MaybeView<std::int32_t>, k_event_types> code_;
  std::array<MaybeView<Texts>, k_event_types> refs_;
  std::array<std::array<MaybeView<Text>, k_text_leaves.size()>, k_event_types> texts_;
};

}  // namespace

const columns::Schema& event_schema() {
  static const columns::Schema k_schema = make_schema();
  return k_schema;
}

Batch batch_of(std::span<const BuildEvent> events) {
  BatchBuilder builder;
  for (const BuildEvent& event : events) builder.append(event);
  return builder.finish();
}

Result<std::vector<BuildEvent>> events_of(const Batch& batch, EventParts parts) {
  BL_TRY(const BatchReader reader, BatchReader::of(batch, parts));
  std::vector<BuildEvent> events;
  events.reserve(static_cast<std::size_t>(batch.rows()));
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    BL_TRY(BuildEvent event, reader.row(row));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace bl::events
