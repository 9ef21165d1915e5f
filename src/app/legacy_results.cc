#include "app/legacy_results.h"

#include "results/edit_routes.h"
#include "results/legacy_catalogue.h"
#include "results/legacy_run_comparison.h"
#include "results/store_schema_revision.h"
#include "results/undo_routes.h"

namespace bl::app {

LegacyResults::LegacyResults(store::Database& database, const Clock& clock,
                             results::DistributionOptions options)
    : database_(database),
      clock_(clock),
      options_(options),
      catalogue_(database),
      baselines_(database),
      comparisons_(database, options),
      editor_(database, clock),
      undo_(database, clock) {}

void LegacyResults::add_routes(net::Router& router, const results::Ports& ports, TestAids aids) {
  results::add_edit_routes(router, ports, editor_);
  results::add_undo_route(router, {.undo = undo_, .clock = clock_});
  results::add_legacy_catalogue_routes(router, {catalogue_, baselines_});
  results::add_legacy_run_comparison_route(router, comparisons_, options_.mode);
  results::LegacyServerPorts server{.results = ports, .clock = clock_, .schema_revision = [this] {
                                      return results::schema_revision(database_);
                                    }};
  if (aids == TestAids::on) {
    server.wipe = [this] { return results::wipe_results(database_); };
  }
  results::add_legacy_server_routes(router, server);
}

}  // namespace bl::app
