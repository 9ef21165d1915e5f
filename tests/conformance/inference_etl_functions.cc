#include "conformance/inference_etl_functions.h"

#include <cmath>

#include "inference/coercion.h"
#include "inference/decode.h"
#include "inference/names.h"

namespace bl::inference::conformance {
namespace {

const Registry& april() {
  return Registry::built_in(Edition::april_2026);
}
const Registry& september() {
  return Registry::built_in(Edition::september_2026);
}

/// nullptr when the case says that the argument was absent.
const json::Value* argument(const json::Value& input) {
  return is_undefined(input) ? nullptr : &input;
}

std::string text_in(const json::Value& input) {
  return text_of(argument(input));
}

json::Value text_or_null(const std::optional<std::string>& text) {
  return text ? json::Value::string(*text) : json::Value();
}

json::Value number_or_undefined(std::optional<double> number) {
  return number ? number_of(*number) : undefined();
}

template <class T>
json::Value integer_or_null(const std::optional<T>& number) {
  return number ? json::Value::number(static_cast<std::int64_t>(*number)) : json::Value();
}

json::Value framework_json(const FrameworkName& name) {
  json::Value out = json::Value::object();
  out.set("framework", json::Value::string(name.framework));
  out.set("disagg", json::Value::boolean(name.disagg));
  return out;
}

json::Value sequence_json(const std::optional<Sequence>& sequence) {
  if (!sequence) return {};
  json::Value out = json::Value::object();
  out.set("isl", json::Value::number(sequence->isl));
  out.set("osl", json::Value::number(sequence->osl));
  return out;
}

std::optional<Sequence> sequence_in(const json::Value* value) {
  if (!value || !value->is_object()) return std::nullopt;
  return Sequence{value->find("isl")->as_int64().value(), value->find("osl")->as_int64().value()};
}

json::Value metrics_json(const Metrics& metrics) {
  json::Value out = json::Value::object();
  for (const auto& [name, value] : metrics) out.set(name, number_of(value));
  return out;
}

json::Value texts_json(const std::set<std::string>& texts) {
  json::Array all;
  for (const auto& text : texts) all.push_back(json::Value::string(text));
  return json::Value::array(std::move(all));
}

json::Value row_json(const BenchmarkRow& row) {
  json::Value out = json::Value::object();
  out.set("config", config_json(row.config));
  out.set("isl", integer_or_null(row.isl));
  out.set("osl", integer_or_null(row.osl));
  out.set("conc", json::Value::number(row.conc));
  out.set("image", text_or_null(row.image));
  out.set("metrics", metrics_json(row.metrics));
  return out;
}

json::Value eval_json(const EvalRow& row) {
  json::Value out = json::Value::object();
  out.set("config", config_json(row.config));
  out.set("task", json::Value::string(row.task));
  out.set("isl", integer_or_null(row.isl));
  out.set("osl", integer_or_null(row.osl));
  out.set("conc", integer_or_null(row.conc));
  out.set("lmEvalVersion", text_or_null(row.lm_eval_version));
  out.set("metrics", metrics_json(row.metrics));
  return out;
}

json::Value tracked(json::Value out, const SkipTracker& tracker) {
  auto count = [&](SkipReason reason) {
    return json::Value::number(static_cast<std::int64_t>(tracker.count(reason)));
  };
  json::Value delta = json::Value::object();
  delta.set("badZip", count(SkipReason::bad_zip));
  delta.set("unmappedModel", count(SkipReason::unmapped_model));
  delta.set("unmappedHw", count(SkipReason::unmapped_hardware));
  delta.set("noIslOsl", count(SkipReason::no_isl_osl));
  delta.set("dbError", count(SkipReason::db_error));
  json::Value sets = json::Value::object();
  sets.set("models", texts_json(tracker.models()));
  sets.set("hws", texts_json(tracker.hardware()));
  sets.set("precisions", texts_json(tracker.precisions()));
  json::Value answer = json::Value::object();
  answer.set("out", std::move(out));
  answer.set("trackerDelta", std::move(delta));
  answer.set("trackerSets", std::move(sets));
  return answer;
}

/// Numbers that JSON cannot say, as result files would have them.
json::Value with_texts_for_sentinels(json::Value row) {
  if (!row.is_object()) return row;
  for (auto& [name, value] : row.members()) {
    auto number = value.is_string() ? double_of(value) : std::nullopt;
    if (!number) continue;
    std::string text = std::isnan(*number) ? "NaN" : *number > 0 ? "Infinity" : "-Infinity";
    value = json::Value::string(std::move(text));
  }
  return row;
}

json::Value map_benchmark(const json::Value& row, const json::Value* fallback) {
  SkipTracker tracker;
  RowMapper mapper(april(), MappingRules::april_2026(), tracker);
  auto mapped = mapper.benchmark_row(with_texts_for_sentinels(row), "", sequence_in(fallback));
  return tracked(mapped ? row_json(*mapped) : json::Value(), tracker);
}

json::Value map_aggregate_eval(const json::Value& row) {
  SkipTracker tracker;
  RowMapper mapper(april(), MappingRules::april_2026(), tracker);
  auto mapped = mapper.aggregate_eval_row(row, "");
  return tracked(mapped ? eval_json(*mapped) : json::Value(), tracker);
}

json::Value map_eval(const json::Value& input) {
  SkipTracker tracker;
  RowMapper mapper(april(), MappingRules::april_2026(), tracker);
  json::Array all;
  for (const EvalRow& row : mapper.eval_rows(*input.find("meta"), *input.find("results"), "")) {
    all.push_back(eval_json(row));
  }
  return tracked(json::Value::array(std::move(all)), tracker);
}

ServingConfig config_of(const json::Value& p) {
  auto text = [&](const char* key) { return p.find(key)->as_string(); };
  auto count = [&](const char* key) { return p.find(key)->as_int64().value(); };
  auto flag = [&](const char* key) { return p.find(key)->as_bool(); };
  return {.hardware = text("hardware"),
          .framework = text("framework"),
          .model = text("model"),
          .precision = text("precision"),
          .spec_method = text("specMethod"),
          .disagg = flag("disagg"),
          .is_multinode = flag("isMultinode"),
          .prefill_tp = count("prefillTp"),
          .prefill_ep = count("prefillEp"),
          .prefill_dp_attention = flag("prefillDpAttn"),
          .prefill_num_workers = count("prefillNumWorkers"),
          .decode_tp = count("decodeTp"),
          .decode_ep = count("decodeEp"),
          .decode_dp_attention = flag("decodeDpAttn"),
          .decode_num_workers = count("decodeNumWorkers"),
          .num_prefill_gpu = count("numPrefillGpu"),
          .num_decode_gpu = count("numDecodeGpu")};
}

json::Value changelog_json(const std::vector<ChangelogEntry>& entries) {
  json::Array all;
  for (const ChangelogEntry& entry : entries) {
    json::Array keys;
    for (const auto& key : entry.config_keys) keys.push_back(json::Value::string(key));
    json::Value out = json::Value::object();
    out.set("configKeys", json::Value::array(std::move(keys)));
    out.set("description", json::Value::string(entry.description));
    out.set("prLink", text_or_null(entry.pr_link));
    out.set("evalsOnly", json::Value::boolean(entry.evals_only));
    all.push_back(std::move(out));
  }
  return json::Value::array(std::move(all));
}

/// The cases hold parsed entries.
bool has_evals_only(const json::Value& changelogs) {
  for (const json::Value& changelog : changelogs.items()) {
    std::vector<ChangelogEntry> entries;
    for (const json::Value& entry : changelog.find("entries")->items()) {
      entries.push_back({.evals_only = parse_bool(entry.find("evalsOnly"))});
    }
    if (is_evals_only(entries)) return true;
  }
  return false;
}

using MappingNames = MappingRules::HardwareNames;
using MappingDisagg = MappingRules::Disaggregation;
using Input = const json::Value&;

json::Value text_json(std::string text) {
  return json::Value::string(std::move(text));
}

}  // namespace

json::Value config_json(const ServingConfig& config) {
  json::Value out = json::Value::object();
  auto text = [&](const char* key, const std::string& value) { out.set(key, text_json(value)); };
  auto flag = [&](const char* key, bool value) { out.set(key, json::Value::boolean(value)); };
  auto count = [&](const char* key, std::int64_t value) {
    out.set(key, json::Value::number(value));
  };
  text("hardware", config.hardware);
  text("framework", config.framework);
  text("model", config.model);
  text("precision", config.precision);
  text("specMethod", config.spec_method);
  flag("disagg", config.disagg);
  flag("isMultinode", config.is_multinode);
  count("prefillTp", config.prefill_tp);
  count("prefillEp", config.prefill_ep);
  flag("prefillDpAttn", config.prefill_dp_attention);
  count("prefillNumWorkers", config.prefill_num_workers);
  count("decodeTp", config.decode_tp);
  count("decodeEp", config.decode_ep);
  flag("decodeDpAttn", config.decode_dp_attention);
  count("decodeNumWorkers", config.decode_num_workers);
  count("numPrefillGpu", config.num_prefill_gpu);
  count("numDecodeGpu", config.num_decode_gpu);
  return out;
}

std::vector<Function> mapping_functions() {
  return {
      {"parseBool", [](Input in) { return json::Value::boolean(parse_bool(argument(in))); }},
      {"s2_parseOptionalBool",
       [](Input in) {
         auto truth = parse_optional_bool(argument(in));
         return truth ? json::Value::boolean(*truth) : undefined();
       }},
      {"parseNum",
       [](Input in) {
         // A number that JSON cannot say is one for the caller; NaN is none.
         if (auto number = double_of(in)) {
           return number_or_undefined(std::isnan(*number) ? std::nullopt : number);
         }
         return number_or_undefined(parse_number(argument(in)));
       }},
      {"parseInt2",
       [](Input in) {
         if (auto number = in.is_string() ? double_of(in) : std::nullopt) {
           return number_or_undefined(std::isnan(*number) ? std::nullopt : number);
         }
         return number_or_undefined(parse_integer(argument(in)));
       }},
      {"hwToGpuKey",
       [](Input in) {
         return text_or_null(hardware_key(april(), MappingNames::endings, text_in(in)));
       }},
      {"s2_hwToGpuKey",
       [](Input in) {
         return text_or_null(hardware_key(september(), MappingNames::segment, text_in(in)));
       }},
      {"resolveModelKey", [](Input in) { return text_or_null(model_key(april(), in)); }},
      {"s2_resolveModelKey_prefix",
       [](Input in) { return text_or_null(model_key(september(), in)); }},
      {"normalizeFramework",
       [](Input in) {
         return framework_json(framework_name(april(), MappingDisagg::stated,
                                              text_of(in.find("fw")), in.find("disaggField")));
       }},
      {"s2_normalizeFramework",
       [](Input in) {
         return framework_json(framework_name(september(), MappingDisagg::implied,
                                              text_of(in.find("fw")), in.find("disaggField")));
       }},
      {"resolveFrameworkAlias",
       [](Input in) { return text_json(resolve_framework_alias(april(), text_in(in))); }},
      {"resolveFrameworkAliasesInString",
       [](Input in) { return text_json(resolve_framework_aliases_in(april(), text_in(in))); }},
      {"normalizePrecision",
       [](Input in) { return text_json(precision_name(april(), text_in(in))); }},
      {"normalizeSpecMethod", [](Input in) { return text_json(spec_method_name(argument(in))); }},
      {"parseIslOsl", [](Input in) { return sequence_json(sequence_in_name(text_in(in))); }},
      {"sequenceToIslOsl", [](Input in) { return sequence_json(sequence_of(text_in(in))); }},
      {"islOslToSequence",
       [](Input in) {
         auto label = label_of(*sequence_in(&in));
         return label ? text_json(std::string(*label)) : json::Value();
       }},
      {"configCacheKey", [](Input in) { return text_json(config_cache_key(config_of(in))); }},
      {"s2_offloadMode", [](Input in) { return text_json(offload_mode(in)); }},
      {"s2_agenticV3Flatten",
       [](Input in) { return metrics_json(agentic_metrics(*in.find("document"))); }},
      {"mapBenchmarkRow",
       [](Input in) { return map_benchmark(*in.find("row"), in.find("islOslFallback")); }},
      {"mapBenchmarkRow_realdata",
       [](Input in) { return map_benchmark(*in.find("document"), nullptr); }},
      {"mapEvalRow", [](Input in) { return map_eval(in); }},
      {"mapAggEvalRow", [](Input in) { return map_aggregate_eval(*in.find("row")); }},
      {"mapAggEvalRow_realdata",
       [](Input in) {
         auto index = static_cast<std::size_t>(in.find("index")->as_int64().value());
         return map_aggregate_eval(in.find("document")->items().at(index));
       }},
      {"parseChangelogEntries",
       [](Input in) { return changelog_json(changelog_entries(april(), argument(in))); }},
      {"hasEvalsOnlyFlag", [](Input in) { return json::Value::boolean(has_evals_only(in)); }},
  };
}

std::vector<Function> etl_functions() {
  std::vector<Function> all = mapping_functions();
  for (Function& function : runner_functions()) all.push_back(std::move(function));
  return all;
}

}  // namespace bl::inference::conformance
