#include "inference/chart_presets.h"

#include "base/check.h"
#include "embedded/inference_registry.h"

namespace bl::inference {
namespace {

constexpr std::string_view k_file = "charts/presets.toml";

void check(RegistryTable& table, std::string_view field, const std::string& name, bool known) {
  if (known || name.empty()) return;  // that it is missing was told
  const auto shown = json::Value::string(name);
  table.fault(field, "is not known", &shown);
}

}  // namespace

std::vector<RegistryFile> built_in_preset_files() {
  std::vector<RegistryFile> files;
  for (const net::EmbeddedFile& file : embedded::inference_registry()) {
    if (file.path == k_file) files.push_back({std::string(file.path), std::string(file.bytes)});
  }
  BL_CHECK(!files.empty());
  return files;
}

Result<std::vector<ChartPreset>> read_presets(const std::vector<RegistryFile>& files,
                                              const ChartLabels& labels) {
  BL_TRY(RegistryReader reader, RegistryReader::open(files));
  std::vector<ChartPreset> presets;
  for (RegistryTable& table : reader.section("presets")) {
    const std::string metric = table.text("metric");
    ChartPreset preset{.name = table.name(),
                       .tags = table.texts("tags"),
                       .model = table.text("model"),
                       .sequence = table.text("sequence"),
                       .precisions = table.texts("precisions"),
                       .metric = chart_metric_named(metric),
                       .hw_keys = table.texts("keys"),
                       .timeline = table.flag("timeline")};
    table.done();
    check(table, "metric", metric, preset.metric != nullptr);
    check(table, "model", preset.model, labels.model(preset.model) != nullptr);
    check(table, "sequence", preset.sequence, labels.sequence(preset.sequence) != nullptr);
    for (const std::string& key : preset.hw_keys) check(table, "keys", key, labels.is_known(key));
    presets.push_back(std::move(preset));
  }
  BL_RETURN_IF_ERROR(reader.finish());
  return presets;
}

}  // namespace bl::inference
