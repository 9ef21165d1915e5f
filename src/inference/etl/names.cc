#include "inference/names.h"

#include <array>
#include <charconv>

#include "inference/coercion.h"

namespace bl::inference {
namespace {

// Each is taken off once, in this order.
constexpr std::array<std::string_view, 12> k_hardware_endings = {
    "-trt", "-multinode-slurm", "-multinode", "-nvs", "-disagg", "-amds", "-amd",
    "-nvd", "-dgxc-slurm",      "-dgxc",      "-nb",  "-nv"};

constexpr std::array<std::string_view, 4> k_precision_endings = {"-fp4", "-fp8", "-mxfp4",
                                                                 "-nvfp4"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_runner_index(std::string_view hw) {
  std::size_t end = hw.size();
  while (end > 0 && is_digit(hw[end - 1])) --end;
  bool has_index = end > 0 && end < hw.size() && hw[end - 1] == '_';
  return has_index ? hw.substr(0, end - 1) : hw;
}

std::string_view without_endings(std::string_view hw) {
  hw = without_runner_index(hw);
  for (std::string_view ending : k_hardware_endings) {
    if (hw.ends_with(ending)) hw.remove_suffix(ending.size());
  }
  return hw;
}

std::string_view first_segment(std::string_view hw) {
  std::size_t colon = hw.rfind(':');
  if (colon != hw.npos) hw.remove_prefix(colon + 1);
  return hw.substr(0, hw.find('-'));
}

/// `dsr1-fp8-extra` -> `dsr1`: cut at the first precision that is a whole segment.
std::string_view without_precision(std::string_view prefix) {
  for (std::size_t at = prefix.find('-'); at != prefix.npos; at = prefix.find('-', at + 1)) {
    std::string_view rest = prefix.substr(at);
    for (std::string_view ending : k_precision_endings) {
      bool is_segment =
          rest.starts_with(ending) && (rest.size() == ending.size() || rest[ending.size()] == '-');
      if (is_segment) return prefix.substr(0, at);
    }
  }
  return prefix;
}

const std::string* model_of_lower_prefix(const Registry& registry, std::string_view prefix) {
  if (const std::string* key = registry.model_of_prefix(prefix)) return key;
  return registry.model_of_prefix(without_precision(prefix));
}

/// `12k` at `at`: its number of tokens, and `at` behind it.
std::optional<std::int64_t> read_thousands(std::string_view text, std::size_t& at) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
  std::size_t behind = static_cast<std::size_t>(end - text.data());
  bool is_number = error == std::errc() && at < text.size() && is_digit(text[at]);
  if (!is_number || behind == text.size() || (text[behind] != 'k' && text[behind] != 'K') ||
      number > INT32_MAX / 1024) {
    return std::nullopt;
  }
  at = behind + 1;
  return number * 1024;
}

struct MeasuredSequence {
  std::string_view label;
  Sequence sequence;
};
constexpr std::array<MeasuredSequence, 3> k_sequences = {
    {{"1k/1k", {1024, 1024}}, {"1k/8k", {1024, 8192}}, {"8k/1k", {8192, 1024}}}};

}  // namespace

std::optional<std::string> hardware_key(const Registry& registry, MappingRules::HardwareNames names,
                                        std::string_view hw) {
  std::string lower = lower_case(hw);
  std::string_view key =
      names == MappingRules::HardwareNames::endings ? without_endings(lower) : first_segment(lower);
  if (!registry.find_hardware(key)) return std::nullopt;
  return std::string(key);
}

std::optional<std::string> model_key(const Registry& registry, const json::Value* prefix,
                                     const json::Value* model) {
  if (prefix && prefix->is_string() && !prefix->as_string().empty()) {
    const std::string* key = model_of_lower_prefix(registry, lower_case(prefix->as_string()));
    if (key) return *key;
  }
  if (model && model->is_string()) {
    if (const std::string* key = registry.model_of_name(model->as_string())) return *key;
  }
  return std::nullopt;
}

std::optional<std::string> model_key(const Registry& registry, const json::Value& row) {
  const json::Value* prefix = row.find("infmax_model_prefix");
  // An empty prefix is a prefix: only null and absent let model_prefix speak.
  if (!prefix || prefix->is_null()) prefix = row.find("model_prefix");
  return model_key(registry, prefix, row.find("model"));
}

FrameworkName framework_name(const Registry& registry, MappingRules::Disaggregation rule,
                             std::string_view framework, const json::Value* disagg_field) {
  std::string lower = lower_case(framework);
  const FrameworkAlias* alias = registry.framework_alias(lower);
  std::string canonical = alias ? alias->canonical : std::move(lower);
  if (alias && alias->disagg) return {std::move(canonical), true};
  if (rule == MappingRules::Disaggregation::stated) {
    return {std::move(canonical), parse_bool(disagg_field)};
  }
  bool disagg = canonical.starts_with("mori-") ||
                parse_optional_bool(disagg_field).value_or(canonical.starts_with("dynamo-"));
  return {std::move(canonical), disagg};
}

std::string resolve_framework_alias(const Registry& registry, std::string_view framework) {
  std::string lower = lower_case(framework);
  const FrameworkAlias* alias = registry.framework_alias(lower);
  return alias ? alias->canonical : lower;
}

std::string resolve_framework_aliases_in(const Registry& registry, std::string_view text) {
  std::string resolved(text);
  for (const FrameworkAlias& alias : registry.framework_aliases()) {
    for (std::size_t at = resolved.find(alias.name); at != resolved.npos;
         at = resolved.find(alias.name, at + alias.canonical.size())) {
      resolved.replace(at, alias.name.size(), alias.canonical);
    }
  }
  return resolved;
}

std::string precision_name(const Registry& registry, std::string_view precision) {
  std::string lower = lower_case(precision);
  const std::string* canonical = registry.precision_alias(lower);
  return canonical ? *canonical : lower;
}

std::string spec_method_name(const json::Value* spec_decoding) {
  return is_truthy(spec_decoding) ? lower_case(text_of(spec_decoding)) : "none";
}

std::optional<Sequence> sequence_in_name(std::string_view name) {
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] != '_' && name[at] != '-') continue;
    std::size_t end = at + 1;
    auto isl = read_thousands(name, end);
    if (!isl) continue;
    auto osl = read_thousands(name, end);
    bool is_delimited = end < name.size() && std::string_view("_-.").find(name[end]) != name.npos;
    if (osl && is_delimited) return Sequence{*isl, *osl};
  }
  return std::nullopt;
}

std::optional<Sequence> sequence_of(std::string_view label) {
  for (const auto& one : k_sequences) {
    if (one.label == label) return one.sequence;
  }
  return std::nullopt;
}

std::optional<std::string_view> label_of(Sequence sequence) {
  for (const auto& one : k_sequences) {
    if (one.sequence.isl == sequence.isl && one.sequence.osl == sequence.osl) return one.label;
  }
  return std::nullopt;
}

}  // namespace bl::inference
