#pragma once

#include <deque>
#include <string>
#include <vector>

#include "events/log.h"
#include "store/row_set.h"

/// Events as rows of a log's tables (schema.h), and back.
namespace bl::events {

/// An `insert into TABLE (columns) values (...)` of many rows at once, with an end for conflicts.
/// Keep it as long as the database: it owns the texts of its statement.
class RowInsert {
 public:
  struct Column {
    std::string_view name;
    std::string_view postgres_type;
  };
  RowInsert(std::string_view table, std::initializer_list<Column> columns,
            std::string_view end = "");
  RowInsert(const RowInsert&) = delete;
  RowInsert& operator=(const RowInsert&) = delete;
  store::Sql sql() const { return {sqlite_.c_str(), postgres_.c_str()}; }
  std::size_t columns() const { return columns_; }

 private:
  std::size_t columns_;
  std::string sqlite_, postgres_;
};

/// Collects events that get in, each with its sequence; then inserts all of them. Borrows the
/// events until it is gone.
class EventInserts {
 public:
  EventInserts();
  void add(const BuildEvent& event, Sequence sequence);
  /// PostgreSQL: sent, answered with what is asked next or with COMMIT.
  Result<void> run(store::Connection& connection);

 private:
  void add_payload(const BuildEvent& event, Sequence sequence);
  std::string_view keep(std::string text);

  std::deque<std::string> texts_;  // JSON that rows borrow
  std::vector<store::ParamRows> tables_;
};

/// What the root table says of an event.
struct EventHeader {
  Sequence sequence = 0;
  std::string event_id;
  std::int64_t timestamp = 0;
  std::string build_request_id;
  EventType type = EventType::build_request;
};

/// The columns of a query that read_header() reads; the root table is `e`.
inline constexpr std::string_view k_header_columns =
    "e.seq, e.event_id, e.timestamp, e.build_request_id, e.event_type";
/// Errors: corrupt (a type that is none).
Result<EventHeader> read_header(const store::Row& row);

/// Adds the payloads, which lie in the tables of the types; in the order given. Errors: corrupt
/// (with the event: no row, JSON that is none), too_large (more than bytes_max of texts).
Result<std::vector<StoredEvent>> load_events(store::Connection& connection,
                                             std::vector<EventHeader> headers,
                                             std::size_t bytes_max);

/// `["a","b"]`
std::string texts_json(const std::vector<std::string>& texts);
Result<std::vector<std::string>> texts_of_json(std::string_view json);

}  // namespace bl::events
