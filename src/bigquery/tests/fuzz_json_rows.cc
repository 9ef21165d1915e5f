// Any bytes as rows of JSON for a table of every type: what is taken goes out as cells, which are
// JSON, and as Arrow, which comes back equal.
#include "base/check.h"
#include "base/json.h"
#include "bigquery/json_rows.h"
#include "bigquery/tests/fuzz_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::bigquery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  JsonRowOptions options;
  options.ignore_unknown_values = size % 2 == 0;
  options.limits = k_fuzz_limits;
  check_rows(rows_from_ndjson(fuzz_schema(), text, options));
  return 0;
}
