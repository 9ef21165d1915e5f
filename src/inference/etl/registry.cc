#include "inference/registry.h"

#include <fmt/format.h>
#include "base/check.h"
#include "embedded/inference_registry.h"

namespace bl::inference {
namespace {

constexpr std::string_view folder_of(Edition edition) {
  return edition == Edition::april_2026 ? "2026-04/" : "2026-09/";
}

/// Remembers that a name means a key; that it meant another before is a fault.
void give_name(RegistryTable& table, std::string_view field, const std::string& name,
               std::map<std::string, std::string, std::less<>>& names) {
  auto [other, is_new] = names.emplace(name, table.name());
  if (!is_new && other->second != table.name()) {
    table.fault(field, fmt::format("also means {}: \"{}\"", other->second, name));
  }
}

}  // namespace

std::vector<RegistryFile> Registry::built_in_files(Edition edition) {
  std::vector<RegistryFile> files;
  for (const net::EmbeddedFile& file : embedded::inference_registry()) {
    if (file.path.starts_with(folder_of(edition))) {
      files.push_back({std::string(file.path), std::string(file.bytes)});
    }
  }
  BL_CHECK(!files.empty());
  return files;
}

Result<Registry> Registry::read(const std::vector<RegistryFile>& files) {
  BL_TRY(RegistryReader reader, RegistryReader::open(files));
  Registry registry;
  registry.read_models(reader);
  registry.read_frameworks(reader);
  registry.read_hardware(reader);
  BL_RETURN_IF_ERROR(reader.finish());
  return registry;
}

const Registry& Registry::built_in(Edition edition) {
  static const Registry april = *read(built_in_files(Edition::april_2026));
  static const Registry september = *read(built_in_files(Edition::september_2026));
  return edition == Edition::april_2026 ? april : september;
}

void Registry::read_models(RegistryReader& reader) {
  for (RegistryTable& table : reader.section("models")) {
    Model model{.key = table.name(),
                .display = table.text("display"),
                .released = table.optional_text("released"),
                .prefixes = table.texts("prefixes"),
                .names = table.texts("names")};
    table.done();
    give_name(table, "prefixes", model.key, models_by_prefix_);
    for (const auto& prefix : model.prefixes)
      give_name(table, "prefixes", prefix, models_by_prefix_);
    for (const auto& name : model.names) give_name(table, "names", name, models_by_name_);
    models_.push_back(std::move(model));
  }
}

void Registry::read_frameworks(RegistryReader& reader) {
  Names aliases;
  for (RegistryTable& table : reader.section("frameworks")) {
    Framework framework{.key = table.name(), .aliases = {}};
    for (RegistryTable& alias : table.tables("aliases")) {
      framework.aliases.push_back({alias.name(), table.name(), alias.flag("disagg")});
      alias.done();
      give_name(table, "aliases", alias.name(), aliases);
    }
    table.done();
    framework_aliases_.insert(framework_aliases_.end(), framework.aliases.begin(),
                              framework.aliases.end());
    frameworks_.push_back(std::move(framework));
  }
  std::stable_sort(framework_aliases_.begin(), framework_aliases_.end(),
                   [](const auto& a, const auto& b) { return a.name.size() > b.name.size(); });
  for (RegistryTable& table : reader.section("precisions")) {
    precisions_.push_back(table.name());
    for (const std::string& alias : table.texts("aliases")) {
      give_name(table, "aliases", alias, precisions_by_alias_);
    }
    table.done();
  }
  for (RegistryTable& table : reader.section("spec_methods")) {
    spec_methods_.push_back(table.name());
    table.done();
  }
}

void Registry::read_hardware(RegistryReader& reader) {
  for (RegistryTable& table : reader.section("hardware")) {
    hardware_.push_back({.key = table.name(),
                         .vendor = table.text("vendor"),
                         .architecture = table.optional_text("architecture"),
                         .label = table.text("label"),
                         .sort = table.optional_integer("sort").value_or(0),
                         .tdp_w = table.number("tdp_w"),
                         .power_kw = table.number("power_kw"),
                         .cost_hyperscaler = table.number("cost_hyperscaler"),
                         .cost_neocloud = table.optional_number("cost_neocloud"),
                         .cost_rental = table.number("cost_rental")});
    table.done();
  }
}

const std::string* Registry::model_of_prefix(std::string_view prefix) const {
  auto found = models_by_prefix_.find(prefix);
  return found == models_by_prefix_.end() ? nullptr : &found->second;
}

const std::string* Registry::model_of_name(std::string_view name) const {
  auto found = models_by_name_.find(name);
  return found == models_by_name_.end() ? nullptr : &found->second;
}

const FrameworkAlias* Registry::framework_alias(std::string_view lower) const {
  auto found = std::find_if(framework_aliases_.begin(), framework_aliases_.end(),
                            [&](const FrameworkAlias& alias) { return alias.name == lower; });
  return found == framework_aliases_.end() ? nullptr : &*found;
}

bool Registry::is_framework(std::string_view key) const {
  return std::any_of(frameworks_.begin(), frameworks_.end(),
                     [&](const Framework& framework) { return framework.key == key; });
}

const std::string* Registry::precision_alias(std::string_view lower) const {
  auto found = precisions_by_alias_.find(lower);
  return found == precisions_by_alias_.end() ? nullptr : &found->second;
}

bool Registry::is_precision(std::string_view key) const {
  return std::find(precisions_.begin(), precisions_.end(), key) != precisions_.end();
}

const Hardware* Registry::find_hardware(std::string_view key) const {
  auto found = std::find_if(hardware_.begin(), hardware_.end(),
                            [&](const Hardware& hardware) { return hardware.key == key; });
  return found == hardware_.end() ? nullptr : &*found;
}

}  // namespace bl::inference
