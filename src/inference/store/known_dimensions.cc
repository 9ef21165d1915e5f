#include "inference/store/known_dimensions.h"

#include "store/both_dialects.h"

namespace bl::inference {
namespace {

using store::Param;
using Row = std::vector<Param>;

Param flag(bool value) {
  return std::int64_t{value};
}

Row config_row(const ServingConfig& config) {
  return {std::string_view(config.hardware),
          std::string_view(config.framework),
          std::string_view(config.model),
          std::string_view(config.precision),
          std::string_view(config.spec_method),
          flag(config.disagg),
          flag(config.is_multinode),
          config.prefill_tp,
          config.prefill_ep,
          flag(config.prefill_dp_attention),
          config.prefill_num_workers,
          config.decode_tp,
          config.decode_ep,
          flag(config.decode_dp_attention),
          config.decode_num_workers,
          config.num_prefill_gpu,
          config.num_decode_gpu};
}

Row line_row(const Line& line) {
  return {line.model,
          line.hardware,
          line.framework,
          line.precision,
          line.benchmark_type,
          store::param_of(line.isl),
          store::param_of(line.osl),
          line.spec_method,
          flag(line.disagg),
          line.offload_mode};
}

// Truth values as numbers in both dialects.
#define BL_FLAG(column) "case when " column " then 1 else 0 end"

const store::Sql& read_configs() {
  static const store::Sql k_sql = store::both_dialects<
      "select id, 17, hardware, framework, model, precision, spec_method, " BL_FLAG(
          "disagg") ", " BL_FLAG("is_multinode") ", prefill_tp, prefill_ep, "
      BL_FLAG("prefill_dp_attention") ", prefill_num_workers, decode_tp, decode_ep, "
      BL_FLAG("decode_dp_attention") ", decode_num_workers, num_prefill_gpu, num_decode_gpu "
      "from @inference_config">();
  return k_sql;
}

const store::Sql& add_config() {
  static const store::Sql k_sql = store::both_dialects<
      "insert into @inference_config (hardware, framework, model, precision, spec_method, disagg, "
      "is_multinode, prefill_tp, prefill_ep, prefill_dp_attention, prefill_num_workers, decode_tp, "
      "decode_ep, decode_dp_attention, decode_num_workers, num_prefill_gpu, num_decode_gpu) values "
      "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
      "on conflict do nothing">();
  return k_sql;
}

const store::Sql& read_lines() {
  static const store::Sql k_sql = store::both_dialects<
      "select id, 10, model, hardware, framework, precision, benchmark_type, isl, osl, "
      "spec_method, " BL_FLAG("disagg") ", offload_mode from @inference_line">();
  return k_sql;
}

const store::Sql& add_line() {
  static const store::Sql k_sql = store::both_dialects<
      "insert into @inference_line (model, hardware, framework, precision, benchmark_type, isl, "
      "osl, spec_method, disagg, offload_mode) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
      "on conflict do nothing">();
  return k_sql;
}

}  // namespace

Line line_of(const BenchmarkRow& row) {
  const ServingConfig& config = row.config;
  Line line{.model = config.model,
            .hardware = config.hardware,
            .framework = config.framework,
            .precision = config.precision,
            .benchmark_type = row.benchmark_type,
            .isl = row.isl,
            .osl = row.osl,
            .spec_method = config.spec_method,
            .offload_mode = row.offload_mode ? std::string_view(*row.offload_mode) : "off",
            .disagg = config.disagg};
  if (row.benchmark_type == "agentic_traces") {
    line.spec_method = line.offload_mode = "";
    line.disagg = false;
  }
  return line;
}

KnownDimensions::KnownDimensions()
    : configs_(read_configs(), add_config()), lines_(read_lines(), add_line()) {}

Result<SweepIds> KnownDimensions::ids_of(store::Database& database, const Sweep& sweep) {
  SweepIds ids;
  std::vector<Row> configs, lines;
  for (const SweepPoint& point : sweep.points) {
    configs.push_back(config_row(point.row.config));
    lines.push_back(line_row(line_of(point.row)));
  }
  for (const SweepEval& eval : sweep.evals) configs.push_back(config_row(eval.row.config));
  BL_TRY(KnownRows::Found found, configs_.ids_of(database, configs));
  ids.configs.added = found.added;
  ids.configs.unchanged = found.distinct - found.added;
  const auto evals = found.ids.begin() + static_cast<std::ptrdiff_t>(sweep.points.size());
  ids.point_configs.assign(found.ids.begin(), evals);
  ids.eval_configs.assign(evals, found.ids.end());
  BL_TRY(found, lines_.ids_of(database, lines));
  ids.point_lines = std::move(found.ids);
  return ids;
}

}  // namespace bl::inference
