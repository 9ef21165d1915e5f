#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/disk.h"
#include "bigquery/jobs.h"
#include "net/router.h"

/// Jobs over HTTP (spec 2.1): queries, jobs, pages of rows, and files sent with load jobs. Each
/// path is there below `/bigquery/v2` and bare.
namespace bl::bigquery {

struct JobRouteLimits {
  std::size_t body_bytes_max = 16u << 20;
  std::size_t multipart_bytes_max = 128u << 20;  ///< in memory; more: a resumable upload
  std::uint64_t upload_bytes_max = 16ull << 30;  ///< of one file
  std::size_t chunk_bytes_max = 1u << 30;        ///< of one request of a resumable upload
  std::size_t uploads_max = 256;                 ///< that have begun
  std::chrono::hours upload_age_max{24};         ///< since its last piece
  /// Requests that wait for a job at once; more are answered at once, with jobComplete false.
  std::size_t waiting_max = 32;
  std::chrono::milliseconds wait_max{200'000};
};

/// What jobs are made of, once somebody asks: the door opens its lake late.
struct JobPorts {
  struct Parts {
    Jobs* jobs = nullptr;
    Queries* queries = nullptr;
    Disk* disk = nullptr;
    std::string upload_folder;  ///< of this process alone; what lies there at its start goes
    const Clock* clock = nullptr;
    IdSource* ids = nullptr;
  };
  std::function<Result<Parts>()> parts;
};

struct JobRouteOptions {
  net::Access read = net::Access::read;    ///< pages, jobs, statements that only read
  net::Access write = net::Access::write;  ///< whoever may do the rest; `open`: anybody
  JobRouteLimits limits;
};

/// `ports` outlives the router's handlers.
void add_job_routes(net::Router& router, JobPorts ports, const JobRouteOptions& options);

}  // namespace bl::bigquery
