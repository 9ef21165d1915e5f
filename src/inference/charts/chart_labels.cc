#include "inference/chart_labels.h"

#include <algorithm>

#include "base/check.h"
#include "embedded/inference_registry.h"
#include "inference/names.h"

namespace bl::inference {
namespace {

constexpr std::string_view k_file = "charts/labels.toml";

// `dynamo-trt` -> `DYNAMO TRT`
std::string capitals(std::string_view dashed) {
  std::string text(dashed);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = ' ';
  }
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

std::string in_brackets(const std::vector<std::string>& words) {
  if (words.empty()) return "";
  std::string text = "(";
  for (const std::string& word : words) text += (text.size() > 1 ? ", " : "") + word;
  return text + ")";
}

Category category_of(RegistryTable& table) {
  const std::string name = table.text("category");
  if (name == "experimental") return Category::experimental;
  if (name == "deprecated") return Category::deprecated;
  if (name == "hidden") return Category::hidden;
  if (name != "default") {
    const auto shown = json::Value::string(name);
    table.fault("category", "must be default, experimental, deprecated or hidden", &shown);
  }
  return Category::standard;
}

}  // namespace

std::string_view name_of(Category category) {
  switch (category) {
    case Category::standard:
      return "default";
    case Category::experimental:
      return "experimental";
    case Category::deprecated:
      return "deprecated";
    case Category::hidden:
      return "hidden";
  }
  return "";
}

std::vector<RegistryFile> ChartLabels::built_in_files() {
  std::vector<RegistryFile> files;
  for (const net::EmbeddedFile& file : embedded::inference_registry()) {
    if (file.path == k_file) files.push_back({std::string(file.path), std::string(file.bytes)});
  }
  BL_CHECK(!files.empty());
  return files;
}

const ChartLabels& ChartLabels::built_in() {
  static const ChartLabels labels = *read(built_in_files());
  return labels;
}

Result<ChartLabels> ChartLabels::read(const std::vector<RegistryFile>& files) {
  BL_TRY(RegistryReader reader, RegistryReader::open(files));
  ChartLabels labels;
  labels.read_hardware(reader);
  labels.read_models(reader);
  BL_RETURN_IF_ERROR(reader.finish());
  return labels;
}

void ChartLabels::read_hardware(RegistryReader& reader) {
  for (RegistryTable& table : reader.section("accelerators")) {
    accelerators_[table.name()] = {table.text("label"), table.text("description")};
    known_.insert(table.name());
    for (const std::string& rest : table.texts("keys")) known_.insert(table.name() + "_" + rest);
    table.done();
  }
  for (RegistryTable& table : reader.section("key_aliases")) {
    aliases_[table.name()] = table.text("canonical");
    table.done();
  }
  for (RegistryTable& table : reader.section("words")) {
    words_[table.name()] = table.text("label");
    table.done();
  }
  for (RegistryTable& table : reader.section("sort_prefixes")) {
    sort_prefixes_.emplace_back(table.name(), table.optional_integer("sort").value_or(0));
    table.done();
  }
  std::stable_sort(sort_prefixes_.begin(), sort_prefixes_.end(),
                   [](const auto& a, const auto& b) { return a.second < b.second; });
}

void ChartLabels::read_models(RegistryReader& reader) {
  for (RegistryTable& table : reader.section("models")) {
    models_.push_back({.display = table.name(),
                       .label = table.text("label"),
                       .category = category_of(table),
                       .run_prefix = table.optional_text("run_prefix")});
    table.done();
  }
  for (RegistryTable& table : reader.section("sequences")) {
    sequences_.push_back({.name = table.name(),
                          .label = table.text("label"),
                          .category = category_of(table),
                          .isl = table.optional_integer("isl").value_or(0),
                          .osl = table.optional_integer("osl").value_or(0)});
    table.done();
  }
  for (RegistryTable& table : reader.section("precisions")) {
    precisions_[table.name()] = table.text("label");
    table.done();
  }
  for (RegistryTable& table : reader.section("evaluation_tasks")) {
    tasks_[table.name()] = table.text("label");
    table.done();
  }
}

std::vector<std::string> ChartLabels::words_of(std::string_view rest) const {
  std::vector<std::string> words;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('_'), rest.size());
    words.push_back(framework(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

HardwareLabel ChartLabels::hardware(std::string_view hw_key) const {
  const std::size_t end = std::min(hw_key.find('_'), hw_key.size());
  const auto found = accelerators_.find(hw_key.substr(0, end));
  if (found == accelerators_.end()) return {"unknown", "Unknown", "", "Unknown Hardware"};
  HardwareLabel label{found->first, found->second.label, "", found->second.description};
  if (end == hw_key.size() || !is_known(hw_key)) return label;
  label.name = replaced(std::string(hw_key), '_', '-');
  const std::vector<std::string> words = words_of(hw_key.substr(end + 1));
  label.suffix = in_brackets(words);
  for (std::string word : words) {
    // The footnote's mark stands in the suffix only.
    constexpr std::string_view k_footnote = "¹";
    if (word.ends_with(k_footnote)) word.resize(word.size() - k_footnote.size());
    label.description += " " + word;
  }
  return label;
}

HardwareLabel ChartLabels::hardware(std::string_view hw_key, const Registry& registry) const {
  const std::size_t end = std::min(hw_key.find('_'), hw_key.size());
  const Hardware* accelerator = registry.find_hardware(hw_key.substr(0, end));
  if (is_known(hw_key) || !accelerator) return hardware(hw_key);
  HardwareLabel label{replaced(std::string(hw_key), '_', '-'), accelerator->label, "",
                      accelerator->vendor + " " + accelerator->label};
  const std::vector<std::string> words = words_of(hw_key.substr(std::min(end + 1, hw_key.size())));
  label.suffix = in_brackets(words);
  for (const std::string& word : words) label.description += " " + word;
  return label;
}

std::string ChartLabels::framework(std::string_view framework) const {
  const auto found = words_.find(framework);
  return found != words_.end() ? found->second : capitals(framework);
}

std::string ChartLabels::hardware_of(std::string_view hw, std::string_view framework_name,
                                     std::string_view spec, bool mtp) const {
  std::vector<std::string> words;
  if (!framework_name.empty()) words.push_back(framework(framework_name));
  if (mtp || spec == "mtp") {
    words.push_back(framework("mtp"));
  } else if (!spec.empty() && spec != "none") {
    words.push_back(framework(spec));
  }
  const std::string name = capitals(hw.substr(0, hw.find('-')));
  return words.empty() ? name : name + " " + in_brackets(words);
}

std::string_view ChartLabels::canonical_key(std::string_view hw_key) const {
  const auto found = aliases_.find(hw_key);
  return found != aliases_.end() ? std::string_view(found->second) : hw_key;
}

std::int64_t ChartLabels::sort_index(std::string_view hw_key) const {
  for (const auto& [prefix, index] : sort_prefixes_) {
    if (hw_key.starts_with(prefix)) return index;
  }
  return sort_prefixes_.empty() ? 0 : sort_prefixes_.back().second + 1;
}

const ModelLabel* ChartLabels::model(std::string_view display) const {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const ModelLabel& m) { return m.display == display; });
  return found == models_.end() ? nullptr : &*found;
}

const ModelLabel* ChartLabels::model_of_run_prefix(std::string_view prefix) const {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const ModelLabel& m) { return m.run_prefix == prefix; });
  return found == models_.end() ? nullptr : &*found;
}

const SequenceLabel* ChartLabels::sequence(std::string_view name) const {
  const auto found = std::find_if(sequences_.begin(), sequences_.end(),
                                  [&](const SequenceLabel& s) { return s.name == name; });
  return found == sequences_.end() ? nullptr : &*found;
}

std::string ChartLabels::precision(std::string_view name) const {
  const auto found = precisions_.find(name);
  return found != precisions_.end() ? found->second : std::string(name);
}

std::string ChartLabels::evaluation_task(std::string_view name) const {
  const auto found = tasks_.find(name);
  return found != tasks_.end() ? found->second : std::string(name);
}

std::string serving_key(const ChartLabels& labels, const ServingNames& names) {
  std::string key(names.hardware.substr(0, names.hardware.find('-')));
  if (!names.framework.empty()) {
    key += "_" + std::string(names.framework);
    if (names.disagg && !labels.is_known(key) && labels.is_known(key + "-disagg")) key += "-disagg";
  }
  if (names.mtp || names.spec == "mtp") return key + "_mtp";
  if (!names.spec.empty() && names.spec != "none") return key + "_" + std::string(names.spec);
  return key;
}

std::string serving_key(const ChartLabels& labels, const ServingConfig& config) {
  return serving_key(labels, ServingNames{.hardware = config.hardware,
                                          .framework = config.framework,
                                          .spec = config.spec_method,
                                          .mtp = false,
                                          .disagg = config.disagg});
}

std::optional<std::string> evaluation_hardware_key(const ChartLabels& labels,
                                                   const Registry& registry, std::string_view hw,
                                                   std::string_view framework,
                                                   std::string_view spec, EvaluationKeys how) {
  std::string key = replaced(lower(hw), '-', '_');
  // The cluster stands behind a blank: `b200 nb`.
  for (const std::string_view cluster : {"nb", "cw", "nv", "dgxc", "amds", "cr", "amd"}) {
    if (!key.ends_with(cluster)) continue;
    const std::string_view before = std::string_view(key).substr(0, key.size() - cluster.size());
    const std::size_t last = before.find_last_not_of(" \t");
    if (last == std::string_view::npos ? before.empty() : last + 1 == before.size()) continue;
    key.resize(last == std::string_view::npos ? 0 : last + 1);
    break;
  }
  const auto append_if_known = [&](const std::string& word) {
    if (!word.empty() && labels.is_known(key + "_" + word)) key += "_" + word;
  };
  std::string word = resolve_framework_alias(registry, framework);
  if (how == EvaluationKeys::as_dashboard) word = replaced(word, '-', '_');
  append_if_known(word);
  if (spec != "none") append_if_known(std::string(spec));
  if (!labels.is_known(key)) return std::nullopt;
  return key;
}

std::string model_display(const Registry& registry, std::string_view model_key) {
  for (const Model& model : registry.models()) {
    if (model.key == model_key) return model.display;
  }
  return std::string(model_key);
}

std::string line_key(std::string_view hw_key, std::string_view precision) {
  return std::string(hw_key) + "__" + std::string(precision);
}

}  // namespace bl::inference
