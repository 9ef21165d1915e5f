#include "store/tests/driver_factory.h"

#include <sstream>

#include "store/open.h"
#include "store/testing/postgres_server.h"

namespace bl::store::testing {
namespace {

class SqliteFile final : public DatabasePlace {
 public:
  Result<std::unique_ptr<Database>> open(const DatabaseLimits& limits, Log& log,
                                         Metrics& metrics) override {
    return open_database("sqlite://" + folder_.at("test.db"), limits, log, metrics);
  }

 private:
  TemporaryFolder folder_;
};

class SqliteMemory final : public DatabasePlace {
 public:
  Result<std::unique_ptr<Database>> open(const DatabaseLimits& limits, Log& log,
                                         Metrics& metrics) override {
    return open_database("sqlite::memory:", limits, log, metrics);
  }
};

class PostgresPlace final : public DatabasePlace {
 public:
  ~PostgresPlace() override { PostgresServer::shared().drop_database(name_); }
  Result<std::unique_ptr<Database>> open(const DatabaseLimits& limits, Log& log,
                                         Metrics& metrics) override {
    return open_database(PostgresServer::shared().uri(name_), limits, log, metrics);
  }

 private:
  const std::string name_ = PostgresServer::shared().create_database();
};

}  // namespace

std::optional<double> metric_value(const Metrics& metrics, const std::string& name) {
  std::istringstream lines(metrics.text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  }
  return std::nullopt;
}

DriverFactory sqlite_file_driver() {
  return {"sqlite_file", [] { return std::make_unique<SqliteFile>(); }};
}

DriverFactory sqlite_memory_driver() {
  return {"sqlite_memory", [] { return std::make_unique<SqliteMemory>(); }, false};
}

DriverFactory postgres_driver() {
  return {"postgres", [] { return std::make_unique<PostgresPlace>(); }};
}

}  // namespace bl::store::testing
