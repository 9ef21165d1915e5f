#include "bigquery/write/stream_rows.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>

#include "bigquery/stream_ends.h"

namespace bl::bigquery {
namespace {

using store::Connection;
using store::Row;
using store::Sql;
using write::StreamKind;
using write::StreamRow;

constexpr std::string_view k_sqlite = R"sql(
create table bl_bq_streams (
  id text primary key,
  kind integer not null,
  project text not null,
  dataset text not null,
  table_name text not null,
  table_id integer not null,
  created_at integer not null,
  used_at integer not null,
  rows_moved integer not null,
  rows_final integer,
  committed_at integer,
  move_id text,
  move_to integer
) strict, without rowid;
create index bl_bq_streams_used_index on bl_bq_streams (used_at);
)sql";

constexpr std::string_view k_postgres = R"sql(
create table benchlake.bq_streams (
  id text primary key,
  kind integer not null,
  project text not null,
  dataset text not null,
  table_name text not null,
  table_id bigint not null,
  created_at bigint not null,
  used_at bigint not null,
  rows_moved bigint not null,
  rows_final bigint,
  committed_at bigint,
  move_id text,
  move_to bigint
);
create index bq_streams_used_index on benchlake.bq_streams (used_at);
)sql";

constexpr std::array k_migrations = {
    store::Migration{21, "bigquery_streams", k_sqlite, k_postgres},
};

#define BL_STREAM_COLUMNS                                                               \
  "id, kind, project, dataset, table_name, table_id, created_at, used_at, rows_moved, " \
  "rows_final, committed_at, move_id, move_to"

const Sql k_insert("insert into bl_bq_streams (" BL_STREAM_COLUMNS
                   ") values ($1, $2, $3, $4, $5, $6, $7, $7, 0, null, null, null, null)",
                   "insert into benchlake.bq_streams (" BL_STREAM_COLUMNS
                   ") values ($1, $2, $3, $4, $5, $6, $7, $7, 0, null, null, null, null)");
const Sql k_select("select " BL_STREAM_COLUMNS " from bl_bq_streams where id = $1",
                   "select " BL_STREAM_COLUMNS " from benchlake.bq_streams where id = $1");
const Sql k_waiting("select " BL_STREAM_COLUMNS
                    " from bl_bq_streams where kind <> 1 and committed_at is null order by id",
                    "select " BL_STREAM_COLUMNS
                    " from benchlake.bq_streams where kind <> 1 and committed_at is null "
                    "order by id");
const Sql k_finalize(
    "update bl_bq_streams set rows_final = $2, used_at = $3, rows_moved = case when kind = 1 then "
    "$2 else rows_moved end where id = $1",
    "update benchlake.bq_streams set rows_final = $2, used_at = $3, rows_moved = case when kind = "
    "1 then $2 else rows_moved end where id = $1");
const Sql k_begin_move("update bl_bq_streams set move_id = $2, move_to = $3 where id = $1",
                       "update benchlake.bq_streams set move_id = $2, move_to = $3 where id = $1");
const Sql k_cancel_move(
    "update bl_bq_streams set move_id = null, move_to = null where move_id = $1",
    "update benchlake.bq_streams set move_id = null, move_to = null where move_id = $1");
// How far rows are in the table never goes back, in whatever order it is told.
const Sql k_end_move(
    "update bl_bq_streams set rows_moved = case when rows_moved < $2 then $2 else rows_moved end, "
    "committed_at = coalesce(committed_at, $3), used_at = $4, move_id = null, move_to = null "
    "where id = $1",
    "update benchlake.bq_streams set rows_moved = case when rows_moved < $2 then $2 else "
    "rows_moved end, committed_at = coalesce(committed_at, $3), used_at = $4, move_id = null, "
    "move_to = null where id = $1");
const Sql k_keep(
    "update bl_bq_streams set rows_moved = $2, used_at = $3 where id = $1 and rows_moved < $2",
    "update benchlake.bq_streams set rows_moved = $2, used_at = $3 where id = $1 and rows_moved < "
    "$2");
const Sql k_touch("update bl_bq_streams set used_at = $2 where id = $1 and used_at < $2",
                  "update benchlake.bq_streams set used_at = $2 where id = $1 and used_at < $2");
const Sql k_old("select id from bl_bq_streams where used_at < $1 and move_id is null",
                "select id from benchlake.bq_streams where used_at < $1 and move_id is null");
const Sql k_forget("delete from bl_bq_streams where used_at < $1 and move_id is null",
                   "delete from benchlake.bq_streams where used_at < $1 and move_id is null");

StreamRow row_of(const Row& row) {
  StreamRow out;
  out.id = row.text(0);
  out.kind = static_cast<StreamKind>(row.integer(1));
  out.table = {std::string(row.text(2)), std::string(row.text(3)), std::string(row.text(4))};
  out.table_id = row.integer(5);
  out.created = Timestamp{row.integer(6)};
  out.used = Timestamp{row.integer(7)};
  out.moved = row.integer(8);
  out.final_rows = row.integer_or_null(9);
  if (const auto at = row.integer_or_null(10)) out.committed = Timestamp{*at};
  out.move_id = row.text_or_null(11).value_or("");
  out.move_to = row.integer(12);
  return out;
}

bool parse_number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

}  // namespace

std::span<const store::Migration> stream_migrations() {
  return k_migrations;
}

bool StreamEnds::wants(std::string_view key) const {
  return write::parse_key(key).has_value();
}

Result<void> StreamEnds::keep(std::string_view, std::span<const std::string> keys) {
  std::map<std::string, std::int64_t, std::less<>> ends;
  for (const std::string& key : keys) {
    const auto parts = write::parse_key(key);
    if (!parts) continue;
    std::int64_t& end = ends[std::string(parts->stream)];
    end = std::max(end, parts->end);
  }
  const Timestamp now = clock_.now();
  return database_.write([&](Connection& connection) -> Result<void> {
    store::ParamRows rows(3);
    for (const auto& [stream, end] : ends) rows.add({stream, end, now.micros});
    BL_TRY([[maybe_unused]] const auto changed, connection.execute_many(k_keep, rows));
    return {};
  });
}

namespace write {
namespace {

constexpr std::string_view k_prefix = "bq/";

}  // namespace

std::string key_of(std::string_view stream, std::int64_t offset, std::int64_t count) {
  return fmt::format("{}{}/{}/{}", k_prefix, stream, offset, count);
}

std::optional<KeyParts> parse_key(std::string_view key) {
  if (!key.starts_with(k_prefix)) return std::nullopt;
  key.remove_prefix(k_prefix.size());
  const std::size_t first = key.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = key.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::int64_t offset = 0, count = 0;
  if (!parse_number(key.substr(first + 1, second - first - 1), offset) ||
      !parse_number(key.substr(second + 1), count)) {
    return std::nullopt;
  }
  return KeyParts{key.substr(0, first), offset + count};
}

Result<void> StreamRows::add(const StreamRow& row) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(
               k_insert, {row.id, std::int64_t{static_cast<int>(row.kind)}, row.table.project,
                          row.table.dataset, row.table.table, row.table_id, row.created.micros}));
    return {};
  });
}

Result<std::optional<StreamRow>> StreamRows::find(std::string_view id) {
  std::optional<StreamRow> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    return connection.query(k_select, {id}, [&](const Row& row) {
      found = row_of(row);
      return false;
    });
  }));
  return found;
}

Result<std::vector<StreamRow>> StreamRows::waiting() {
  std::vector<StreamRow> all;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    all.clear();
    return connection.query(k_waiting, {}, [&](const Row& row) {
      all.push_back(row_of(row));
      return true;
    });
  }));
  return all;
}

Result<void> StreamRows::finalize(std::string_view id, std::int64_t rows, Timestamp now) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto done,
           connection.execute(k_finalize, {id, rows, now.micros}));
    return {};
  });
}

Result<void> StreamRows::begin_move(std::string_view move_id,
                                    std::span<const std::pair<std::string, std::int64_t>> streams) {
  store::ParamRows rows(3);
  for (const auto& [id, to] : streams) rows.add({id, move_id, to});
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto done, connection.execute_many(k_begin_move, rows));
    return {};
  });
}

Result<void> StreamRows::cancel_move(std::string_view move_id) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto done, connection.execute(k_cancel_move, {move_id}));
    return {};
  });
}

Result<void> StreamRows::end_move(std::span<const std::pair<std::string, std::int64_t>> streams,
                                  std::optional<Timestamp> committed, Timestamp now) {
  const store::Param at = committed ? store::Param(committed->micros) : store::Param(store::Null{});
  store::ParamRows rows(4);
  for (const auto& [id, to] : streams) rows.add({id, to, at, now.micros});
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto done, connection.execute_many(k_end_move, rows));
    return {};
  });
}

Result<void> StreamRows::touch(std::span<const std::pair<std::string, Timestamp>> streams) {
  if (streams.empty()) return {};
  store::ParamRows rows(2);
  for (const auto& [id, used] : streams) rows.add({id, used.micros});
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto done, connection.execute_many(k_touch, rows));
    return {};
  });
}

Result<std::vector<std::string>> StreamRows::forget(Timestamp unused_since) {
  std::vector<std::string> ids;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    ids.clear();
    BL_RETURN_IF_ERROR(connection.query(k_old, {unused_since.micros}, [&](const Row& row) {
      ids.emplace_back(row.text(0));
      return true;
    }));
    BL_TRY([[maybe_unused]] const auto gone, connection.execute(k_forget, {unused_since.micros}));
    return {};
  }));
  return ids;
}

}  // namespace write
}  // namespace bl::bigquery
