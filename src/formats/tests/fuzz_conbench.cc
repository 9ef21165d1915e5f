// Any bytes: an error, or documents that are objects and the same for the same bytes.
#include <cstdint>

#include "base/check.h"
#include "formats/formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  bl::formats::Facts facts;
  facts.commit = "abc";
  facts.machine_name = "m1";
  facts.tags = {{"size", "8"}};
  const auto reading = bl::formats::read_conbench(bytes, "f.json", facts);
  if (!reading.ok()) {
    BL_CHECK(reading.error().message.find("f.json") != std::string::npos);
    return 0;
  }
  const auto again = bl::formats::read_conbench(bytes, "f.json", facts);
  BL_CHECK(again.ok() && again->submissions.size() == reading->submissions.size());
  for (const bl::json::Value& document : reading->submissions) {
    BL_CHECK(document.is_object());
    BL_CHECK(bl::json::parse(bl::json::to_text(document)).ok());
  }
  (void)bl::formats::detect(bytes);
  return 0;
}
