#include "inference/colors.h"

#include <algorithm>

#include "base/check.h"
#include "embedded/inference_registry.h"
#include "inference/english_order.h"
#include "inference/number_text.h"

namespace bl::inference {
namespace {

constexpr std::string_view k_file = "charts/colors.toml";
constexpr std::string_view k_unknown = "unknown";

// Lightness from the first of `count` to the last; one alone has the middle.
double lightness(Ground ground, std::size_t at, std::size_t count) {
  const double most = ground == Ground::light ? 0.68 : 0.78;
  const double least = ground == Ground::light ? 0.42 : 0.50;
  const double part = count > 1 ? static_cast<double>(at) / static_cast<double>(count - 1) : 0.5;
  return most - part * (most - least);
}

double hue(const VendorZone& zone, std::size_t at, std::size_t count) {
  return zone.hue_start + (static_cast<double>(at) + 0.5) / static_cast<double>(count) *
                              (zone.hue_end - zone.hue_start);
}

std::string oklch(double light, double chroma, double degrees) {
  return "oklch(" + ecma_fixed(light, 3) + " " + ecma_number(chroma) + " " +
         ecma_fixed(degrees, 1) + ")";
}

using Keys = std::vector<std::string>;

std::map<std::string, Keys> by_vendor(std::span<const std::string> hw_keys,
                                      const ColorSources& sources) {
  std::map<std::string, Keys> vendors;
  for (const std::string& key : hw_keys)
    vendors[vendor_of_key(sources.registry, key)].push_back(key);
  for (auto& [vendor, keys] : vendors) {
    std::stable_sort(keys.begin(), keys.end(), [&](const std::string& a, const std::string& b) {
      const auto index_a = sources.labels.sort_index(a), index_b = sources.labels.sort_index(b);
      return index_a != index_b ? index_a < index_b : english_before(a, b);
    });
  }
  return vendors;
}

}  // namespace

std::vector<RegistryFile> ColorZones::built_in_files() {
  std::vector<RegistryFile> files;
  for (const net::EmbeddedFile& file : embedded::inference_registry()) {
    if (file.path == k_file) files.push_back({std::string(file.path), std::string(file.bytes)});
  }
  BL_CHECK(!files.empty());
  return files;
}

Result<ColorZones> ColorZones::read(const std::vector<RegistryFile>& files) {
  BL_TRY(RegistryReader reader, RegistryReader::open(files));
  ColorZones zones;
  for (RegistryTable& table : reader.section("vendor_zones")) {
    zones.zones_[table.name()] = {.hue_start = table.number("hue_start"),
                                  .hue_end = table.number("hue_end"),
                                  .chroma_light = table.number("chroma_light"),
                                  .chroma_dark = table.number("chroma_dark")};
    table.done();
  }
  BL_RETURN_IF_ERROR(reader.finish());
  if (!zones.zones_.contains(k_unknown))
    return Error{Code::invalid, "colours need a zone for vendors that are not listed: unknown"};
  return zones;
}

const ColorZones& ColorZones::built_in() {
  static const ColorZones zones = *read(built_in_files());
  return zones;
}

const VendorZone& ColorZones::of(std::string_view vendor) const {
  const auto found = zones_.find(vendor);
  return found != zones_.end() ? found->second : zones_.find(k_unknown)->second;
}

std::string vendor_of_key(const Registry& registry, std::string_view hw_key) {
  const Hardware* hardware = registry.find_hardware(hw_key.substr(0, hw_key.find('_')));
  if (!hardware) return std::string(k_unknown);
  std::string vendor = hardware->vendor;
  for (char& c : vendor) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return vendor;
}

std::map<std::string, std::string> line_colors(std::span<const std::string> hw_keys, Ground ground,
                                               const ColorSources& sources) {
  std::map<std::string, std::string> colors;
  for (const auto& [vendor, keys] : by_vendor(hw_keys, sources)) {
    const VendorZone& zone = sources.zones.of(vendor);
    const double chroma = ground == Ground::light ? zone.chroma_light : zone.chroma_dark;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      colors[keys[i]] = oklch(lightness(ground, i, keys.size()), chroma, hue(zone, i, keys.size()));
    }
  }
  return colors;
}

std::map<std::string, std::string> date_colors(std::span<const std::string> hw_keys,
                                               std::size_t date_count, Ground ground,
                                               const ColorSources& sources) {
  std::map<std::string, std::string> colors;
  for (const auto& [vendor, keys] : by_vendor(hw_keys, sources)) {
    const VendorZone& zone = sources.zones.of(vendor);
    const double chroma = ground == Ground::light ? zone.chroma_light : zone.chroma_dark;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t date = 0; date < date_count; ++date) {
        colors[std::to_string(date) + "_" + keys[i]] =
            oklch(lightness(ground, date, date_count), chroma, hue(zone, i, keys.size()));
      }
    }
  }
  return colors;
}

}  // namespace bl::inference
