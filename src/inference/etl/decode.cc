#include "inference/decode.h"

#include <cmath>

#include "inference/coercion.h"
#include "inference/etl/agentic.h"
#include "inference/etl/row_fields.h"
#include "inference/etl/topology.h"
#include "inference/etl/values.h"

namespace bl::inference {
namespace {

bool is_agentic(const RowFields& row) {
  const json::Value* scenario = row[Field::scenario_type];
  return scenario && scenario->is_string() && scenario->as_string().starts_with("agentic");
}

/// Nothing was served: such a row's metrics mean nothing.
bool has_failed(const RowFields& row) {
  const json::Value* outcome = row[Field::benchmark_outcome];
  const json::Value* status = outcome ? outcome->find("status") : nullptr;
  if (status && status->is_string() && status->as_string() == "failed") return true;
  if (!is_agentic(row)) return false;
  auto successful = parse_number(row[Field::num_requests_successful]);
  return successful && *successful == 0 && parse_number(row[Field::num_requests_total]);
}

/// -1 for what is no number.
std::int64_t count_of(const json::Value* value) {
  return value && value->is_number() ? integer_of(value).value_or(-1) : -1;
}

}  // namespace

std::optional<RowMapper::Names> RowMapper::names_of(const json::Value* prefix,
                                                    const json::Value* model, const json::Value* hw,
                                                    std::string_view path) {
  auto model_name = model_key(registry_, prefix, model);
  if (!model_name) {
    std::string called = text_of(prefix);
    tracker_.skip(SkipReason::unmapped_model, path, called.empty() ? text_of(model) : called);
    return std::nullopt;
  }
  auto hardware = hardware_key(registry_, rules_.hardware_names, text_of(hw));
  if (!hardware) {
    tracker_.skip(SkipReason::unmapped_hardware, path, text_of(hw));
    return std::nullopt;
  }
  return Names{std::move(*model_name), std::move(*hardware)};
}

void RowMapper::set_names(ServingConfig& config, const Names& names, const json::Value* framework,
                          const json::Value* disagg, const json::Value* precision,
                          const json::Value* spec_decoding) {
  config.model = names.model;
  config.hardware = names.hardware;
  FrameworkName name = framework_name(registry_, rules_.disaggregation, text_of(framework), disagg);
  config.framework = std::move(name.framework);
  config.disagg = name.disagg;
  config.precision = precision_name(registry_, text_of(precision));
  if (!registry_.is_precision(config.precision)) tracker_.note_precision(config.precision);
  config.spec_method = spec_method_name(spec_decoding);
}

std::optional<double> RowMapper::metric_of(const json::Value& value) const {
  auto number = parse_number(&value);
  if (!number) return std::nullopt;
  bool only_whole = rules_.text_metrics == MappingRules::TextMetrics::whole;
  if (only_whole && !value.is_number() && !value.is_bool()) {
    if (!value.is_string() || !is_whole_number(value.as_string())) return std::nullopt;
  }
  bool only_finite = rules_.impossible == MappingRules::Impossible::refused;
  return only_finite && !std::isfinite(*number) ? std::nullopt : number;
}

bool RowMapper::is_possible(const BenchmarkRow& row) const {
  if (rules_.impossible == MappingRules::Impossible::passed) return true;
  bool has_lengths = !row.isl || (is_length(*row.isl) && is_length(row.osl.value_or(0)));
  return has_lengths && is_length(row.conc) && is_possible_topology(row.config);
}

bool RowMapper::is_possible(const EvalRow& row) const {
  if (rules_.impossible == MappingRules::Impossible::passed) return true;
  auto fits = [](std::optional<std::int64_t> number) { return !number || is_length(*number); };
  return fits(row.isl) && fits(row.osl) && fits(row.conc) && is_possible_topology(row.config);
}

std::optional<BenchmarkRow> RowMapper::benchmark_row(const json::Value& row, std::string_view path,
                                                     std::optional<Sequence> fallback) {
  if (!row.is_object()) {
    tracker_.skip(SkipReason::malformed, path, "not an object");
    return std::nullopt;
  }
  RowFields fields(row);
  bool reads_all = rules_.schemas == MappingRules::Schemas::all;
  if (reads_all && has_failed(fields)) {
    tracker_.skip(SkipReason::failed_run, path);
    return std::nullopt;
  }
  // An empty prefix is a prefix: only null and absent let model_prefix speak.
  const json::Value* prefix = fields[Field::infmax_model_prefix];
  if (!prefix || prefix->is_null()) prefix = fields[Field::model_prefix];
  auto names = names_of(prefix, fields[Field::model], fields[Field::hw], path);
  if (!names) return std::nullopt;

  BenchmarkRow out;
  bool agentic = reads_all && is_agentic(fields);
  std::int64_t conc = integer_of(fields[Field::conc]).value_or(0);
  if (agentic) {
    out.benchmark_type = "agentic_traces";
    conc = integer_of(fields[Field::users]).value_or(conc);
    out.offload_mode = offload_mode(row);
  } else {
    out.isl = integer_of(fields[Field::isl]);
    out.osl = integer_of(fields[Field::osl]);
    if (!out.isl && fallback) out.isl = fallback->isl;
    if (!out.osl && fallback) out.osl = fallback->osl;
  }
  bool has_lengths = agentic || (out.isl.value_or(0) != 0 && out.osl.value_or(0) != 0);
  if (!has_lengths || conc == 0) {
    tracker_.skip(SkipReason::no_isl_osl, path);
    return std::nullopt;
  }
  out.conc = conc;

  set_names(out.config, *names, fields[Field::framework], fields[Field::disagg],
            fields[Field::precision], fields[Field::spec_decoding]);
  bool reads_mtp = rules_.mtp_field == MappingRules::MtpField::read;
  if (reads_mtp && !fields[Field::spec_decoding] && text_of(fields[Field::mtp]) == "on") {
    out.config.spec_method = "mtp";
  }
  out.config.is_multinode = parse_bool(fields[Field::is_multinode]);
  set_topology(out.config, fields, rules_);
  if (!is_possible(out)) {
    tracker_.skip(SkipReason::malformed, path, "a count that cannot be");
    return std::nullopt;
  }
  out.image = text_unless_empty(fields[Field::image]);
  if (out.image) std::replace(out.image->begin(), out.image->end(), '#', '/');

  auto era = reads_all ? RowFields::Era::september : RowFields::Era::april;
  if (reads_all) out.metrics = agentic_metrics(row);
  bool has_nested = !out.metrics.empty();
  out.metrics.reserve(out.metrics.size() + row.members().size());
  for (std::size_t i = 0; i < row.members().size(); ++i) {
    if (!fields.may_be_metric(i, era)) continue;
    const auto& [name, value] = row.members()[i];
    auto number = metric_of(value);
    if (!number) continue;
    if (!is_known_metric(name)) tracker_.note_metric(name);
    if (has_nested) {
      set_metric(out.metrics, name, *number);
    } else {
      out.metrics.emplace_back(name, *number);
    }
  }
  if (!reads_all) return out;
  const json::Value* fingerprint = fields[Field::recipe_fingerprint];
  if (!fingerprint) fingerprint = fields[Field::recipe_fingerprint_dashed];
  out.recipe_fingerprint = text_unless_empty(fingerprint);
  out.kv_transfer_lib = kv_transfer_lib(fields[Field::kv_p2p_transfer]);
  if (agentic) recompute_interactivity(out.metrics);
  apply_power_contract(fields, out);
  return out;
}

std::vector<BenchmarkRow> RowMapper::benchmark_rows(const json::Value& document,
                                                    std::string_view path,
                                                    std::optional<Sequence> fallback) {
  std::vector<BenchmarkRow> rows;
  if (!document.is_array()) {
    if (auto row = benchmark_row(document, path, fallback)) rows.push_back(std::move(*row));
    return rows;
  }
  rows.reserve(document.items().size());
  std::string place(path);
  place += '#';
  for (std::size_t i = 0; i < document.items().size(); ++i) {
    std::string item = json::pointer_append(place, i);
    if (auto row = benchmark_row(document.items()[i], item, fallback)) {
      rows.push_back(std::move(*row));
    }
  }
  return rows;
}

std::vector<RunStat> RowMapper::run_stats(const json::Value& document, std::string_view path) {
  std::vector<RunStat> stats;
  if (!document.is_object()) {
    tracker_.skip(SkipReason::malformed, path, "not an object");
    return stats;
  }
  for (const auto& [name, counts] : document.members()) {
    std::string place = json::pointer_append(std::string(path) + "#", name);
    bool is_key = registry_.find_hardware(name) != nullptr;
    auto hardware =
        is_key ? std::optional(name) : hardware_key(registry_, rules_.hardware_names, name);
    if (!hardware) {
      tracker_.skip(SkipReason::unmapped_hardware, place, name);
      continue;
    }
    const json::Value* success = counts.find("n_success");
    const json::Value* total = counts.find("total");
    std::int64_t n_success = count_of(success), n_total = count_of(total);
    if (n_success < 0 || n_success > n_total) {
      tracker_.skip(SkipReason::malformed, place, "n_success and total are no counts");
      continue;
    }
    // Clusters of one accelerator are one accelerator's jobs.
    auto same = std::find_if(stats.begin(), stats.end(),
                             [&](const RunStat& stat) { return stat.hardware == *hardware; });
    if (same == stats.end()) {
      stats.push_back({*hardware, n_success, n_total});
    } else {
      same->n_success += n_success;
      same->total += n_total;
    }
  }
  return stats;
}

}  // namespace bl::inference
