#include "results/legacy_run_comparison.h"

#include "results/legacy/wire.h"
#include "results/legacy_encode.h"

namespace bl::results {
namespace {

using namespace legacy;

Body compare_runs(const net::Request& request, RunComparisonReader& reader, SummaryMode mode) {
  BL_TRY(IdPair ids, pair_of(request.capture("pair")));
  Thresholds thresholds;
  BL_TRY(thresholds.percent, number_of(request, "threshold", thresholds.percent));
  BL_TRY(thresholds.z, number_of(request, "threshold_z", thresholds.z));
  RunPair pair{.baseline = std::move(ids.baseline),
               .contender = std::move(ids.contender),
               .after = cursor_of(request)};
  BL_TRY(pair.page_size, page_size_of(request));
  const auto page = reader.page(pair);
  if (page.ok()) return encode_legacy_run_comparison(*page, thresholds, mode);
  if (page.error().code == Code::not_found) return no_such_run(page.error().message);
  return page.error();
}

}  // namespace

void add_legacy_run_comparison_route(net::Router& router, RunComparisonReader& reader,
                                     SummaryMode mode) {
  add_get(router, "/api/compare/runs/{pair}/", [&reader, mode](const net::Request& request) {
    return compare_runs(request, reader, mode);
  });
}

}  // namespace bl::results
