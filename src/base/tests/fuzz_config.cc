#include <cstddef>
#include <cstdint>

#include "base/config.h"

// Any file is either read or refused with at least one fault that names its place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<bl::ConfigKey> k_keys = {
      {"store.uri", bl::ConfigType::text},
      {"http.port", bl::ConfigType::integer, "8080"},
      {"http.body_bytes_max", bl::ConfigType::bytes, "64MiB"},
      {"http.idle_ms", bl::ConfigType::duration_ms, "30s"},
      {"log.json", bl::ConfigType::boolean, "true"},
  };
  std::string text(reinterpret_cast<const char*>(data), size);
  auto config = bl::Config::load(k_keys, {.file_name = "f", .file_text = text});
  if (config.ok()) {
    (void)config->text("store.uri");
    return 0;
  }
  BL_CHECK(!config.error().faults.empty());
  for (const bl::Fault& fault : config.error().faults) BL_CHECK(fault.path.starts_with("f:"));
  return 0;
}
