#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/disk.h"
#include "inference/overrides.h"
#include "inference/registry.h"

/// The settings `inference.*`, and the registry that they extend.
namespace bl::app {

struct InferenceSettings {
  std::vector<std::string> registry;   ///< files and folders of TOML, read after the built-in ones
  std::vector<std::string> overrides;  ///< the same of overrides
  std::size_t parsers = 1;             ///< threads of one ingest
  std::size_t writers = 1;
  std::uint64_t queue_bytes = 0;   ///< of what was read and waits to be written
  std::uint64_t upload_bytes = 0;  ///< of one uploaded archive
  std::uint64_t cache_bytes = 0;   ///< of compressed answers that are kept
  bool reads_lake = false;         ///< the replica answers, not the store
};

std::vector<ConfigKey> inference_config_keys();

/// Errors: invalid, naming the key and the value.
Result<InferenceSettings> inference_settings_from(const Config& config);

/// The built-in registry with the operator's files; of a folder every `*.toml`, by name. Errors:
/// not_found, io, too_large; malformed, invalid: every fault with FILE:LINE.
Result<inference::Registry> load_inference_registry(const std::vector<std::string>& paths,
                                                    Disk& disk);

/// The built-in overrides with the operator's. Errors: as above.
Result<inference::Overrides> load_inference_overrides(const std::vector<std::string>& paths,
                                                      Disk& disk);

}  // namespace bl::app
