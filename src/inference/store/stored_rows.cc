#include "inference/store/stored_rows.h"

#include <algorithm>

#include "inference/store/documents.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

std::function<bool(const store::Row&)> into(Configs& configs) {
  return [&configs](const store::Row& row) {
    configs.emplace(row.integer(0), config_of(row, 1));
    return true;
  };
}

// Lines as what is available of them, without a date.
using Lines = std::unordered_map<std::int64_t, Availability>;
Result<Lines> read_lines(store::Connection& connection) {
  Lines lines;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select id, model, isl, osl, precision, hardware, framework, "
                           "benchmark_type from @inference_line">(),
      {}, [&](const store::Row& row) {
        Availability one;
        one.model = row.text(1);
        one.isl = row.integer_or_null(2);
        one.osl = row.integer_or_null(3);
        one.precision = row.text(4);
        one.hardware = row.text(5);
        one.framework = row.text(6);
        one.benchmark_type = row.text(7);
        lines.emplace(row.integer(0), std::move(one));
        return true;
      }));
  return lines;
}

}  // namespace

SweepRun run_of(const store::Row& row, int column) {
  SweepRun run;
  run.github_run_id = row.integer(column);
  run.attempt = row.integer(column + 1);
  run.name = row.text(column + 2);
  run.status = row.text_or_null(column + 3);
  run.conclusion = row.text_or_null(column + 4);
  run.head_sha = row.text_or_null(column + 5);
  run.head_branch = row.text_or_null(column + 6);
  run.html_url = row.text_or_null(column + 7);
  run.created_at.micros = row.integer(column + 8);
  if (!row.is_null(column + 9)) run.started_at = Timestamp{row.integer(column + 9)};
  run.append_only = row.integer(column + 10) != 0;
  run.date = row.text(column + 11);
  return run;
}

ServingConfig config_of(const store::Row& row, int column) {
  ServingConfig config;
  config.hardware = row.text(column++);
  config.framework = row.text(column++);
  config.model = row.text(column++);
  config.precision = row.text(column++);
  config.spec_method = row.text(column++);
  config.disagg = row.integer(column++) != 0;
  config.is_multinode = row.integer(column++) != 0;
  config.prefill_tp = row.integer(column++);
  config.prefill_ep = row.integer(column++);
  config.prefill_dp_attention = row.integer(column++) != 0;
  config.prefill_num_workers = row.integer(column++);
  config.decode_tp = row.integer(column++);
  config.decode_ep = row.integer(column++);
  config.decode_dp_attention = row.integer(column++) != 0;
  config.decode_num_workers = row.integer(column++);
  config.num_prefill_gpu = row.integer(column++);
  config.num_decode_gpu = row.integer(column++);
  return config;
}

Result<StoredEval> eval_of(const store::Row& row) {
  StoredEval eval;
  eval.id = row.integer(0);
  eval.config_id = row.integer(1);
  eval.row.task = row.text(2);
  eval.row.isl = row.integer_or_null(3);
  eval.row.osl = row.integer_or_null(4);
  eval.row.conc = row.integer_or_null(5);
  eval.row.lm_eval_version = row.text_or_null(6);
  BL_TRY(eval.row.metrics, metrics_of(row.text(7)));
  eval.origin = {std::string(row.text(8)), std::string(row.text(9))};
  eval.date = row.text(10);
  eval.github_run_id = row.integer(11);
  eval.attempt = row.integer(12);
  eval.html_url = row.text_or_null(13);
  eval.run_created_at.micros = row.integer(14);
  eval.row.config = config_of(row, 15);
  return eval;
}

Result<StoredChangelog> changelog_of(const store::Row& row) {
  StoredChangelog one;
  one.github_run_id = row.integer(0);
  one.date = row.text(1);
  one.base_ref = row.text(2);
  one.head_ref = row.text(3);
  BL_TRY(one.entry.config_keys, strings_of(row, 4));
  one.entry.description = row.text(5);
  one.entry.pr_link = row.text_or_null(6);
  one.entry.evals_only = row.integer(7) != 0;
  one.entry.append_only = row.integer(8) != 0;
  return one;
}

Result<Configs> read_configs(store::Connection& connection, std::span<const std::string> models) {
  Configs configs;
  BL_RETURN_IF_ERROR(
      connection.query({"select c.id, " BL_CONFIG_COLUMNS
                        " from bl_inference_config c where c.model " BL_ONE_OF_SQLITE,
                        "select c.id, " BL_CONFIG_COLUMNS
                        " from benchlake.inference_config c where c.model " BL_ONE_OF_POSTGRES},
                       {std::string_view(list_text(models, connection.dialect()))}, into(configs)));
  return configs;
}

Result<Configs> read_configs(store::Connection& connection) {
  Configs configs;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select c.id, " BL_CONFIG_COLUMNS " from @inference_config c">(), {},
      into(configs)));
  return configs;
}

Result<std::vector<Availability>> read_availability(store::Connection& connection,
                                                    std::string_view first_date,
                                                    std::string_view last_date) {
  BL_TRY(const Lines lines, read_lines(connection));
  std::vector<Availability> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select distinct date, line_id, spec_method, disagg from @inference_available "
          "where date >= $1 and date <= $2">(),
      {first_date, last_date}, [&](const store::Row& row) {
        Availability one = lines.at(row.integer(1));
        one.date = row.text(0);
        one.spec_method = row.text(2);
        one.disagg = row.integer(3) != 0;
        found.push_back(std::move(one));
        return true;
      }));
  // Lines of agentic scenarios differ in no more than this says; others may differ in more.
  std::ranges::sort(found, [](const Availability& a, const Availability& b) {
    return a.date != b.date ? a.date < b.date : a < b;
  });
  const auto [same, end] = std::ranges::unique(found);
  found.erase(same, end);
  return found;
}

}  // namespace bl::inference
