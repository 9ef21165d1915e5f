#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"
#include "net/http.h"

/// The queries that users sent: those that run, and the newest that are over. They are asked after
/// and cancelled by who sent them, and by an admin. Threads: any.
namespace bl::ops {

struct QueriesLimits {
  std::size_t kept_max = 200;         ///< that are over; the oldest is forgotten
  std::size_t sql_bytes_max = 4'096;  ///< that are shown
};

struct QueryView {
  enum class State : unsigned char { running, succeeded, failed };
  std::string id;
  State state = State::running;
  std::string sql;     ///< its beginning
  std::string sender;  ///< the name of who sent it; empty: nobody that is known
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
  duck::Progress progress;
  std::optional<engine::Statistics> statistics;  ///< of one that is over
  std::optional<Error> error;                    ///< of one that failed
};
std::string encode(const QueryView& view);

class Queries {
 public:
  Queries(IdSource& ids, const Clock& clock, QueriesLimits limits = {})
      : ids_(ids), clock_(clock), limits_(limits) {}
  Queries(const Queries&) = delete;
  Queries& operator=(const Queries&) = delete;

  /// `id`: empty makes one. Gives it. Errors: conflict (there is a query of that id), unavailable.
  Result<std::string> begin(const std::string& id, const std::string& sql,
                            const net::Principal& sender,
                            std::shared_ptr<engine::QueryControl> control);
  void succeed(const std::string& id, const engine::Statistics& statistics);
  void fail(const std::string& id, const Error& error);

  /// Newest first; those that the principal may see.
  std::vector<QueryView> list(const net::Principal& by) const;
  /// Errors: not_found (also another's).
  Result<QueryView> find(const std::string& id, const net::Principal& by) const;
  /// Of one that is over: nothing. Errors: not_found.
  Result<QueryView> cancel(const std::string& id, const net::Principal& by);
  /// The server stops: cancels all that run, and begins no more (`unavailable`).
  void stop();

 private:
  struct Entry {
    QueryView view;
    std::string sender;                             // who it is, for comparison
    std::shared_ptr<engine::QueryControl> control;  // null: it is over
    std::uint64_t number = 0;
  };
  void end(const std::string& id, const std::function<void(QueryView&)>& how);
  static bool may_see(const Entry& entry, const net::Principal& by);
  static QueryView view_of(const Entry& entry);

  IdSource& ids_;
  const Clock& clock_;
  const QueriesLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_
  std::uint64_t next_ = 0;                // guarded by mutex_
  bool is_stopped_ = false;               // guarded by mutex_
};

}  // namespace bl::ops
