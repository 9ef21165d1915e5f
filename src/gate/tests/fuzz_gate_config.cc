// gate.toml: any bytes. What is taken keeps its limits; what is not says why.
#include <cstdint>
#include <cstdlib>

#include "gate/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::gate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = parse_gate_config(text, "gate.toml");
  if (!config.ok()) {
    if (config.error().message.empty()) std::abort();
    return 0;
  }
  if (config->scenarios.empty()) std::abort();
  const GateLimits limits;
  for (const Scenario& scenario : config->scenarios) {
    const Effort& effort = scenario.effort;
    const bool is_sound = !scenario.name.empty() && !scenario.command.empty() &&
                          effort.rounds >= 1 && effort.rounds <= effort.rounds_max &&
                          effort.rounds_max <= limits.rounds_max && scenario.bounds.median > 0;
    if (!is_sound) std::abort();
  }
  return 0;
}
