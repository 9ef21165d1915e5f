#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/testing/temporary_folder.h"
#include "store/database.h"

/// What the conformance suite needs of a driver: fresh databases that can be opened again.
namespace bl::store::testing {

/// A database that lives as long as this object: a folder, a schema of a server, ...
class DatabasePlace {
 public:
  virtual ~DatabasePlace() = default;
  /// Opens the same database again. Not all can be open twice.
  virtual Result<std::unique_ptr<Database>> open(const DatabaseLimits& limits, Log& log,
                                                 Metrics& metrics) = 0;
};

struct DriverFactory {
  std::string name;
  std::function<std::unique_ptr<DatabasePlace>()> make;
  bool is_durable = true;  ///< what was written is there after open()
};

/// Drops its lines; a log that the tests can lend.
struct QuietLog {
  SystemClock clock;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
};

/// The value of a metric (with its labels, as in the text format), or nullopt.
std::optional<double> metric_value(const Metrics& metrics, const std::string& name);

DriverFactory sqlite_file_driver();
DriverFactory sqlite_memory_driver();
/// Each place is a database of the server that the test program starts.
DriverFactory postgres_driver();

}  // namespace bl::store::testing
