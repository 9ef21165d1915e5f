#include "results/replica/change_feed.h"

#include <fmt/format.h>

#include "base/json.h"
#include "results/store/setting.h"
#include "store/both_dialects.h"

namespace bl::results::replica {
namespace {

using store::both_dialects;
using store::Connection;
using store::Row;

constexpr const char* k_identity_setting = "replica_source";
constexpr std::int64_t k_format = 1;

Result<LogPlace> log_end(Connection& connection) {
  LogPlace end;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select seq, result_id, at from @change_log order by seq desc limit 1">(), {},
      [&](const Row& row) {
        end = {row.integer(0), std::string(row.text(1)), row.integer(2)};
        return true;
      }));
  return end;
}

Error bad_note(std::string_view text) {
  return Error{Code::corrupt,
               "the lake's table results has a note that is no replica's: " + std::string(text)};
}

}  // namespace

std::string encode(const Note& note) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("replica", k_format).member("store", note.store);
  writer.key("log")
      .begin_object()
      .member("seq", note.log.seq)
      .member("result_id", note.log.result_id)
      .member("at", note.log.at)
      .end_object();
  if (note.from) {
    writer.key("exported_to")
        .begin_object()
        .member("timestamp", note.from->timestamp)
        .member("id", note.from->id)
        .end_object();
  }
  writer.end_object();
  return text;
}

Result<Note> decode_note(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed.ok() || !parsed->is_object()) return bad_note(text);
  const auto number = [](const json::Value& object, const char* key) {
    const json::Value* value = object.find(key);
    return value != nullptr && value->is_number() ? value->as_int64() : std::nullopt;
  };
  const auto word = [](const json::Value& object, const char* key) -> std::optional<std::string> {
    const json::Value* value = object.find(key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->as_string();
  };
  Note note;
  const json::Value* log = parsed->find("log");
  const auto name = word(*parsed, "store");
  if (number(*parsed, "replica") != k_format || !name || log == nullptr || !log->is_object()) {
    return bad_note(text);
  }
  note.store = *name;
  const auto seq = number(*log, "seq"), at = number(*log, "at");
  const auto result_id = word(*log, "result_id");
  if (!seq || !at || !result_id) return bad_note(text);
  note.log = {*seq, *result_id, *at};
  if (const json::Value* from = parsed->find("exported_to")) {
    const auto timestamp = number(*from, "timestamp");
    const auto id = word(*from, "id");
    if (!timestamp || !id) return bad_note(text);
    note.from = ExportPlace{*timestamp, *id};
  }
  return note;
}

Result<std::string> identity_of(store::Database& database, IdSource& ids) {
  std::string name;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    BL_TRY(const auto stored, stored_setting(connection, k_identity_setting));
    name = stored.value_or("");
    return {};
  }));
  if (!name.empty()) return name;
  const std::string mine = ids.next();
  BL_RETURN_IF_ERROR(database.write([&](Connection& connection) -> Result<void> {
    BL_TRY(const auto stored, stored_setting(connection, k_identity_setting));
    name = stored.value_or(mine);
    return stored ? Result<void>() : keep_setting(connection, k_identity_setting, mine);
  }));
  return name;
}

Result<LogPlace> SafeEnd::look(store::Database& database) {
  if (database.dialect() == store::Dialect::sqlite) {
    // One writer: numbers are committed in their order.
    BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
      BL_TRY(safe_, log_end(connection));
      return {};
    }));
    return safe_;
  }
  if (!pending_) {
    Look now;
    // The end is seen first; the transaction id that is taken then is greater than that of every
    // writer who had a number of the log by that time: writers take theirs with BEGIN.
    BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
      BL_TRY(now.end, log_end(connection));
      return connection.query("select pg_current_xact_id()::text::bigint", {}, [&](const Row& row) {
        now.before = row.integer(0);
        return true;
      });
    }));
    if (now.end.seq == safe_.seq) return safe_;
    pending_ = std::move(now);
  }
  std::int64_t oldest = 0;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    return connection.query("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint", {},
                            [&](const Row& row) {
                              oldest = row.integer(0);
                              return true;
                            });
  }));
  if (oldest >= pending_->before) {
    safe_ = pending_->end;
    pending_.reset();
  }
  return safe_;
}

Result<bool> is_there(store::Database& database, const LogPlace& place) {
  if (place.seq == 0) return true;
  bool is_same = false;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    is_same = false;
    return connection.query(both_dialects<"select result_id, at from @change_log where seq = $1">(),
                            {place.seq}, [&](const Row& row) {
                              is_same =
                                  row.text(0) == place.result_id && row.integer(1) == place.at;
                              return true;
                            });
  }));
  return is_same;
}

Result<Changes> read_changes(Connection& connection, const LogPlace& after, const LogPlace& end,
                             std::int64_t rows_max) {
  Changes changes;
  changes.end = after;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select seq, op, result_id, at from @change_log where seq > $1 and seq <= $2 "
                    "order by seq limit $3">(),
      {after.seq, end.seq, rows_max}, [&](const Row& row) {
        ++changes.rows;
        std::string id(row.text(2));
        changes.end = {row.integer(0), id, row.integer(3)};
        if (row.text(1) == "delete") changes.deleted.insert(id);
        if (row.text(1) == "commit") {
          changes.commits.insert(std::move(id));
        } else if (row.text(1) == "insert" && !changes.changed.contains(id)) {
          if (changes.inserted.insert(id).second) return true;
          changes.inserted.erase(id);
          changes.changed.insert(std::move(id));
        } else {
          changes.inserted.erase(id);
          changes.changed.insert(std::move(id));
        }
        return true;
      }));
  return changes;
}

Result<std::int64_t> prune_log(store::Database& database, const LogPlace& place,
                               Timestamp older_than, std::int64_t rows_max) {
  // From the beginning: what is left has no holes, whatever the clock did.
  std::int64_t last = 0;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    last = 0;
    return connection.query(
        both_dialects<"select seq, at from @change_log where seq < $1 and seq < (select max(seq) "
                      "from @change_log) order by seq limit $2">(),
        {place.seq, rows_max}, [&](const Row& row) {
          if (row.integer(1) >= older_than.micros) return false;
          last = row.integer(0);
          return true;
        });
  }));
  if (last == 0) return std::int64_t{0};
  std::int64_t pruned = 0;
  BL_RETURN_IF_ERROR(database.write([&](Connection& connection) -> Result<void> {
    BL_TRY(pruned,
           connection.execute(both_dialects<"delete from @change_log where seq <= $1">(), {last}));
    return {};
  }));
  return pruned;
}

Result<LogLag> lag_behind(store::Database& database, const LogPlace& place) {
  LogLag lag;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    lag = {};
    BL_TRY(const LogPlace end, log_end(connection));
    lag.rows = std::max<std::int64_t>(end.seq - place.seq, 0);
    return connection.query(
        both_dialects<"select at from @change_log where seq > $1 order by seq limit 1">(),
        {place.seq}, [&](const Row& row) {
          lag.oldest_at = Timestamp{row.integer(0)};
          return true;
        });
  }));
  return lag;
}

}  // namespace bl::results::replica
