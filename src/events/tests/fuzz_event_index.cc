// An index whose files say anything, with hashes that are right: it opens or not, and whatever it
// answers, it lives.
//
// The input changes a sound index: each eight bytes name a file, a section, a place in it, and what
// is written there; the last of a number of them may cut the section.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/check.h"
#include "base/testing/memory_disk.h"
#include "events/event_index.h"
#include "events/index/index_folder.h"
#include "events/testing/corpus.h"

namespace {

using namespace bl;
using namespace bl::events;

constexpr const char* k_folder = "/index";

struct FileParts {
  std::string name;
  std::vector<std::int64_t> facts;
  std::vector<std::string> sections;
};

struct Sound {
  std::vector<BuildEvent> events = small_world(3, 40);
  std::vector<FileParts> files;  // rows first
  std::size_t rows = 0;

  Sound() {
    MemoryDisk disk;
    Metrics metrics;
    IndexLimits limits;
    limits.segment_events = 10;
    auto index = EventIndex::open(disk, k_folder, "t", metrics, limits).value();
    for (int i = 0; i < 4; ++i) {
      const auto some = std::span(events).subspan(static_cast<std::size_t>(i) * 10, 10);
      BL_CHECK(index->add(some).ok());
      BL_CHECK(index->settle({"t", i, (i + 1) * 10}).ok());
      BL_CHECK(index->save().ok());
    }
    index.reset();
    index::IndexFolder folder(disk, k_folder);
    const auto state = folder.load().value();
    for (const auto& file : state->rows.files) take(disk, file->name(), file->identity(), 2, 1);
    rows = files.size();
    for (const auto& file : state->keys)
      take(disk, file->name(), file->identity(), index::k_key_sections, index::k_key_facts);
  }

  void take(MemoryDisk& disk, const std::string& name, const index::FileIdentity& identity,
            std::size_t sections, std::size_t facts) {
    const auto file = index::SectionFile::open(disk, std::string(k_folder) + "/" + name, identity,
                                               sections, facts);
    FileParts parts{name, {file->facts().begin(), file->facts().end()}, {}};
    for (std::size_t i = 0; i < sections; ++i) parts.sections.emplace_back(file->section(i));
    files.push_back(std::move(parts));
  }
};

void change(std::vector<FileParts>& files, const std::uint8_t* data, std::size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    std::uint16_t at = 0;
    std::uint32_t value = 0;
    std::memcpy(&at, data + 2, 2);
    std::memcpy(&value, data + 4, 4);
    FileParts& file = files[data[0] % files.size()];
    const std::size_t which = data[1] % (file.sections.size() + 2);
    if (which == file.sections.size()) {
      file.facts[at % file.facts.size()] = static_cast<std::int32_t>(value);
      continue;
    }
    if (which > file.sections.size()) {
      std::string& section = file.sections[at % file.sections.size()];
      section.resize(value % (section.size() + 9));
      continue;
    }
    std::string& section = file.sections[which];
    if (section.size() < 4) continue;
    std::memcpy(section.data() + at % (section.size() - 3), &value, 4);
  }
}

void write(Disk& disk, const std::vector<FileParts>& files, std::size_t rows, std::int64_t events) {
  BL_CHECK(disk.make_folder(k_folder).ok());
  std::string manifest =
      fmt::format("benchlake event index 1\ntable 74\nversion 3\nevents {}\n", events);
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto out = index::SectionWriter::create(disk, std::string(k_folder) + "/" + files[i].name);
    for (const std::string& section : files[i].sections)
      BL_CHECK(out->append(section).ok() && out->end_section().ok());
    const auto identity = out->finish(files[i].facts).value();
    manifest += fmt::format("{} {} {} {:016x}\n", i < rows ? "rows" : "keys", files[i].name,
                            identity.bytes, identity.hash);
  }
  manifest += fmt::format("sum {:016x}\n", xxh3_64(manifest));
  BL_CHECK(
      write_file_atomically(disk, std::string(k_folder) + "/manifest", manifest, FileMode::normal)
          .ok());
}

void ask(EventIndex& index, const Sound& sound) {
  for (int i = 0; i < k_small_world_builds; ++i) {
    (void)index.build_request_events(small_world_build(i), {});
    (void)index.build_request(small_world_build(i));
  }
  for (const std::string& ref : small_world_refs()) {
    (void)index.partition_events(ref, {.since = 3, .limit = 4});
    (void)index.active_builds_for_partition(ref);
    (void)index.build_request_for_available_partition(ref);
  }
  for (const std::string& run : small_world_runs()) (void)index.job_run_events(run, {});
  for (const BuildEvent& event : sound.events) (void)index.place_of(event.event_id);
  (void)index.events_in_range(2, 8, 5);
  (void)index.list(0, index.events(), {}, 100);
  (void)index.list(1, index.events(), {.partition_refs = small_world_refs()}, 3);
  (void)index.list_build_requests({}, std::nullopt);
  (void)index.list_recent_partitions({}, std::nullopt);
  (void)index.list_jobs({}, "");
  (void)index.activity();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Sound sound;
  std::vector<FileParts> files = sound.files;
  change(files, data, std::min<std::size_t>(size, 256));
  MemoryDisk disk;
  write(disk, files, sound.rows, static_cast<std::int64_t>(sound.events.size()));
  Metrics metrics;
  IndexLimits limits;
  limits.segments_max = size % 2 == 0 ? 2 : 8;  // with a merge, or without
  auto index = EventIndex::open(disk, k_folder, "t", metrics, limits).value();
  ask(*index, sound);
  (void)index->add(sound.events);
  ask(*index, sound);
  return 0;
}
