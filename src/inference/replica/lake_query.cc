#include "inference/replica/lake_query.h"

#include <fmt/format.h>

#include "columns/batch_row.h"

namespace bl::inference::replica {
namespace {

constexpr std::int64_t k_rows_max = 4'000'000;
constexpr std::uint64_t k_bytes_max = 2ull << 30;

// The question is ours: what the engine cannot make of it is no mistake of who asks.
Error ours(Error error) {
  switch (error.code) {
    case Code::malformed:
    case Code::invalid:
    case Code::forbidden:
    case Code::not_found:
      return Error{Code::internal, "a question to the lake: " + error.message};
    default:
      return error;
  }
}

}  // namespace

std::string config_columns() {
  return "p.hardware, p.framework, p.model, p.precision, p.spec_method, p.disagg, p.is_multinode, "
         "p.prefill_tp, p.prefill_ep, p.prefill_dp_attention, p.prefill_num_workers, p.decode_tp, "
         "p.decode_ep, p.decode_dp_attention, p.decode_num_workers, p.num_prefill_gpu, "
         "p.num_decode_gpu";
}

Result<void> ask(lake::Lake& lake, engine::Engine& engine, std::string sql, duck::Values values,
                 std::vector<Part> parts,
                 const std::function<Result<void>(const store::Row&)>& each) {
  engine::Query query;
  query.sql = std::move(sql);
  query.parameters = std::move(values);
  query.limits.rows_max = k_rows_max;
  query.limits.bytes_max = k_bytes_max;
  for (Part& part : parts) {
    const std::string name(part.shape->name);
    const auto table = lake.table(name);
    if (!table.ok()) {
      if (table.error().code != Code::not_found) return table.error();
      return Error{Code::unavailable,
                   "the replica of sweeps was not made yet, the lake has no table " + name};
    }
    query.tables.push_back({.name = name,
                            .snapshot = (*table)->snapshot(),
                            .ranges = std::move(part.ranges),
                            .opened_before = {}});
  }
  auto cursor = engine.run(std::move(query));
  if (!cursor.ok()) return ours(std::move(cursor).error());
  for (;;) {
    auto batch = (*cursor)->next();
    if (!batch.ok()) return ours(std::move(batch).error());
    if (!*batch) break;
    BL_RETURN_IF_ERROR(columns::for_each_row<store::Row>(**batch, each));
  }
  if (!(*cursor)->statistics().is_truncated) return {};
  return Error{Code::too_large,
               fmt::format("an answer of the lake has more than {} rows or {} bytes", k_rows_max,
                           k_bytes_max)};
}

}  // namespace bl::inference::replica
