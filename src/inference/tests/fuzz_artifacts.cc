// Any bytes as a zip, small limits: no crash, bounded memory, and no entry that is over a limit.
#include <cstdlib>

#include "base/testing/memory_disk.h"
#include "inference/artifacts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl;
  using namespace bl::inference;
  MemoryDisk disk;
  auto file = disk.create("/a.zip", FileMode::normal);
  if (!(*file)->append({reinterpret_cast<const char*>(data), size}).ok()) std::abort();
  ArtifactLimits limits{.entry_bytes_max = 1 << 20, .total_bytes_max = 4 << 20};
  SkipTracker tracker;
  std::size_t total = 0;
  auto done = read_zip(
      **file, "a.zip", limits, [](std::string_view) { return true; },
      [&](std::string_view name, std::string bytes) -> Result<void> {
        total += bytes.size();
        bool leads_out = name.starts_with('/') || name == ".." || name.starts_with("../");
        if (bytes.size() > limits.entry_bytes_max || leads_out) std::abort();
        return {};
      },
      tracker);
  if (!done.ok() || total > limits.total_bytes_max) std::abort();
  return 0;
}
