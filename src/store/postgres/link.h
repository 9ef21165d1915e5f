#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/postgres/postgres_error.h"

struct pg_conn;
struct pg_result;

/// libpq without blocking calls: every wait has a deadline, and ends at once when the server goes.
namespace bl::store {

using Deadline = std::chrono::steady_clock::time_point;

struct FreeResult {
  void operator()(pg_result* result) const;
};
using PgResult = std::unique_ptr<pg_result, FreeResult>;

/// One connection to a server, always in pipeline mode between calls. One thread at a time.
class Link {
 public:
  /// libpq's keywords and their values.
  using Keywords = std::vector<std::pair<std::string, std::string>>;
  /// Errors: unavailable (with host and reason; never the password), not_found (no such database),
  /// overloaded (too many connections), timeout as unavailable.
  static Result<std::unique_ptr<Link>> connect(const Keywords& keywords,
                                               std::chrono::milliseconds time_max);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  pg_conn* raw() { return connection_; }
  /// False once the connection broke; it never comes back.
  bool is_usable() const { return is_usable_; }
  void give_up() { is_usable_ = false; }

  /// Writes what libpq has buffered, reading meanwhile so that neither side blocks the other.
  Result<void> flush(Deadline deadline);
  /// The next result of the pipeline, or null between two statements. Errors: timeout (after the
  /// server was asked to cancel and its answer was read, or given up), unavailable.
  Result<PgResult> next(Deadline deadline);
  /// Statements with `;` between. The pipeline is empty.
  Result<PgResult> simple(const std::string& sql, Deadline deadline);
  /// Leaves and enters pipeline mode around what it does not allow (COPY, scripts).
  Result<void> leave_pipeline();
  Result<void> enter_pipeline();

 private:
  Link(pg_conn* connection, const Keywords& keywords)
      : connection_(connection), keywords_(keywords) {}
  enum class Wanted : unsigned char { read, read_or_write };
  /// False when the deadline passed.
  Result<bool> wait(Wanted wanted, Deadline deadline);
  Error lost(std::string_view doing);
  /// Asks the server, over a connection of its own, to stop what it runs; gives both until
  /// cancel_deadline_.
  void cancel();

  pg_conn* connection_;
  const Keywords keywords_;
  bool is_usable_ = true;
  bool is_cancelled_ = false;
  Deadline cancel_deadline_{};
};

}  // namespace bl::store
