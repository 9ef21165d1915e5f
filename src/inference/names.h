#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "inference/registry.h"
#include "inference/rules.h"

/// What files call things -> what the store calls them (spec/inference.md 3.5). Pure.
namespace bl::inference {

/// `mi355x-amds_07` -> `mi355x`; nullopt for an accelerator that the registry does not know.
std::optional<std::string> hardware_key(const Registry& registry, MappingRules::HardwareNames names,
                                        std::string_view hw);

/// The model of a row: by infmax_model_prefix or model_prefix, else by `model`.
std::optional<std::string> model_key(const Registry& registry, const json::Value& row);
/// The same for whoever has the members at hand; nullptr = absent.
std::optional<std::string> model_key(const Registry& registry, const json::Value* prefix,
                                     const json::Value* model);

struct FrameworkName {
  std::string framework;
  bool disagg = false;
};
FrameworkName framework_name(const Registry& registry, MappingRules::Disaggregation rule,
                             std::string_view framework, const json::Value* disagg_field);
/// The canonical name in lower case; unknown names pass.
std::string resolve_framework_alias(const Registry& registry, std::string_view framework);
/// Replaces every alias inside a text such as `dsr1-fp8-mi355x-sglang-disagg`, longest first.
std::string resolve_framework_aliases_in(const Registry& registry, std::string_view text);

std::string precision_name(const Registry& registry, std::string_view precision);
/// `none` for what is absent, empty or false.
std::string spec_method_name(const json::Value* spec_decoding);

/// Length of input and output in tokens.
struct Sequence {
  std::int64_t isl = 0;
  std::int64_t osl = 0;
};
/// The pair in a name, `dsr1_1k8k_fp8` -> 1024, 8192: the first that stands between separators.
std::optional<Sequence> sequence_in_name(std::string_view name);
/// `1k/8k` -> 1024, 8192; nullopt for what is not one of the three sequences that are measured.
std::optional<Sequence> sequence_of(std::string_view label);
std::optional<std::string_view> label_of(Sequence sequence);

}  // namespace bl::inference
