#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

/// Submissions as the legacy dialect's clients write them.
namespace bl::results::testing {

/// All that is required and nothing else; numbers of the machine are texts, as benchadapt sends
/// them.
inline json::Value legacy_submission() {
  return json::parse(R"({
    "run_id": "r1", "batch_id": "b1", "timestamp": "2024-08-01T12:00:00.987654+02:00",
    "tags": {"name": "sort"}, "context": {"benchmark_language": "C++"},
    "github": {"repository": "https://github.com/org/repo", "commit": "abc"},
    "machine_info": {
      "name": "m1", "architecture_name": "x86_64", "kernel_name": "6.1", "os_name": "Linux",
      "os_version": "12", "cpu_model_name": "c", "cpu_l1d_cache_bytes": "32768",
      "cpu_l1i_cache_bytes": "32768", "cpu_l2_cache_bytes": "262144",
      "cpu_l3_cache_bytes": "4194304", "cpu_core_count": "2", "cpu_thread_count": "4",
      "cpu_frequency_max_hz": "3500000000", "memory_bytes": "17179869184", "gpu_count": "0",
      "gpu_product_names": []},
    "stats": {"data": ["1.500000", 2, "3"], "unit": "s"}})")
      .value();
}

/// Puts JSON at a place such as `stats/unit`; an empty text takes the member away.
inline void change(json::Value& document, std::string_view place, std::string_view text) {
  json::Value* at = &document;
  for (std::size_t slash; (slash = place.find('/')) != std::string_view::npos;) {
    at = const_cast<json::Value*>(at->find(place.substr(0, slash)));
    place.remove_prefix(slash + 1);
  }
  if (text.empty()) {
    std::erase_if(at->members(), [&](const json::Member& m) { return m.first == place; });
  } else {
    at->set(std::string(place), json::parse(text).value());
  }
}

inline std::string legacy_body(std::string_view place = "", std::string_view text = "") {
  json::Value document = legacy_submission();
  if (!place.empty()) change(document, place, text);
  return json::to_text(document);
}

}  // namespace bl::results::testing
