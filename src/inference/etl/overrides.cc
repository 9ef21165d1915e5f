#include "inference/overrides.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "embedded/inference_registry.h"

namespace bl::inference {
namespace {

// The name of a table is the id of a run.
std::int64_t run_id_of(RegistryTable& table) {
  const std::string& name = table.name();
  std::int64_t id = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (fault != std::errc() || end != name.data() + name.size() || id <= 0) {
    const auto shown = json::Value::string(name);
    table.fault("", "is not the id of a run", &shown);
  }
  return id;
}

std::vector<std::int64_t> attempts_of(RegistryTable& table) {
  std::vector<std::int64_t> attempts;
  for (const double number : table.numbers("attempts")) {
    attempts.push_back(static_cast<std::int64_t>(number));
    if (number >= 0 && number <= 1'000'000 && static_cast<double>(attempts.back()) == number) {
      continue;
    }
    const auto shown = json::Value::number(number);
    table.fault("attempts", "is not the number of an attempt", &shown);
  }
  return attempts;
}

}  // namespace

std::vector<RegistryFile> Overrides::built_in_files() {
  std::vector<RegistryFile> files;
  for (const net::EmbeddedFile& file : embedded::inference_registry()) {
    if (file.path.starts_with("overrides/")) {
      files.push_back({std::string(file.path), std::string(file.bytes)});
    }
  }
  BL_CHECK(!files.empty());
  return files;
}

Result<Overrides> Overrides::read(const std::vector<RegistryFile>& files) {
  BL_TRY(RegistryReader reader, RegistryReader::open(files));
  Overrides overrides;
  for (RegistryTable& table : reader.section("conclusions")) {
    overrides.conclusions_.push_back({.github_run_id = run_id_of(table),
                                      .conclusion = table.text("conclusion"),
                                      .reason = table.text("reason")});
    table.done();
  }
  for (RegistryTable& table : reader.section("purged")) {
    overrides.purged_.push_back({.github_run_id = run_id_of(table),
                                 .attempts = attempts_of(table),
                                 .reason = table.text("reason")});
    table.done();
  }
  BL_RETURN_IF_ERROR(reader.finish());
  return overrides;
}

const PurgedRun* Overrides::purge_of(std::int64_t github_run_id, std::int64_t attempt) const {
  for (const PurgedRun& one : purged_) {
    if (one.github_run_id != github_run_id) continue;
    const bool all = one.attempts.empty();
    if (all || std::ranges::find(one.attempts, attempt) != one.attempts.end()) return &one;
  }
  return nullptr;
}

void Overrides::correct(SweepRun& run) const {
  for (const ConclusionOverride& one : conclusions_) {
    if (one.github_run_id == run.github_run_id) run.conclusion = one.conclusion;
  }
}

}  // namespace bl::inference
