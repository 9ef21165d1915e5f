#pragma once

#include <string>
#include <vector>

#include "store/testing/postgres_server.h"

/// Databases as Conbench left them: the tables of its head revision, those that came later, and
/// rows in every shape that long-lived ones hold (spec/results-conbench.md 1).
namespace bl::conbench {

enum class Schema : unsigned char {
  legacy,        ///< alembic_version 99895af5dae2
  interim,       ///< 9d5f3c1a7b2e: the new Conbench's tables, still by alembic
  renewed,       ///< the new Conbench: schema_migrations at 2, submission keys
  self_created,  ///< by the old program itself: no ledger, other order of columns, CHECKs
};

/// A database of the shared server, dropped at the end.
class OldDatabase {
 public:
  explicit OldDatabase(Schema schema);
  ~OldDatabase();
  OldDatabase(const OldDatabase&) = delete;
  OldDatabase& operator=(const OldDatabase&) = delete;

  std::string uri() const;
  /// As a role that may read everything and write nothing; made at the first call.
  std::string read_only_uri();
  const std::string& name() const { return name_; }
  /// Runs statements as the superuser, as another program would; one value, or "".
  std::string run(const std::string& sql) const;
  /// Two dimensions of each kind, three commits, and one good result `id` of a series.
  void add_dimensions();
  struct Row {
    std::string id;
    std::string run_id = "run-1";
    std::string commit_id = "commit-1";  ///< empty: none
    std::string fingerprint = "fp-1";
    std::string timestamp = "2024-08-01 12:00:00";
    std::string more;  ///< "column = value, ..." put over the good row
  };
  void add(const Row& row);
  /// Results in all the odd shapes that old databases hold; their ids, each with its shape as a
  /// comment in old_database.cc.
  std::vector<std::string> add_odd_rows();

 private:
  store::testing::PostgresServer& server_ = store::testing::PostgresServer::shared();
  std::string name_;
};

/// An id as Conbench made it, for a second of 2024-08-01 12:00; `number` tells them apart.
std::string id_at(int second, int number = 0);

}  // namespace bl::conbench
