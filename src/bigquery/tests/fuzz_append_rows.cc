// Any bytes as requests of the Storage Write API: what is read lies within them, and rows go the
// way that a connection sends them.
#include "bigquery/proto_rows.h"
#include "bigquery/tests/fuzz_table.h"
#include "bigquery/write/names.h"
#include "bigquery/write/stream_rows.h"
#include "bigquery/write/wire.h"

namespace {

using namespace bl::bigquery;

void check_within(std::string_view part, std::string_view whole) {
  BL_CHECK(part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size()));
}

void check_append(std::string_view bytes) {
  const auto request = write::read_append(bytes);
  if (!request.ok()) return;
  check_within(request->stream, bytes);
  for (const std::string_view row : request->rows) check_within(row, bytes);
  if (request->batch) check_within(*request->batch, bytes);
  if (const auto name = write::parse_stream_name(request->stream); name.ok()) {
    const auto again = write::parse_stream_name(write::path_of(name->table, name->stream));
    BL_CHECK(again.ok() && again->table == name->table && again->stream == name->stream);
  }
  if (!request->writer_schema) return;
  check_within(*request->writer_schema, bytes);
  if (request->form == write::RowsForm::proto) {
    BL_CHECK(!request->batch);
    ProtoLimits limits;
    limits.rows = k_fuzz_limits;
    const auto plan = ProtoPlan::compile(*request->writer_schema, fuzz_schema(), limits);
    if (plan.ok()) check_rows(plan->decode(request->rows, {}));
  } else {
    BL_CHECK(request->rows.empty());
    ArrowLimits limits;
    limits.rows = k_fuzz_limits;
    const auto plan = ArrowPlan::compile(*request->writer_schema, fuzz_schema(), limits);
    if (plan.ok() && request->batch) check_rows(plan->decode(*request->batch, {}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_append(bytes);
  (void)write::read_create(bytes).ok();
  (void)write::read_get(bytes).ok();
  (void)write::read_flush(bytes).ok();
  (void)write::read_commit(bytes).ok();
  if (const auto key = write::parse_key(bytes)) BL_CHECK(key->end >= 0);
  return 0;
}
