// Uploads that nobody trusts: any bytes as a zip of a run's folder, and as an array of rows.
#include "base/random.h"
#include "base/testing/memory_disk.h"
#include "inference/ingest.h"
#include "inference/tests/fake_sweeps.h"

using namespace bl;
using namespace bl::inference;

namespace {

void put(MemoryDisk& disk, const std::string& path, std::string_view bytes) {
  auto file = disk.create(path, FileMode::normal);
  BL_CHECK(file.ok() && (*file)->append(bytes).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  MemoryDisk disk;
  BL_CHECK(disk.make_folder("/run/results_bmk").ok());
  put(disk, "/up.zip", bytes);
  put(disk, "/run/results_bmk/agg_bmk.json", bytes);
  FakeSweeps store;
  ManualClock clock(Timestamp::from_seconds(1'790'000'000));
  SeededRandom random(1);
  IdSource ids(clock, random);
  IngestLimits limits;
  limits.parsers = 1;
  limits.writers = 1;
  limits.artifacts.entry_bytes_max = 1u << 20;
  limits.artifacts.total_bytes_max = 4u << 20;
  Ingest ingest(disk, Registry::built_in(), store, clock, ids, limits);
  RunFacts facts;
  facts.run_id = 1;
  facts.date = "2026-09-01";
  for (const char* path : {"/up.zip", "/run"}) {
    const auto outcome = ingest.run({.path = path, .facts = facts, .spool = "/spool"});
    BL_CHECK(outcome.ok() || outcome.error().code == Code::invalid);
    BL_CHECK(!disk.exists("/spool").value());
  }
  return 0;
}
