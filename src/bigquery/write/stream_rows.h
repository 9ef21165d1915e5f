#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "bigquery/model.h"
#include "bigquery/write/wire.h"
#include "store/database.h"

/// Streams as rows of the store (`bl_bq_streams`), and the keys that carry them on. Private to this
/// folder.
namespace bl::bigquery::write {

struct StreamRow {
  std::string id;  ///< 32 hex digits
  StreamKind kind = StreamKind::committed;
  TableName table;
  std::int64_t table_id = 0;
  Timestamp created, used;
  std::int64_t moved = 0;  ///< rows that are in the table, at least
  std::optional<std::int64_t> final_rows;
  std::optional<Timestamp> committed;
  /// A move that was decided: the rows up to `move_to` are in the table, or will be.
  std::string move_id;
  std::int64_t move_to = 0;
};

/// `bq/STREAM/OFFSET/COUNT`: rows of a stream that went to its table by one record.
std::string key_of(std::string_view stream, std::int64_t offset, std::int64_t count);
struct KeyParts {
  std::string_view stream;
  std::int64_t end = 0;  ///< offset and count
};
std::optional<KeyParts> parse_key(std::string_view key);

/// Errors of all: those of the store. Durable on return. Threads: any.
class StreamRows {
 public:
  explicit StreamRows(store::Database& database) : database_(database) {}

  Result<void> add(const StreamRow& row);
  Result<std::optional<StreamRow>> find(std::string_view id);
  /// Those that may have rows waiting: pending or buffered, not committed.
  Result<std::vector<StreamRow>> waiting();
  Result<void> finalize(std::string_view id, std::int64_t rows, Timestamp now);
  Result<void> begin_move(std::string_view move_id,
                          std::span<const std::pair<std::string, std::int64_t>> streams);
  Result<void> cancel_move(std::string_view move_id);
  /// Of streams that moved so far; a time: they are committed.
  Result<void> end_move(std::span<const std::pair<std::string, std::int64_t>> streams,
                        std::optional<Timestamp> committed, Timestamp now);
  /// When each was used last.
  Result<void> touch(std::span<const std::pair<std::string, Timestamp>> streams);
  /// Forgets those that nobody used since then and that no move is under way of. Gives their ids.
  Result<std::vector<std::string>> forget(Timestamp unused_since);

 private:
  store::Database& database_;
};

}  // namespace bl::bigquery::write
