// Any bytes as a result file, and as benchmarks.json, of an asv folder.
#include <cstdint>

#include "base/check.h"
#include "base/testing/memory_disk.h"
#include "formats/formats.h"

namespace {

constexpr const char* k_results =
    R"({"commit_hash":"abc","env_name":"py3","date":1,"params":{"machine":"m1"},
        "result_columns":["result","params"],"results":{"a.time_x":[[1,2],[["1","2"]]]}})";
constexpr const char* k_benchmarks = R"({"a.time_x":{"unit":"seconds","param_names":["n"]}})";

void read(std::string_view benchmarks, std::string_view results) {
  bl::MemoryDisk disk;
  BL_CHECK(disk.make_folder("f/m1").ok());
  const auto normal = bl::FileMode::normal;
  BL_CHECK(bl::write_file_atomically(disk, "f/benchmarks.json", benchmarks, normal).ok());
  BL_CHECK(bl::write_file_atomically(disk, "f/m1/a.json", results, normal).ok());
  const auto directory = bl::formats::AsvDirectory::open(disk, "f");
  if (!directory.ok()) return;
  const auto reading = directory->read(0, {});
  if (!reading.ok()) return;
  for (const bl::json::Value& document : reading->submissions) {
    BL_CHECK(document.find("submission_key")->as_string().starts_with("asv-"));
    BL_CHECK((document.find("stats") == nullptr) != (document.find("error") == nullptr));
    BL_CHECK(bl::json::parse(bl::json::to_text(document)).ok());
  }
  for (const bl::formats::Skipped& skipped : reading->skipped) {
    BL_CHECK(skipped.place.starts_with("f/m1/a.json#/results/") && !skipped.reason.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(k_benchmarks, bytes);
  read(bytes, k_results);
  return 0;
}
