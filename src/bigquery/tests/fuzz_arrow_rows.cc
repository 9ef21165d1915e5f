// Any bytes as Arrow's messages: a schema and a batch, or a batch of the table's own schema.
#include "bigquery/arrow_rows.h"
#include "bigquery/tests/fuzz_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::bigquery;
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  ArrowLimits limits;
  limits.rows = k_fuzz_limits;
  limits.ipc.bytes_max = 1u << 20;
  limits.ipc.memory_bytes_max = 4u << 20;
  limits.ipc.rows_max = 1 << 16;
  if (data[0] % 4 == 0) {
    const std::size_t cut = std::min<std::size_t>(rest.size(), std::size_t{data[1]} * 8);
    const auto plan = ArrowPlan::compile(rest.substr(0, cut), fuzz_schema(), limits);
    if (plan.ok()) check_rows(plan->decode(rest.substr(cut), {}));
    return 0;
  }
  static const auto messages =
      arrow_messages(fuzz_schema(), bl::columns::IpcCompression::none).value();
  static const auto plan =
      ArrowPlan::compile(messages.schema_message(), fuzz_schema(), limits).value();
  check_rows(plan.decode(rest, {}));
  return 0;
}
