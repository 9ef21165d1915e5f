// Any bytes behind a letter that chooses the reader: an error that names the file, or documents
// with a name and stats or an error, and everything else named as skipped.
#include <cstdint>

#include "base/check.h"
#include "base/testing/memory_disk.h"
#include "formats/formats.h"

namespace {

using bl::formats::Facts;
using bl::formats::Format;
using bl::formats::Reading;

constexpr const char* k_place = "f.json";

/// The bytes as two files of a benchmark's folder, parted by a NUL.
bl::Result<Reading> read_criterion(std::string_view bytes, const Facts& facts) {
  const std::size_t cut = std::min(bytes.find('\0'), bytes.size());
  bl::MemoryDisk disk;
  BL_CHECK(disk.make_folder("f.json/sort/new").ok());
  const auto put = [&](const std::string& name, std::string_view text) {
    BL_CHECK(bl::write_file_atomically(disk, "f.json/sort/new/" + name, text, bl::FileMode::normal)
                 .ok());
  };
  put("benchmark.json", bytes.substr(0, cut));
  put("sample.json", bytes.substr(std::min(cut + 1, bytes.size())));
  put("estimates.json", "{}");
  return bl::formats::read_criterion_folder(disk, k_place, facts);
}

bl::Result<Reading> read(char kind, std::string_view bytes, const Facts& facts) {
  switch (kind) {
    case 'p':
      return bl::formats::read(Format::pytest_benchmark, bytes, k_place, facts);
    case 'h':
      return bl::formats::read(Format::hyperfine, bytes, k_place, facts);
    case 'g':
      return bl::formats::read(Format::go, bytes, k_place, facts);
    case 'm':
      return bl::formats::read(Format::criterion, bytes, k_place, facts);
    case 'j':
      return bl::formats::read(Format::jmh, bytes, k_place, facts);
    case 'f':
      return bl::formats::read(Format::folly, bytes, k_place, facts);
    case 'c':
      return read_criterion(bytes, facts);
    default:
      const auto format = bl::formats::detect(bytes);
      if (!format) return Reading{};
      return bl::formats::read(*format, bytes, k_place, facts);
  }
}

void check(const bl::json::Value& document) {
  const bl::json::Value* stats = document.find("stats");
  BL_CHECK(stats != nullptr || document.find("error") != nullptr);
  BL_CHECK(bl::json::parse(bl::json::to_text(document)).ok());
  if (document.find("error") != nullptr || stats->find("unit") == nullptr) return;
  for (const bl::json::Value& value : stats->find("data")->items()) BL_CHECK(value.is_number());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Facts facts;
  facts.run_id = "r";
  const bool is_one_of_ours = std::string_view("phgmjfc").find(bytes[0]) != std::string_view::npos;
  const auto reading = read(bytes[0], bytes.substr(1), facts);
  if (!reading.ok()) {
    BL_CHECK(reading.error().message.find(k_place) != std::string::npos);
    return 0;
  }
  if (is_one_of_ours) {
    for (const bl::json::Value& document : reading->submissions) {
      BL_CHECK(!document.find("tags")->find("name")->as_string().empty());
      check(document);
    }
  }
  for (const bl::formats::Skipped& skipped : reading->skipped) {
    BL_CHECK(skipped.place.starts_with(k_place) && !skipped.reason.empty());
  }
  return 0;
}
