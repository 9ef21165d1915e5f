#pragma once

#include <functional>

#include "base/random.h"
#include "bigquery/query_results.h"
#include "bigquery/tables.h"
#include "engine/engine.h"
#include "net/router.h"

/// BigQuery over HTTP but for jobs (spec/bigquery-and-gate.md 2): projects, datasets, tables, their
/// rows in and out, the discovery document. Each path is there below `/bigquery/v2` and bare.
/// Errors are told as BigQuery's clients want them, on all paths of the door.
namespace bl::bigquery {

struct RestPorts {
  struct Parts {
    Tables* tables = nullptr;
    engine::Engine* reader = nullptr;  ///< for SQL of our own
    Results* answers = nullptr;        ///< those of queries; they are read as tables are
  };
  /// Asked with each request: the door opens its lake when somebody comes. Errors: those of
  /// opening. What it gives stays.
  std::function<Result<Parts>()> parts;
  const Clock& clock;  ///< as the next: outlives the routes
  Random& random;
};

struct RestLimits {
  std::size_t body_bytes_max = 10u << 20;   ///< of a request
  std::size_t rows_max = 50'000;            ///< of an insertAll
  std::size_t insert_id_bytes_max = 128;    ///< of a row
  std::chrono::seconds insert_ids_for{60};  ///< a row that comes again within is not added
  std::size_t insert_ids_max = 500'000;     ///< kept at once; the oldest go first
  std::size_t page_bytes_max = 10u << 20;   ///< of rows; a page has one row at least
  std::int64_t page_rows_max = 100'000;
  std::size_t places_max = 1'000;      ///< of those who page through tables; the oldest go
  std::chrono::minutes place_for{60};  ///< since its last page
  std::size_t items_max = 1'000;       ///< of a list's page
};

struct RestRouteOptions {
  net::Access reads = net::Access::read, writes = net::Access::write;
  RestLimits limits = {};
};

void add_rest_routes(net::Router& router, const RestPorts& ports, const RestRouteOptions& options);

}  // namespace bl::bigquery
