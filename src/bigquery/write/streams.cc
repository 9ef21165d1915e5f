#include <fmt/format.h>

#include <algorithm>

#include "bigquery/write/faults.h"
#include "bigquery/write/streams_impl.h"

namespace bl::bigquery {

using write::fault;
using write::Storage;
using write::StreamKind;
using write::StreamName;
using write::StreamRow;

namespace {

constexpr std::chrono::hours k_sweep_every{1};
/// What BigQuery says of streams that it is asked for.
constexpr std::string_view k_location = "us";

}  // namespace

Result<std::unique_ptr<WriteStreams>> WriteStreams::open(WriteWorld world, WriteLimits limits) {
  auto impl = std::make_unique<Impl>(std::move(world), limits);
  BL_RETURN_IF_ERROR(impl->start());
  return std::unique_ptr<WriteStreams>(new WriteStreams(std::move(impl)));
}

WriteStreams::WriteStreams(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WriteStreams::~WriteStreams() = default;

WriteStreams::Impl::Impl(WriteWorld world, const WriteLimits& limits)
    : world_(std::move(world)),
      limits_(limits),
      ids_(world_.clock, world_.random),
      rows_(world_.database),
      rows_in_(world_.metrics.counter("bl_bigquery_write_rows_total",
                                      "Rows that write streams acknowledged")),
      moves_(world_.metrics.counter("bl_bigquery_write_moves_total",
                                    "Flushes and commits that moved rows to their table")) {}

Result<void> WriteStreams::Impl::start() {
  BL_RETURN_IF_ERROR(world_.disk.make_folder(world_.folder));
  const write::WaitingLimits limits{.stream_bytes_max = limits_.stream_bytes_max,
                                    .bytes_max = limits_.waiting_bytes_max};
  BL_TRY(waiting_, write::WaitingRows::open(world_.disk, world_.folder, limits, world_.clock,
                                            world_.random, world_.log, world_.metrics));
  BL_TRY(const auto known, rows_.waiting());
  for (const std::string& id : waiting_->streams()) {
    const auto row = std::ranges::find(known, id, &StreamRow::id);
    if (row == known.end()) {
      waiting_->drop(id);
      continue;
    }
    BL_RETURN_IF_ERROR(wake(*row));
  }
  finish_moves(known);
  sweep();
  return {};
}

// At the start: what is in the table waits no more, nor what has no table.
Result<void> WriteStreams::Impl::wake(const StreamRow& row) {
  auto table = table_of(row.table);
  const bool is_gone =
      table.ok() ? (*table)->record().id != row.table_id : table.error().code == Code::not_found;
  if (is_gone) {
    waiting_->drop(row.id);
    return {};
  }
  BL_RETURN_IF_ERROR(table);
  BL_RETURN_IF_ERROR(restore(row, **table));
  return {};
}

// Finding ------------------------------------------------------------------------------------

Result<TableHandle> WriteStreams::Impl::table_of(const TableName& name) {
  auto found = world_.tables.find(name);
  if (!found.ok()) {
    if (found.error().code != Code::not_found) return std::move(found).error();
    return write::no_such_table(write::path_of(name));
  }
  if ((*found)->record().kind == TableKind::view || (*found)->is_read_only()) {
    return fault(Code::invalid, Storage::none, "Rows cannot be written to this table.",
                 write::path_of(name));
  }
  return found;
}

Result<void> WriteStreams::Impl::be_of(const Stream& stream, const OpenTable& table) const {
  if (table.record().id == stream.table_id) return {};
  return write::no_such_stream(stream.name);  // of a table that had this name before
}

Result<WriteStreams::Impl::StreamHandle> WriteStreams::Impl::stream_of(const StreamName& name) {
  const auto cached = [&]() -> StreamHandle {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(name.stream);
    return found == streams_.end() ? nullptr : found->second;
  };
  StreamHandle stream = cached();
  if (stream == nullptr) {
    const std::lock_guard loading(loading_);
    stream = cached();
    if (stream == nullptr) {
      BL_TRY(stream, load(name));
    }
  }
  if (stream->table != name.table) {
    return write::no_such_stream(write::path_of(name.table, name.stream));
  }
  stream->used = world_.clock.now().micros;
  return stream;
}

// With loading_.
Result<WriteStreams::Impl::StreamHandle> WriteStreams::Impl::load(const StreamName& name) {
  BL_TRY(const TableHandle table, table_of(name.table));
  BL_TRY(const auto row, rows_.find(name.stream));
  if (!row || row->table_id != table->record().id) {
    return write::no_such_stream(write::path_of(name.table, name.stream));
  }
  return restore(*row, *table);
}

// How far it is: what the journal still has of its keys, and what the store was told of those that
// the journal let go meanwhile; in this order.
Result<WriteStreams::Impl::StreamHandle> WriteStreams::Impl::restore(const StreamRow& row,
                                                                     const OpenTable& table) {
  std::int64_t moved = 0;
  for (const std::string& key : table.rows().unflushed_keys()) {
    const auto parts = write::parse_key(key);
    if (parts && parts->stream == row.id) moved = std::max(moved, parts->end);
  }
  BL_TRY(const auto now, rows_.find(row.id));
  if (!now) return write::no_such_stream(write::path_of(row.table, row.id));
  auto stream = std::make_shared<Stream>(*now);
  stream->moved = std::max(moved, now->moved);
  stream->final_rows = now->final_rows;
  stream->committed = now->committed;
  stream->end = std::max({stream->moved, waiting_->end(row.id), now->final_rows.value_or(0)});
  const bool is_whole = stream->final_rows && stream->moved > 0 && stream->moved == stream->end;
  if (stream->kind == StreamKind::pending && is_whole && !stream->committed) {
    stream->committed = now->used;
  }
  stream->used = world_.clock.now().micros;
  waiting_->drop(row.id, stream->moved);
  const std::lock_guard lock(mutex_);
  return streams_.emplace(row.id, stream).first->second;
}

Result<WriteStreams::Impl::Target> WriteStreams::Impl::target_of(std::string_view name) {
  BL_TRY(const StreamName parsed, write::parse_stream_name(name));
  if (parsed.stream.empty()) return write::no_such_stream(name);
  BL_TRY(StreamHandle stream, stream_of(parsed));
  BL_TRY(TableHandle table, table_of(parsed.table));
  BL_RETURN_IF_ERROR(be_of(*stream, *table));
  return Target{std::move(stream), std::move(table)};
}

// The methods --------------------------------------------------------------------------------

Result<std::string> WriteStreams::Impl::create(std::string_view request) {
  BL_TRY(const auto wanted, write::read_create(request));
  BL_TRY(const TableName name, write::parse_table_path(wanted.parent));
  if (wanted.type < 1 || wanted.type > 3) {
    return fault(
        Code::invalid, Storage::invalid_type,
        fmt::format("A stream is of type COMMITTED, PENDING or BUFFERED, not of {}.", wanted.type),
        wanted.parent);
  }
  BL_TRY(const TableHandle table, table_of(name));
  sweep();
  StreamRow row;
  row.id = ids_.next();
  row.kind = static_cast<StreamKind>(wanted.type);
  row.table = name;
  row.table_id = table->record().id;
  row.created = row.used = world_.clock.now();
  BL_RETURN_IF_ERROR(rows_.add(row));
  auto stream = std::make_shared<Stream>(row);
  stream->used = row.created.micros;
  {
    const std::lock_guard lock(mutex_);
    streams_.emplace(row.id, stream);
  }
  write::StreamAnswer answer{stream->name, row.kind, row.created, {}, &table->record().schema, ""};
  if (row.kind == StreamKind::committed) answer.committed = row.created;
  return write::stream_message(answer);
}

Result<std::string> WriteStreams::Impl::get(std::string_view request) {
  BL_TRY(const auto wanted, write::read_get(request));
  BL_TRY(const StreamName name, write::parse_stream_name(wanted.name));
  BL_TRY(const TableHandle table, table_of(name.table));
  write::StreamAnswer answer;
  answer.name = wanted.name;
  answer.location = k_location;
  if (wanted.is_full) answer.schema = &table->record().schema;
  if (!name.stream.empty()) {
    BL_TRY(const StreamHandle stream, stream_of(name));
    BL_RETURN_IF_ERROR(be_of(*stream, *table));
    answer.kind = stream->kind;
    answer.created = stream->created;
    const std::lock_guard lock(stream->mutex);
    answer.committed = stream->kind == StreamKind::committed ? stream->created : stream->committed;
  }
  return write::stream_message(answer);
}

Result<std::string> WriteStreams::Impl::finalize(std::string_view request) {
  BL_TRY(const auto wanted, write::read_finalize(request));
  BL_TRY(const Target target, target_of(wanted.name));
  Stream& stream = *target.stream;
  const std::lock_guard lock(stream.mutex);
  if (!stream.final_rows) {
    BL_RETURN_IF_ERROR(settle(stream, *target.table));
    BL_RETURN_IF_ERROR(rows_.finalize(stream.id, stream.end, world_.clock.now()));
    stream.final_rows = stream.end;
  }
  return write::finalize_message(*stream.final_rows);
}

Result<std::string> WriteStreams::Impl::flush(std::string_view request) {
  BL_TRY(const auto wanted, write::read_flush(request));
  BL_TRY(const Target target, target_of(wanted.name));
  Stream& stream = *target.stream;
  if (stream.kind != StreamKind::buffered) {
    return fault(Code::invalid, Storage::invalid_type, "Only a BUFFERED stream can be flushed.",
                 wanted.name);
  }
  // Who leaves it out gets the least that it can mean: Node's client sends no 0.
  const std::int64_t offset = wanted.offset.value_or(0);
  if (offset < 0) {
    return fault(Code::invalid, Storage::none, fmt::format("Offset {} is negative.", offset),
                 wanted.name);
  }
  const std::lock_guard lock(stream.mutex);
  BL_RETURN_IF_ERROR(settle(stream, *target.table));
  if (offset >= stream.end) {
    return fault(Code::invalid, Storage::offset_out_of_range,
                 fmt::format("Offset {} is beyond the end of the stream", offset), wanted.name);
  }
  if (offset >= stream.moved) {
    BL_RETURN_IF_ERROR(begin(*target.table, {{target.stream, offset + 1}}));
  }
  return write::flush_message(offset);
}

Result<std::string> WriteStreams::Impl::commit(std::string_view request) {
  BL_TRY(const auto wanted, write::read_commit(request));
  BL_TRY(const TableName parent, write::parse_commit_parent(wanted.parent));
  if (wanted.streams.empty() || wanted.streams.size() > limits_.streams_of_commit_max) {
    return fault(Code::invalid, Storage::none,
                 fmt::format("A commit is of 1 to {} streams, not of {}.",
                             limits_.streams_of_commit_max, wanted.streams.size()),
                 wanted.parent);
  }
  std::vector<StreamHandle> streams;
  std::vector<Error> errors;
  TableHandle table;
  for (const std::string& name : wanted.streams) {
    auto target = target_of(name);
    if (!target.ok()) {
      if (write::storage_of(target.error()) == Storage::none) return std::move(target).error();
      errors.push_back(std::move(target).error());
      continue;
    }
    const bool is_other = table != nullptr && table->record().id != target->table->record().id;
    const bool is_beside = !parent.table.empty() && target->stream->table != parent;
    if (is_other || is_beside) {
      return fault(Code::invalid, Storage::none,
                   "not supported: streams of several tables in one commit, or of another table "
                   "than the parent.",
                   name);
    }
    table = target->table;
    streams.push_back(target->stream);
  }
  if (!errors.empty()) return write::commit_message({}, errors);
  const auto by_id = [](const StreamHandle& a, const StreamHandle& b) { return a->id < b->id; };
  std::ranges::sort(streams, by_id);
  streams.erase(std::ranges::unique(streams).begin(), streams.end());
  const Timestamp at = world_.clock.now();
  auto done = commit_all(*table, streams, at);
  if (done.ok()) return write::commit_message(at, {});
  if (write::storage_of(done.error()) == Storage::none) return std::move(done).error();
  for (const StreamHandle& stream : streams) {
    const std::lock_guard lock(stream->mutex);
    if (auto one = write::committable(*stream)) errors.push_back(*std::move(one));
  }
  if (errors.empty()) errors.push_back(std::move(done).error());
  return write::commit_message({}, errors);
}

// Keeping order ------------------------------------------------------------------------------

// What fails here is tried again an hour later.
void WriteStreams::Impl::sweep() {
  const Timestamp unused_since = world_.clock.now() - limits_.idle_max;
  std::vector<std::pair<std::string, Timestamp>> used;
  {
    const std::lock_guard lock(mutex_);
    const auto now = world_.clock.steady_now();
    if (swept_ && now - *swept_ < k_sweep_every) return;
    swept_ = now;
    std::erase_if(streams_, [&](const auto& one) {
      return one.second->used <= unused_since.micros && one.second.use_count() == 1;
    });
    for (const auto& [id, stream] : streams_) used.emplace_back(id, Timestamp{stream->used});
  }
  auto gone = rows_.touch(used);
  if (gone.ok()) {
    const auto forgotten = rows_.forget(unused_since);
    if (forgotten.ok()) {
      for (const std::string& id : *forgotten) waiting_->drop(id);
      return;
    }
    gone = forgotten.error();
  }
  world_.log.warning("old write streams were not forgotten; an hour later again",
                     {{"error", gone.error().message}});
}

}  // namespace bl::bigquery
