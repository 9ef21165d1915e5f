// Any bytes: an error, or documents with a name, and everything else named as skipped.
#include <cstdint>

#include "base/check.h"
#include "formats/formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto reading = bl::formats::read_google_benchmark(bytes, "f.json", {});
  if (!reading.ok()) {
    BL_CHECK(reading.error().message.find("f.json") != std::string::npos);
    return 0;
  }
  for (const bl::json::Value& document : reading->submissions) {
    BL_CHECK(!document.find("tags")->find("name")->as_string().empty());
    const bl::json::Value* stats = document.find("stats");
    BL_CHECK(stats != nullptr || document.find("error") != nullptr);
    BL_CHECK(stats == nullptr || !stats->find("data")->items().empty());
    BL_CHECK(bl::json::parse(bl::json::to_text(document)).ok());
  }
  for (const bl::formats::Skipped& skipped : reading->skipped) {
    BL_CHECK(skipped.place.starts_with("f.json#/benchmarks/") && !skipped.reason.empty());
  }
  return 0;
}
