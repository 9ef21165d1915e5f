#include "app/ci_results.h"

#include "results/trend_routes.h"

namespace bl::app {

CiResults::CiResults(store::Database& database, const Clock& clock, IdSource& ids,
                     results::DistributionOptions options)
    : clock_(clock),
      reporter_(database, options),
      snapshots_(database, ids),
      thresholds_(database),
      inventory_(database),
      project_(database, options.mode),
      trends_(database, options.mode) {}

void CiResults::add_routes(net::Router& router) {
  results::add_ci_routes(router, {.reporter = reporter_,
                                  .snapshots = snapshots_,
                                  .thresholds = thresholds_,
                                  .inventory = inventory_,
                                  .project = project_,
                                  .clock = clock_});
  results::add_trend_routes(router, {.trends = trends_, .clock = clock_});
}

}  // namespace bl::app
