#include <fmt/format.h>

#include "bigquery/write/faults.h"
#include "bigquery/write/streams_impl.h"

// Rows in. Requests that arrived together become one record where they follow each other: each is
// still taken whole or not at all, because the record is.
namespace bl::bigquery {

using write::Append;
using write::fault;
using write::Storage;
using write::StreamKind;

namespace {

Result<columns::Batch> fitted(const columns::Batch& batch, const columns::Schema& schema) {
  if (batch.schema() == schema) return batch;
  return batch.widen(schema);
}

Result<columns::Batch> together(std::span<Append* const> rows) {
  std::vector<columns::Batch> batches;
  for (const Append* one : rows) batches.push_back(*one->batch);
  return columns::concatenate(batches);
}

void fail_all(std::span<Append* const> rows, const Error& error) {
  for (Append* one : rows) one->done = error;
}

}  // namespace

void WriteStreams::Impl::append(const OpenTable& table, std::span<Append*> rows) {
  std::vector<Append*> next;
  std::size_t bytes = 0;
  const auto write_next = [&] {
    if (next.empty()) return;
    auto batch = together(next);
    auto stored = Result<void>();
    if (batch.ok()) batch = fitted(*batch, table.rows().schema());
    if (batch.ok()) {
      const auto ack = table.rows().append(*batch);
      if (!ack.ok()) stored = ack.error();
    } else {
      stored = batch.error();
    }
    if (stored.ok()) {
      rows_in_.add(static_cast<double>(batch->rows()));
    } else {
      fail_all(next, stored.error());
    }
    next.clear();
    bytes = 0;
  };
  for (Append* one : rows) {
    if (one->batch->rows() == 0) continue;
    if (!next.empty() && bytes + one->bytes > limits_.append_bytes_max) write_next();
    next.push_back(one);
    bytes += one->bytes;
  }
  write_next();
}

void WriteStreams::Impl::append(Stream& stream, const OpenTable& table, std::span<Append*> rows) {
  stream.used = world_.clock.now().micros;
  const std::lock_guard lock(stream.mutex);
  auto ready = be_of(stream, table);
  if (ready.ok() && stream.has_ended()) {
    ready = fault(Code::conflict, Storage::finalized, "The stream is finalized.", stream.name);
  }
  if (ready.ok()) ready = settle(stream, table);
  if (!ready.ok()) return fail_all(std::vector(rows.begin(), rows.end()), ready.error());
  std::vector<Append*> next;
  std::size_t bytes = 0;
  std::int64_t expected = stream.end;
  bool has_failed = false;
  const auto write_next = [&] {
    if (next.empty()) return;
    write_out(stream, table, next);
    has_failed = has_failed || !next.front()->done.ok();
    expected = stream.end;
    next.clear();
    bytes = 0;
  };
  for (Append* one : rows) {
    if (!next.empty() && bytes + one->bytes > limits_.append_bytes_max) write_next();
    const std::int64_t offset = one->offset.value_or(expected);
    if (stream.unknown) {
      one->done = Error{Code::unavailable, "the disk failed: send the request again"};
    } else if (offset < expected) {
      one->done =
          fault(Code::conflict, Storage::offset_exists,
                fmt::format("The offset is within the stream, expected offset {}, received {}",
                            expected, offset),
                stream.name);
    } else if (offset > expected && has_failed) {
      one->done = fault(Code::conflict, Storage::aborted,
                        "An earlier request failed: send this one again after it.", stream.name);
    } else if (offset > expected) {
      one->done = fault(Code::conflict, Storage::offset_out_of_range,
                        fmt::format("The offset is beyond stream, expected offset {}, received {}",
                                    expected, offset),
                        stream.name);
    } else {
      one->done = expected;
      if (one->batch->rows() == 0) continue;
      expected += one->batch->rows();
      next.push_back(one);
      bytes += one->bytes;
    }
  }
  write_next();
}

// With the stream's mutex.
void WriteStreams::Impl::write_out(Stream& stream, const OpenTable& table,
                                   std::vector<Append*>& rows) {
  const auto batch = together(rows);
  if (!batch.ok()) return fail_all(rows, batch.error());
  auto stored = store_rows(stream, table, *batch);
  if (!stored.ok() && stored.error().code == Code::outcome_unknown) {
    stream.unknown = *batch;
    stored = settle(stream, table);
    if (stored.ok()) return;
  }
  if (!stored.ok()) return fail_all(rows, stored.error());
  stream.end += batch->rows();
  if (stream.kind == StreamKind::committed) stream.moved = stream.end;
  rows_in_.add(static_cast<double>(batch->rows()));
}

// With the stream's mutex. The rows are those from its end on.
Result<void> WriteStreams::Impl::store_rows(Stream& stream, const OpenTable& table,
                                            const columns::Batch& batch) {
  if (stream.kind != StreamKind::committed) return waiting_->append(stream.id, stream.end, batch);
  BL_TRY(const auto whole, fitted(batch, table.rows().schema()));
  const auto ack = table.rows().append(whole, write::key_of(stream.id, stream.end, batch.rows()));
  if (!ack.ok()) return ack.error();
  return {};
}

// With the stream's mutex. What nobody knows the outcome of is done again under the same keys.
Result<void> WriteStreams::Impl::settle(Stream& stream, const OpenTable& table) {
  if (stream.unknown) {
    const auto stored = store_rows(stream, table, *stream.unknown);
    // A conflict: they are there, from before the table got more columns.
    if (!stored.ok() && stored.error().code != Code::conflict) return stored;
    stream.end += stream.unknown->rows();
    if (stream.kind == StreamKind::committed) stream.moved = stream.end;
    rows_in_.add(static_cast<double>(stream.unknown->rows()));
    stream.unknown.reset();
  }
  if (stream.move == nullptr) return {};
  if (stream.move->parts.size() > 1) {
    return Error{Code::unavailable, "a commit of the stream is under way: commit it again"};
  }
  return make(table, stream.move);
}

}  // namespace bl::bigquery
