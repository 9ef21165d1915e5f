#pragma once

#include <memory>
#include <string>

#include "app/service.h"

/// The server inside of a command, when none runs on the data folder (DESIGN 3).
namespace bl::app {

class LocalServer {
 public:
  LocalServer();
  ~LocalServer();

  /// Serves the folder on a free port of 127.0.0.1 until this object is gone, under the folder's
  /// lock. Settings come from the environment; warnings and errors are logged. Cost: as a start of
  /// the server, about 20 ms. Errors: not_found (the folder has no store: none is made), conflict
  /// (a server runs there), those of Service::start.
  Result<void> start(const std::string& data_folder,
                     const std::map<std::string, std::string>& environment);

 private:
  std::unique_ptr<Disk> disk_;
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Service> service_;
};

}  // namespace bl::app
