#include "bigquery/read/stream_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::bigquery::read {
namespace {

// What is computed at once of rows that are in no file.
constexpr std::int64_t k_window_rows = 65'536;
constexpr std::uint64_t k_window_bytes = 16u << 20;
// Small files that are read by one question: each costs some 2 ms otherwise.
constexpr std::size_t k_together_max = 64;
constexpr std::uint64_t k_together_bytes = 64u << 20;
constexpr const char* k_offered = "rows of a session";

/// Errors of the engine that are the restriction's: a cast, a division by zero.
Error of_restriction(Error error) {
  if (error.code == Code::invalid || error.code == Code::malformed) {
    error.code = Code::invalid;
    return std::move(error).with_context("The row restriction fails");
  }
  return error;
}

}  // namespace

Result<void> StreamRows::read(const Each& each) {
  const Session& session = call_.session;
  RowRange range = call_.range;
  skip_ = call_.offset;
  if (session.sql.takes_all_rows()) {
    // Offsets are places.
    const std::int64_t passed = std::min(skip_, range.rows());
    range.begin += passed;
    skip_ -= passed;
    given_ = done_ = passed;
  }
  const std::span<const ReadFile> files(session.source.files);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < files.size();) {
    const std::size_t together = whole_files(files.subspan(i), begin, range);
    const auto read = files.subspan(i, std::max<std::size_t>(together, 1));
    std::int64_t end = begin;
    for (const ReadFile& file : read) end += file.rows;
    const RowRange part{std::max(range.begin, begin) - begin, std::min(range.end, end) - begin};
    i += read.size();
    begin = end;
    if (part.begin >= part.end) continue;
    if (!call_.client_is_there()) return Error{Code::cancelled, "the client has gone"};
    BL_RETURN_IF_ERROR(read.size() > 1 ? read_files(read, each)
                                       : read_file(read.front(), part, each));
    done_ += part.rows();
  }
  const RowRange behind{std::max(range.begin, begin) - begin, range.end - begin};
  if (behind.begin < behind.end) BL_RETURN_IF_ERROR(read_behind(behind, each));
  if (skip_ > 0) {
    return Error{Code::invalid, fmt::format("the offset is behind the end of the stream, which has "
                                            "{} rows: {}",
                                            given_, call_.offset)};
  }
  return {};
}

/// How many of the files, whose first row is `begin`, one question takes.
std::size_t StreamRows::whole_files(std::span<const ReadFile> files, std::int64_t begin,
                                    const RowRange& range) const {
  if (!call_.session.sql.sample().takes_all() || begin < range.begin) return 0;
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  for (const ReadFile& file : files) {
    begin += file.rows;
    bytes += file.bytes;
    const bool is_alike = file.missing == files.front().missing;
    if (!is_alike || begin > range.end || count == k_together_max || bytes > k_together_bytes) {
      break;
    }
    ++count;
  }
  return count;
}

double StreamRows::progress() const {
  const std::int64_t done = call_.session.sql.takes_all_rows() ? std::max(done_, given_) : done_;
  return static_cast<double>(done) / static_cast<double>(call_.range.rows());
}

Result<void> StreamRows::emit(const columns::Batch& batch, const Each& each) {
  const std::int64_t passed = std::min(skip_, batch.rows());
  skip_ -= passed;
  given_ += batch.rows();
  if (passed == batch.rows()) return {};
  return each(passed == 0 ? batch : batch.slice(passed, batch.rows() - passed));
}

Result<void> StreamRows::drain(duck::Connection& connection, const std::string& sql,
                               const Each& each) {
  const duck::QueryOptions options{
      .time_max = call_.file_time,
      .is_unwanted = [there = call_.client_is_there] { return !there(); }};
  auto answer = connection.query(sql, {}, options);
  if (!answer.ok()) return of_restriction(std::move(answer).error());
  while (true) {
    auto batch = answer->next();
    if (!batch.ok()) return of_restriction(std::move(batch).error());
    if (!*batch) return {};
    BL_RETURN_IF_ERROR(emit(**batch, each));
  }
}

Result<void> StreamRows::read_file(const ReadFile& file, const RowRange& rows, const Each& each) {
  BL_TRY(const std::string sql, call_.session.sql.of_file(file, rows));
  BL_TRY(ReadEngine::Lease lease, lease());
  return drain(lease.connection(), sql, each);
}

Result<void> StreamRows::read_files(std::span<const ReadFile> files, const Each& each) {
  BL_TRY(const std::string sql, call_.session.sql.of_files(files));
  BL_TRY(ReadEngine::Lease lease, lease());
  return drain(lease.connection(), sql, each);
}

Result<void> StreamRows::read_behind(const RowRange& rows, const Each& each) {
  const SessionSql& sql = call_.session.sql;
  if (sql.takes_all_rows() && sql.is_plain()) return read_plain(rows, each);
  const StoredRows& stored = *call_.session.source.behind;
  std::vector<columns::Batch> window;
  std::int64_t window_rows = 0;
  std::uint64_t window_bytes = 0;
  for (std::int64_t at = rows.begin; at < rows.end;) {
    std::int64_t count = std::min(rows.end - at, k_window_rows);
    bool is_taken = true;
    if (!sql.sample().takes_all()) {
      count = std::min(count, Sample::k_block_rows - at % Sample::k_block_rows);
      is_taken = sql.sample().takes(at / Sample::k_block_rows);
    }
    BL_TRY(columns::Batch batch, stored.at(at, count));
    at += batch.rows();
    window_rows += batch.rows();
    if (is_taken) {
      window_bytes += batch.bytes();
      window.push_back(std::move(batch));
    }
    const bool is_full = window_rows >= k_window_rows || window_bytes >= k_window_bytes;
    if (!is_full && at < rows.end) continue;
    if (!call_.client_is_there()) return Error{Code::cancelled, "the client has gone"};
    BL_RETURN_IF_ERROR(compute(std::move(window), each));
    done_ += window_rows;
    window.clear();
    window_rows = 0;
    window_bytes = 0;
  }
  return {};
}

Result<void> StreamRows::read_plain(const RowRange& rows, const Each& each) {
  const Session& session = call_.session;
  for (std::int64_t at = rows.begin; at < rows.end;) {
    BL_TRY(const columns::Batch batch, session.source.behind->at(at, rows.end - at));
    at += batch.rows();
    BL_TRY(const columns::Batch selected, batch.select(session.names));
    // Rows of before the column was added: the engine makes empty lists of them.
    const bool has_null_lists = std::ranges::any_of(
        session.lists, [&](int list) { return selected.column(list).null_count() > 0; });
    BL_RETURN_IF_ERROR(has_null_lists ? compute({batch}, each) : emit(selected, each));
  }
  return {};
}

Result<void> StreamRows::compute(std::vector<columns::Batch> batches, const Each& each) {
  if (batches.empty()) return {};
  const columns::Schema schema = batches.front().schema();
  BL_TRY(ReadEngine::Lease lease, lease());
  BL_TRY(const duck::OfferedTable offered,
         lease.connection().offer(k_offered, schema, std::move(batches)));
  return drain(lease.connection(), call_.session.sql.of_offered(k_offered), each);
}

}  // namespace bl::bigquery::read
