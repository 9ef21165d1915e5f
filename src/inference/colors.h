#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_labels.h"

/// Colours of lines: a zone of hue for each vendor, so that charts are read at a glance
/// (spec/inference.md 5.11). Pure; threads: any.
namespace bl::inference {

enum class Ground : unsigned char { light, dark };

/// Degrees of hue in OKLCH, and chroma by Ground.
struct VendorZone {
  double hue_start = 0;
  double hue_end = 0;
  double chroma_light = 0;
  double chroma_dark = 0;
};

class ColorZones {
 public:
  static std::vector<RegistryFile> built_in_files();
  /// Errors: as Registry::read; invalid without a zone `unknown`.
  static Result<ColorZones> read(const std::vector<RegistryFile>& files);
  static const ColorZones& built_in();
  /// Of a vendor in lower case; what is not listed is `unknown`'s.
  const VendorZone& of(std::string_view vendor) const;

 private:
  std::map<std::string, VendorZone, std::less<>> zones_;
};

/// The vendor in lower case of the accelerator before the first `_` of a key, else `unknown`.
std::string vendor_of_key(const Registry& registry, std::string_view hw_key);

/// What colours are made from.
struct ColorSources {
  const Registry& registry;
  const ChartLabels& labels;
  const ColorZones& zones;
};
/// `oklch(0.640 0.15 145.0)` for each key: hue and lightness are spread over its vendor's keys.
std::map<std::string, std::string> line_colors(std::span<const std::string> hw_keys, Ground ground,
                                               const ColorSources& sources);
/// For each date and key, as `0_h100_vllm`: a hue for each key, the oldest date (0) lightest.
std::map<std::string, std::string> date_colors(std::span<const std::string> hw_keys,
                                               std::size_t date_count, Ground ground,
                                               const ColorSources& sources);

}  // namespace bl::inference
