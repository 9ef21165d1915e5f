#include "results/hardware_keys.h"

#include <algorithm>
#include <variant>

#include "base/hash.h"

namespace bl::results {
namespace {

using Text = std::optional<std::string> Hardware::*;
using Integer = std::optional<std::int64_t> Hardware::*;
using Texts = std::optional<std::vector<std::string>> Hardware::*;

struct Field {
  std::string_view name;
  std::variant<std::string Hardware::*, Text, Integer, Texts> member;
};

const std::vector<Field>& all_fields() {
  static const std::vector<Field> fields = {
      {"name", &Hardware::name},
      {"gpu_count", &Hardware::gpu_count},
      {"cpu_core_count", &Hardware::cpu_core_count},
      {"cpu_thread_count", &Hardware::cpu_thread_count},
      {"memory_bytes", &Hardware::memory_bytes},
      {"cpu_model_name", &Hardware::cpu_model_name},
      {"cpu_frequency_max_hz", &Hardware::cpu_frequency_max_hz},
      {"cpu_l1d_cache_bytes", &Hardware::cpu_l1d_cache_bytes},
      {"cpu_l1i_cache_bytes", &Hardware::cpu_l1i_cache_bytes},
      {"cpu_l2_cache_bytes", &Hardware::cpu_l2_cache_bytes},
      {"cpu_l3_cache_bytes", &Hardware::cpu_l3_cache_bytes},
      {"gpu_product_names", &Hardware::gpu_product_names},
      {"architecture_name", &Hardware::architecture_name},
      {"kernel_name", &Hardware::kernel_name},
      {"os_name", &Hardware::os_name},
      {"os_version", &Hardware::os_version},
  };
  return fields;
}
constexpr std::size_t k_conbench_fields = 5;  // the first ones

struct AsJson {
  const Hardware& hardware;

  json::Value operator()(std::string Hardware::* member) const {
    return json::Value::string(hardware.*member);
  }
  json::Value operator()(Text member) const {
    const auto& text = hardware.*member;
    return text ? json::Value::string(*text) : json::Value();
  }
  json::Value operator()(Integer member) const {
    const auto& number = hardware.*member;
    return number ? json::Value::number(*number) : json::Value();
  }
  json::Value operator()(Texts member) const {
    const auto& texts = hardware.*member;
    if (!texts) return {};
    json::Array items;
    for (const std::string& text : *texts) items.push_back(json::Value::string(text));
    return json::Value::array(std::move(items));
  }
};

Error fault(std::string_view sentence, std::string_view value) {
  std::string text = "results.hardware_keys: ";
  text.append(sentence).append(": '").append(value).append("'");
  return Error{Code::invalid, std::move(text)};
}

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<HardwareKeys> HardwareKeys::parse(std::string_view text) {
  std::vector<std::string_view> given;
  while (!without_blanks(text).empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = without_blanks(text.substr(0, comma));
    const auto& fields = all_fields();
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& one) { return one.name == name; });
    if (field == fields.end()) return fault("a machine has no such field", name);
    if (std::find(given.begin(), given.end(), name) != given.end()) {
      return fault("a field stands twice", name);
    }
    given.push_back(field->name);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  HardwareKeys keys;
  if (given.empty()) return keys;
  for (const Field& field : all_fields()) {
    const bool is_wanted = std::find(given.begin(), given.end(), field.name) != given.end();
    if (field.name == "name" || is_wanted) keys.fields_.push_back(field.name);
  }
  return keys;
}

std::vector<std::string_view> HardwareKeys::names() const {
  if (!are_conbench()) return fields_;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < k_conbench_fields; ++i) names.push_back(all_fields()[i].name);
  return names;
}

std::string HardwareKeys::hash_of(const Hardware& hardware) const {
  if (are_conbench() || hardware.type == Hardware::Type::cluster) return hardware.hash();
  json::Value chosen = json::Value::object();
  for (const Field& field : all_fields()) {
    const bool is_key = std::find(fields_.begin(), fields_.end(), field.name) != fields_.end();
    if (!is_key || field.name == "name") continue;
    chosen.set(std::string(field.name), std::visit(AsJson{hardware}, field.member));
  }
  std::string hash = hardware.name;
  hash.append("-").append(md5_hex(json::to_canonical(chosen)));
  return hash;
}

}  // namespace bl::results
