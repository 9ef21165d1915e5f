#include "conformance/chart_json.h"
#include "inference/chart_dates.h"
#include "inference/chart_metrics.h"
#include "inference/colors.h"
#include "inference/legend.h"
#include "inference/names.h"
#include "inference/number_text.h"
#include "inference/run_names.h"
#include "inference/user_values.h"

namespace bl::inference::conformance {
namespace {

using Value = json::Value;

/// A function of one number, or of one text.
Function of_number(std::string_view name, std::string (*f)(double)) {
  return {name, [f](const Value& in) -> Result<Value> {
            const auto number = double_of(in);
            if (!number) return Error{Code::invalid, "not a number"};
            return text(f(*number));
          }};
}
template <class F>
Function of_text(std::string_view name, F f) {
  return {name, [f](const Value& in) -> Result<Value> { return text(f(text_of(in))); }};
}

Result<Value> hw_key(const Value& in) {
  const std::string hw = text_in(in, "hw"), framework = text_in(in, "framework"),
                    spec = text_in(in, "spec_decoding");
  return text(serving_key(labels(), {.hardware = hw,
                                     .framework = framework,
                                     .spec = spec,
                                     .mtp = text_in(in, "mtp") == "on",
                                     .disagg = flag_in(in, "disagg")}));
}

Result<Value> availability_key(const Value& in) {
  const std::string hw = text_in(in, "hardware"), spec = text_in(in, "specMethod"),
                    framework = resolve_framework_alias(registry(), text_in(in, "framework"));
  return text(serving_key(labels(), {.hardware = hw,
                                     .framework = framework,
                                     .spec = spec,
                                     .mtp = false,
                                     .disagg = flag_in(in, "disagg")}));
}

Result<Value> evaluation_key(const Value& in) {
  const auto key =
      evaluation_hardware_key(labels(), registry(), text_in(in, "hw"), text_in(in, "framework"),
                              text_in(in, "specDecoding"), EvaluationKeys::as_dashboard);
  return text(key.value_or("unknown"));
}

Result<Value> hardware_config(const Value& in) {
  const HardwareLabel label = labels().hardware(text_of(in));
  return object_of({{"name", text(label.name)},
                    {"label", text(label.label)},
                    {"suffix", text(label.suffix)},
                    {"gpu", text(label.description)}});
}

Result<Value> gpu_specs(const Value& in) {
  const PowerAndCost specs = power_and_cost(registry(), text_of(in));
  return object_of({{"power", number_of(specs.power_kw)},
                    {"costh", number_of(specs.cost_per_hour[0])},
                    {"costn", number_of(specs.cost_per_hour[1])},
                    {"costr", number_of(specs.cost_per_hour[2])}});
}

Result<Value> hardware_label(const Value& in) {
  return text(labels().hardware_of(text_in(in, "hw"), text_in(in, "framework"),
                                   text_in(in, "spec_decoding"), text_in(in, "mtp") == "on"));
}

Result<Value> display_label(const Value& in) {
  HardwareLabel label;
  label.label = text_in(in, "label");
  label.suffix = text_in(in, "suffix");
  return text(label.display());
}

Ground ground_in(const Value& in) {
  return text_in(in, "theme") == "dark" ? Ground::dark : Ground::light;
}

Value colors_json(const std::map<std::string, std::string>& colors) {
  Value out = Value::object();
  for (const auto& [key, color] : colors) out.set(key, text(color));
  return out;
}

ColorSources sources() {
  return {registry(), labels(), ColorZones::built_in()};
}

Result<Value> vendor_colors(const Value& in) {
  return colors_json(line_colors(texts_in(in, "activeKeys"), ground_in(in), sources()));
}

Result<Value> gpu_date_colors(const Value& in) {
  const auto dates = static_cast<std::size_t>(number_in(in, "dateCount"));
  return colors_json(date_colors(texts_in(in, "gpuKeys"), dates, ground_in(in), sources()));
}

Value model_and_sequence_json(const std::optional<ModelAndSequence>& found) {
  if (!found) return undefined();
  return object_of({{"model", text(found->model)}, {"sequence", text(found->sequence)}});
}

Result<Value> from_artifact(const Value& in) {
  return model_and_sequence_json(
      model_and_sequence(labels(), ArtifactFacts{.model_prefix = text_in(in, "infmax_model_prefix"),
                                                 .isl = number_in(in, "isl"),
                                                 .osl = number_in(in, "osl")}));
}

Result<Value> compared_dates(const Value& in) {
  if (texts_in(in, "selectedGPUs").empty()) return Value::array();
  const Value& range = member(in, "selectedDateRange");
  return texts(comparison_dates({text_in(range, "startDate"), text_in(range, "endDate")},
                                texts_in(in, "selectedDates"), text_in(in, "selectedRunDate")));
}

Result<Value> change_dates(const Value& in) {
  std::vector<DatedRow> rows;
  for (const Value& row : member(in, "rows").items()) rows.push_back(row_of(row));
  return texts(config_change_dates(rows,
                                   {.hw_key_prefixes = texts_in(in, "gpuPrefixes"),
                                    .precisions = texts_in(in, "precisions"),
                                    .start = text_in(in, "startDate"),
                                    .end = text_in(in, "endDate")},
                                   labels()));
}

Result<Value> earlier_months(const Value& in) {
  BL_TRY(const std::string date,
         months_before(text_in(in, "dateStr"), static_cast<int>(number_in(in, "months"))));
  return text(date);
}

Result<Value> closest(const Value& in) {
  BL_TRY(const std::string date,
         closest_date(texts_in(in, "availableDates"), text_in(in, "targetDate")));
  return text(date);
}

NameSet set_in(const Value& in, std::string_view name) {
  const auto all = texts_in(in, name);
  return {all.begin(), all.end()};
}

Result<Value> toggle(const Value& in) {
  const NameSet on = after_click(set_in(in, "prev"), text_in(in, "item"), set_in(in, "allItems"));
  return object_of({{"__set__", texts({on.begin(), on.end()})}});
}

Result<Value> legend_items(const Value& in) {
  std::vector<LegendItem> items;
  for (const Value& item : member(in, "items").items()) {
    items.push_back({.label = text_in(item, "label"),
                     .title = text_in(item, "title"),
                     .is_active = flag_in(item, "isActive")});
  }
  const auto order =
      flag_in(in, "sortActiveFirst") ? LegendOrder::active_first : LegendOrder::as_given;
  return selected(member(in, "items").items(),
                  shown_items(items, text_in(in, "searchQuery"), order));
}

}  // namespace

std::vector<Function> name_functions() {
  return {
      {"getHardwareKey", hw_key},
      {"buildAvailabilityHwKey", availability_key},
      {"normalizeEvalHardwareKey", evaluation_key},
      {"getHardwareConfig", hardware_config},
      {"getGpuSpecs", gpu_specs},
      {"getHardwareLabel", hardware_label},
      {"getDisplayLabel", display_label},
      of_text("getFrameworkLabel",
              [](const std::string& name) { return labels().framework(name); }),
      {"getModelSortIndex",
       [](const Value& in) -> Result<Value> {
         return Value::number(labels().sort_index(text_of(in)));
       }},
      {"configKeyMatchesHwKey",
       [](const Value& in) -> Result<Value> {
         return Value::boolean(
             config_key_matches(registry(), text_in(in, "configKey"), text_in(in, "hwKey")));
       }},
      of_text("formatConfigKeys",
              [](const std::string& key) { return config_key_label(registry(), labels(), key); }),
      of_text("updateRepoUrl", current_repository_url),
      of_text("dynamicColors_getVendor",
              [](const std::string& key) { return vendor_of_key(registry(), key); }),
      {"generateVendorColors", vendor_colors},
      {"generateGpuDateColors", gpu_date_colors},
      of_text("mappings_getEvalBenchmarkLabel",
              [](const std::string& name) { return labels().evaluation_task(name); }),
      of_text("mappings_getPrecisionLabel",
              [](const std::string& name) { return labels().precision(name); }),
      of_text("mappings_getModelLabel",
              [](const std::string& name) {
                const ModelLabel* model = labels().model(name);
                return model ? model->label : name;
              }),
      of_text("mappings_getModelCategory",
              [](const std::string& name) {
                const ModelLabel* model = labels().model(name);
                return std::string(name_of(model ? model->category : Category::standard));
              }),
      of_text("mappings_getSequenceLabel",
              [](const std::string& name) {
                const SequenceLabel* sequence = labels().sequence(name);
                return sequence ? sequence->label : name;
              }),
      of_text("mappings_getSequenceCategory",
              [](const std::string& name) {
                const SequenceLabel* sequence = labels().sequence(name);
                return std::string(name_of(sequence ? sequence->category : Category::standard));
              }),
      {"mappings_getModelAndSequence",
       [](const Value& in) -> Result<Value> {
         return model_and_sequence_json(model_and_sequence(labels(), text_of(in)));
       }},
      {"mappings_getModelAndSequenceFromArtifact", from_artifact},
      of_number("formatNumber", format_number),
      of_number("formatLargeNumber", format_large_number),
      of_number("getArchitecture_formatContextWindow", format_context_window),
      of_number("getArchitecture_formatParamCount", format_parameter_count),
      {"buildComparisonDates", compared_dates},
      {"favorites_findConfigChangeDates", change_dates},
      {"favorites_findClosestDate", closest},
      {"favorites_subtractMonths", earlier_months},
      {"computeToggle", toggle},
      {"filterAndSortLegendItems", legend_items},
      {"parseLabelComponents",
       [](const Value& in) -> Result<Value> { return texts(label_components(text_of(in))); }},
      {"labelSimilarity",
       [](const Value& in) -> Result<Value> {
         return number_of(label_similarity(text_in(in, "a"), text_in(in, "b")));
       }},
      of_text("customPanel_validateCustomGpuValueInput",
              [](const std::string& typed) { return user_value_fault(typed).value_or(""); }),
  };
}

}  // namespace bl::inference::conformance
