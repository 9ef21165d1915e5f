// Any JSON as a benchmark row, evaluation, run statistics or changelog: no crash, and what is no
// row is counted.
#include <cstdlib>

#include "inference/agentic_requests.h"
#include "inference/decode.h"
#include "inference/eval_collection.h"
#include "inference/producer.h"
#include "inference/recipes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl;
  using namespace bl::inference;
  auto value = json::parse({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) return 0;
  const Registry& registry = Registry::built_in();
  for (const MappingRules& rules :
       {MappingRules(), MappingRules::april_2026(), MappingRules::september_2026()}) {
    SkipTracker tracker;
    RowMapper mapper(registry, rules, tracker);
    std::size_t rows = mapper.benchmark_rows(*value, "fuzz").size();
    std::size_t given = value->is_array() ? value->items().size() : 1;
    if (rows + tracker.total() != given) std::abort();
    mapper.aggregate_eval_row(*value, "fuzz");
    mapper.eval_rows(*value, *value, "fuzz");
    mapper.run_stats(*value, "fuzz");
  }
  changelog_entries(registry, &*value);
  request_metrics(*value, *value);
  recipe_fingerprint(*value);
  if (value->is_array()) {
    (void)append_only_delta(value->items(), value->items());
    lowest_concurrencies(value->items());
  }
  for (const json::Value& score : eval_scores(*value, "fuzz")) aggregate_eval(*value, score);
  RunnerSettings settings = {{"RUNNER_TYPE", "h200"}, {"TP", "8"}};
  (void)process_result(*value, settings, RowRevision::august_2025);
  return 0;
}
