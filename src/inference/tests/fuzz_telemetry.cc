// Any text as GPU metrics and as power samples: no crash.
#include <cstdlib>

#include "inference/gpu_metrics.h"
#include "inference/power.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::inference;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  GpuSamples read = read_gpu_metrics(text);
  for (GpuMetric metric : available_metrics(read.samples)) {
    gpu_statistics(read.samples, metric);
    gpu_anomalies(Registry::built_in(), read.samples, metric, "gpu_metrics_h100");
  }
  PowerMeasurement power = integrate_power(
      text, {.start_unix = 1000, .end_unix = 1010, .expected_num_gpus = 1, .max_sample_gap_s = 3});
  if (power.is_valid != power.invalid_reasons.empty()) std::abort();
  return 0;
}
