#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/model.h"
#include "inference/registry.h"

/// How hardware, frameworks, models and sequences are shown, and which hardware keys are known.
/// Data files: src/inference/data/charts, to which an operator's are added. Immutable after
/// reading; any thread.
namespace bl::inference {

/// What a hardware key (`gb200_dynamo-trt_mtp`) is shown as.
struct HardwareLabel {
  std::string name;         ///< `gb200-dynamo-trt-mtp`
  std::string label;        ///< `GB200 NVL72`
  std::string suffix;       ///< `(Dynamo TRT, MTP)`, or empty
  std::string description;  ///< `NVIDIA 'Blackwell' GB200 Dynamo TRT MTP`
  /// `GB200 NVL72 (Dynamo TRT, MTP)`
  std::string display() const { return suffix.empty() ? label : label + " " + suffix; }
  bool operator==(const HardwareLabel&) const = default;
};

/// How much a model or sequence is shown: in lists, behind a switch, marked, or not at all.
enum class Category : unsigned char { standard, experimental, deprecated, hidden };
/// `default`, `experimental`, ...: for answers.
std::string_view name_of(Category category);

struct ModelLabel {
  std::string display;  ///< `GLM-5`
  std::string label;    ///< `GLM 5`
  Category category = Category::standard;
  std::optional<std::string> run_prefix;  ///< what names of runs and artifacts begin with: `glm5`
};

/// Lengths of input and output: `8k/1k`.
struct SequenceLabel {
  std::string name;
  std::string label;
  Category category = Category::standard;
  std::int64_t isl = 0;
  std::int64_t osl = 0;
};

class ChartLabels {
 public:
  static std::vector<RegistryFile> built_in_files();
  /// Errors: as Registry::read.
  static Result<ChartLabels> read(const std::vector<RegistryFile>& files);
  static const ChartLabels& built_in();

  /// The key is listed for its accelerator. The InferenceX dashboard leaves others out of trends.
  bool is_known(std::string_view hw_key) const { return known_.contains(hw_key); }
  /// Of a known key; else its accelerator's alone, else `Unknown`.
  HardwareLabel hardware(std::string_view hw_key) const;
  /// Of any key whose accelerator the registry knows, so that what is new is not hidden; else as
  /// above.
  HardwareLabel hardware(std::string_view hw_key, const Registry& registry) const;
  /// The word's label, else its parts between dashes in capitals: `FOO BAR`.
  std::string framework(std::string_view framework) const;
  /// `H200 (TRT, MTP)` from what a result says of itself; `spec` is empty or `none` without
  /// speculative decoding.
  std::string hardware_of(std::string_view hw, std::string_view framework, std::string_view spec,
                          bool mtp) const;
  /// The key that another means, else itself.
  std::string_view canonical_key(std::string_view hw_key) const;
  const std::map<std::string, std::string, std::less<>>& key_aliases() const { return aliases_; }
  /// Place in lists, by the beginning of a key; behind all others when nothing fits.
  std::int64_t sort_index(std::string_view hw_key) const;

  const std::vector<ModelLabel>& models() const { return models_; }
  const ModelLabel* model(std::string_view display) const;
  /// Whose run_prefix this is.
  const ModelLabel* model_of_run_prefix(std::string_view prefix) const;
  const std::vector<SequenceLabel>& sequences() const { return sequences_; }
  const SequenceLabel* sequence(std::string_view name) const;
  /// The label, else the name itself.
  std::string precision(std::string_view name) const;
  std::string evaluation_task(std::string_view name) const;

 private:
  using Names = std::map<std::string, std::string, std::less<>>;
  struct Accelerator {
    std::string label;
    std::string description;
  };
  void read_hardware(RegistryReader& reader);
  void read_models(RegistryReader& reader);
  /// `Dynamo TRT` and `MTP` of `dynamo-trt_mtp`.
  std::vector<std::string> words_of(std::string_view rest) const;

  std::map<std::string, Accelerator, std::less<>> accelerators_;
  std::set<std::string, std::less<>> known_;
  Names aliases_;  // name of an alias -> canonical
  Names words_, precisions_, tasks_;
  std::vector<std::pair<std::string, std::int64_t>> sort_prefixes_;
  std::vector<ModelLabel> models_;
  std::vector<SequenceLabel> sequences_;
};

/// A hardware key from what a result says of itself (spec/inference.md 5.2): the accelerator, then
/// the framework, then `mtp` or another kind of speculative decoding.
/// Aliases of frameworks stay as they are.
struct ServingNames {
  std::string_view hardware;  ///< what is behind the first `-` is left out
  std::string_view framework;
  std::string_view spec;  ///< empty or `none`: no speculative decoding
  bool mtp = false;
  bool disagg = false;
};
std::string serving_key(const ChartLabels& labels, const ServingNames& names);
std::string serving_key(const ChartLabels& labels, const ServingConfig& config);

/// Evaluation results write hardware in their own way (`B200 NB`). `as_dashboard` looks frameworks
/// up with `_` for `-` and so never finds dynamo and mori: they fall back to the accelerator.
enum class EvaluationKeys : unsigned char { exact, as_dashboard };
/// nullopt when the hardware is not known.
std::optional<std::string> evaluation_hardware_key(const ChartLabels& labels,
                                                   const Registry& registry, std::string_view hw,
                                                   std::string_view framework,
                                                   std::string_view spec, EvaluationKeys how);

/// The model's display name by its key in the store, else the key.
std::string model_display(const Registry& registry, std::string_view model_key);

/// The group that a front is made of: `hwKey__precision`. Neither part contains `__`.
std::string line_key(std::string_view hw_key, std::string_view precision);

}  // namespace bl::inference
