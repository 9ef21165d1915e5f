#include "inference/run_names.h"

#include <algorithm>

#include "inference/names.h"

namespace bl::inference {
namespace {

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

struct ConfigKey {
  std::string_view model;
  std::string_view precision;
  std::string serving;  ///< `h200-trt-mtp`
};

std::string_view cut_at_dash(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('-'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

ConfigKey split(const Registry& registry, std::string_view config_key) {
  ConfigKey key;
  key.model = cut_at_dash(config_key);
  key.precision = cut_at_dash(config_key);
  key.serving = resolve_framework_aliases_in(registry, config_key);
  return key;
}

}  // namespace

bool config_key_matches(const Registry& registry, std::string_view config_key,
                        std::string_view hw_key) {
  std::string dashed(hw_key);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return split(registry, config_key).serving == dashed;
}

std::string config_key_label(const Registry& registry, const ChartLabels& labels,
                             std::string_view config_key) {
  const ConfigKey key = split(registry, config_key);
  // `h200-trt-mtp` -> `h200_trt_mtp`: a framework's own dashes stay.
  std::string hw_key = key.serving;
  if (const std::size_t dash = hw_key.find('-'); dash != std::string::npos) hw_key[dash] = '_';
  if (const std::size_t dash = hw_key.rfind("-mtp"); dash != std::string::npos) hw_key[dash] = '_';
  const ModelLabel* model = labels.model_of_run_prefix(key.model);
  std::string precision(key.precision);
  for (char& c : precision) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return labels.hardware(hw_key).display() + " " + (model ? model->display : "undefined") + " " +
         precision;
}

std::optional<ModelAndSequence> model_and_sequence(const ChartLabels& labels,
                                                   std::string_view artifact_name) {
  const auto holds = [&](std::string_view part) {
    return artifact_name.find(part) != std::string_view::npos;
  };
  const auto model =
      std::find_if(labels.models().begin(), labels.models().end(),
                   [&](const ModelLabel& m) { return m.run_prefix && holds(*m.run_prefix); });
  const auto sequence =
      std::find_if(labels.sequences().begin(), labels.sequences().end(),
                   [&](const SequenceLabel& s) { return holds(replace_all(s.name, "/", "")); });
  if (model == labels.models().end() || sequence == labels.sequences().end()) return std::nullopt;
  return ModelAndSequence{model->display, sequence->name};
}

std::optional<ModelAndSequence> model_and_sequence(const ChartLabels& labels,
                                                   const ArtifactFacts& facts) {
  const auto length = [](double tokens) { return tokens == 1024 ? "1k" : "8k"; };
  const ModelLabel* model = labels.model_of_run_prefix(facts.model_prefix);
  const SequenceLabel* sequence =
      labels.sequence(std::string(length(facts.isl)) + "/" + length(facts.osl));
  if (!model || !sequence) return std::nullopt;
  return ModelAndSequence{model->display, sequence->name};
}

std::string current_repository_url(std::string_view url) {
  return replace_all(std::string(url), "InferenceMAX/InferenceMAX", "SemiAnalysisAI/InferenceX");
}

}  // namespace bl::inference
