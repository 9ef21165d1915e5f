#include "results/store/summary_sql.h"

#include "results/units.h"
#include "store/both_dialects.h"

namespace bl::results {

std::string summary_on_postgres(SummaryMode mode) {
  if (mode == SummaryMode::mean) return "coalesce(r.mean, (select avg(e) from unnest(r.data) e))";
  const std::string more = sql_of_more_is_better("r.unit");
  return "coalesce(case when " + more + " then r.max else r.min end, (select case when " + more +
         " then max(e) else min(e) end from unnest(r.data) e))";
}

std::string double_on_postgres(const std::string& numeric) {
  return store::in_dialect("@float{(" + numeric + ")}", store::Dialect::postgres);
}

}  // namespace bl::results
