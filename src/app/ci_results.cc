#include "app/ci_results.h"

#include "results/exemplar_routes.h"
#include "results/trend_routes.h"
#include "results/verdict_routes.h"

namespace bl::app {

CiResults::CiResults(store::Database& writer, store::Database& readers, const Clock& clock,
                     IdSource& ids, results::DistributionOptions options)
    : clock_(clock),
      reporter_(writer, options),
      snapshots_(writer, ids),
      thresholds_(writer),
      inventory_(writer),
      project_(readers, options.mode),
      trends_(readers, options.mode),
      verdicts_(readers, options.mode),
      verdict_switches_(writer),
      exemplars_(writer, clock, options.mode) {}

void CiResults::add_routes(net::Router& router) {
  results::add_ci_routes(router, {.reporter = reporter_,
                                  .snapshots = snapshots_,
                                  .thresholds = thresholds_,
                                  .inventory = inventory_,
                                  .project = project_,
                                  .clock = clock_,
                                  .verdicts = &verdicts_});
  results::add_trend_routes(router, {.trends = trends_, .clock = clock_, .verdicts = &verdicts_});
  results::add_verdict_routes(
      router, {.verdicts = verdicts_, .switches = verdict_switches_, .clock = clock_});
  results::add_exemplar_routes(router, exemplars_);
  results::add_prometheus_routes(router, exemplars_);
}

}  // namespace bl::app
