#include <fmt/format.h>

#include <algorithm>

#include "bigquery/write/faults.h"
#include "bigquery/write/streams_impl.h"

// Rows that waited go to their table: all of a move, or none, and once, whatever is killed when.
// Of one stream, and not too many: one record of the table's journal under the stream's own key,
// which says after a crash that they are there. Else the move is in the store first: it was
// decided, and is made again under the same id until it has been.
namespace bl::bigquery {

using write::fault;
using write::Move;
using write::Storage;
using write::StreamKind;
using write::StreamRow;

namespace {

constexpr char k_by_record = 'j', k_by_files = 'f';

std::vector<std::pair<std::string, std::int64_t>> ends_of(const Move& move) {
  std::vector<std::pair<std::string, std::int64_t>> ends;
  for (const Move::Part& part : move.parts) ends.emplace_back(part.stream->id, part.to);
  return ends;
}

}  // namespace

namespace write {

std::optional<Error> committable(const Stream& stream) {
  if (stream.kind != StreamKind::pending) {
    return fault(Code::invalid, Storage::invalid_type, "Only PENDING streams are committed.",
                 stream.name);
  }
  if (stream.committed) {
    return fault(Code::conflict, Storage::already_committed, "The stream is committed already.",
                 stream.name);
  }
  if (!stream.final_rows) {
    return fault(Code::conflict, Storage::invalid_state, "The stream is not finalized.",
                 stream.name);
  }
  return std::nullopt;
}

}  // namespace write

Result<std::vector<columns::Batch>> WriteStreams::Impl::rows_of(
    const OpenTable& table, const std::vector<Move::Part>& parts) const {
  const columns::Schema schema = table.rows().schema();
  std::vector<columns::Batch> out;
  for (const Move::Part& part : parts) {
    BL_TRY(const auto rows, waiting_->rows(part.stream->id, part.stream->moved, part.to));
    for (const columns::Batch& batch : rows) {
      BL_TRY(auto whole, batch.schema() == schema ? batch : batch.widen(schema));
      out.push_back(std::move(whole));
    }
  }
  return out;
}

// The streams are locked and settled.
Result<void> WriteStreams::Impl::begin(const OpenTable& table, std::vector<Move::Part> parts) {
  std::erase_if(parts, [](const Move::Part& part) { return part.to <= part.stream->moved; });
  if (parts.empty()) return {};
  BL_TRY(const auto rows, rows_of(table, parts));
  std::uint64_t bytes = 0;
  for (const columns::Batch& batch : rows) bytes += batch.bytes();
  Move wanted{"", std::move(parts)};
  const bool is_large = bytes > limits_.move_bytes_max;
  if (wanted.parts.size() > 1 || is_large) {
    wanted.id = (is_large ? k_by_files : k_by_record) + ids_.next();
    BL_RETURN_IF_ERROR(rows_.begin_move(wanted.id, ends_of(wanted)));
  }
  const auto move = std::make_shared<const Move>(std::move(wanted));
  for (const Move::Part& part : move->parts) part.stream->move = move;
  auto made = make(table, move);
  if (made.ok() || made.error().code == Code::outcome_unknown) return made;
  // It surely did not happen. Where the store cannot be told, the move stays decided.
  if (!move->id.empty()) {
    if (const auto cancelled = rows_.cancel_move(move->id); !cancelled.ok()) return made;
  }
  for (const Move::Part& part : move->parts) part.stream->move.reset();
  return made;
}

// The streams are locked. Again and again is fine.
Result<void> WriteStreams::Impl::make(const OpenTable& table,
                                      const std::shared_ptr<const Move>& move) {
  BL_TRY(const auto rows, rows_of(table, move->parts));
  auto done = put(table, *move, rows);
  if (!done.ok() && done.error().code == Code::outcome_unknown) done = put(table, *move, rows);
  BL_RETURN_IF_ERROR(done);
  moves_.add();
  const bool is_commit = move->parts[0].stream->kind == StreamKind::pending;
  const std::optional<Timestamp> at = is_commit ? std::optional(world_.clock.now()) : std::nullopt;
  for (const Move::Part& part : move->parts) {
    part.stream->moved = part.to;
    part.stream->committed = at;
  }
  // The rows are there. A move of an id that is not noted as done is made again by the next start,
  // to no effect, and wants its rows for that.
  auto noted = Result<void>();
  if (is_commit || !move->id.empty()) {
    noted = rows_.end_move(ends_of(*move), at, world_.clock.now());
  }
  if (!noted.ok()) {
    world_.log.warning("a move of write streams was not noted as done",
                       {{"error", noted.error().message}});
  }
  if (noted.ok() || move->id.empty()) {
    for (const Move::Part& part : move->parts) waiting_->drop(part.stream->id, part.to);
  }
  const std::shared_ptr<const Move> kept = move;  // the streams hold it otherwise
  for (const Move::Part& part : kept->parts) part.stream->move.reset();
  return {};
}

Result<void> WriteStreams::Impl::put(const OpenTable& table, const Move& move,
                                     const std::vector<columns::Batch>& rows) {
  if (!move.id.empty() && move.id[0] == k_by_files) {
    lake::Change change;
    change.what = "commit";
    change.rows = rows;
    change.once = move.id.substr(1);
    BL_TRY([[maybe_unused]] const auto snapshot, table.rows().replace(change));
    return {};
  }
  const auto& [stream, to] = move.parts[0];
  const std::string key = move.id.empty()
                              ? write::key_of(stream->id, stream->moved, to - stream->moved)
                              : "bq/" + move.id;
  BL_TRY(const auto batch, columns::concatenate(rows));
  const auto ack = table.rows().append(batch, key);
  // A conflict: they are there, from before the table got more columns.
  if (!ack.ok() && ack.error().code != Code::conflict) return ack.error();
  return {};
}

// `streams` are ordered, each once.
Result<void> WriteStreams::Impl::commit_all(const OpenTable& table,
                                            const std::vector<StreamHandle>& streams,
                                            Timestamp at) {
  // Streams of a commit whose outcome is not known are settled together: all of them are locked.
  std::map<std::string, StreamHandle> all;
  for (const StreamHandle& stream : streams) {
    const std::lock_guard lock(stream->mutex);
    all.emplace(stream->id, stream);
    if (stream->move == nullptr) continue;
    for (const Move::Part& part : stream->move->parts) all.emplace(part.stream->id, part.stream);
  }
  std::vector<std::unique_lock<std::mutex>> locks;
  for (const auto& [id, stream] : all) locks.emplace_back(stream->mutex);
  for (const auto& [id, stream] : all) {
    const auto move = stream->move;
    if (move == nullptr) continue;
    const auto is_locked = [&](const Move::Part& part) { return all.contains(part.stream->id); };
    if (!std::ranges::all_of(move->parts, is_locked)) {
      return Error{Code::unavailable, "another commit of a stream is under way: commit it again"};
    }
    BL_RETURN_IF_ERROR(make(table, move));
  }
  std::vector<Move::Part> parts;
  for (const StreamHandle& stream : streams) {
    if (auto fault = write::committable(*stream)) return *std::move(fault);
    parts.push_back({stream, *stream->final_rows});
  }
  const auto has_rows = [](const Move::Part& part) { return part.to > part.stream->moved; };
  BL_RETURN_IF_ERROR(begin(table, parts));
  std::erase_if(parts, [](const Move::Part& part) { return part.stream->committed.has_value(); });
  if (parts.empty()) return {};
  // Those without rows.
  const Move rest{"", parts};
  BL_CHECK(std::ranges::none_of(parts, has_rows));
  BL_RETURN_IF_ERROR(rows_.end_move(ends_of(rest), at, at));
  for (const Move::Part& part : parts) part.stream->committed = at;
  return {};
}

// At the start: what was decided happens.
void WriteStreams::Impl::finish_moves(const std::vector<StreamRow>& rows) {
  std::map<std::string, std::vector<StreamRow>> moves;
  for (const StreamRow& row : rows) {
    if (!row.move_id.empty()) moves[row.move_id].push_back(row);
  }
  for (const auto& [id, streams] : moves) {
    const auto finish = [&]() -> Result<void> {
      auto table = table_of(streams[0].table);
      const bool is_gone = table.ok() ? (*table)->record().id != streams[0].table_id
                                      : table.error().code == Code::not_found;
      if (is_gone) return rows_.cancel_move(id);
      BL_RETURN_IF_ERROR(table);
      Move move{id, {}};
      for (const StreamRow& row : streams) {
        BL_TRY(StreamHandle stream, restore(row, **table));
        move.parts.push_back({std::move(stream), row.move_to});
      }
      const auto shared = std::make_shared<const Move>(std::move(move));
      for (const Move::Part& part : shared->parts) part.stream->move = shared;
      return make(**table, shared);
    };
    if (const auto finished = finish(); !finished.ok()) {
      world_.log.warning("a move of write streams is not finished; its commit tries again",
                         {{"move", id}, {"error", finished.error().message}});
    }
  }
}

}  // namespace bl::bigquery
