#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/delta_model.h"

/// Which place of the log each row of the table has. A log's order is that of its files as they
/// came in, and of the rows within. A file that was made of others (compaction) comes in later and
/// belongs where those stood: its tag says so. Pure.
namespace bl::events::delta {

/// The place of a compacted file's first row, among its `tags`.
inline constexpr const char* k_place_tag = "bel.place";

/// A file of the table, and the places of its rows: [place, place + rows).
struct PlacedFile {
  std::shared_ptr<const lake::DeltaFile> file;
  std::int64_t place = 0;
  std::int64_t rows = 0;
  std::int64_t end() const { return place + rows; }
};

/// All files of a version, by place, without gaps.
struct Places {
  std::vector<PlacedFile> files;
  std::int64_t events() const { return files.empty() ? 0 : files.back().end(); }
};

/// Files with a tag go to their place, those without fill the room between, in the order in which
/// they came. Where that does not come out even (another program rewrote files), places are counted
/// through in the same order; equal logs give equal places. Errors: those of `rows`.
Result<Places> places_of(
    const lake::DeltaFiles& files,
    const std::function<Result<std::int64_t>(const lake::DeltaFile& file)>& rows);

/// Whether the first `events` rows are the same in both, by their order: each file in front of that
/// is there with its place, or was made from such ones by ourselves.
bool continues(const Places& before, const Places& after, std::int64_t events);

/// Files beside each other that are to become one: [first, first + count) of Places::files.
struct Run {
  std::size_t first = 0, count = 0;
};
struct CompactionLimits {
  std::uint64_t bytes_max = 128u << 20;      ///< of a compacted file, nearly
  std::int64_t rows_max = 1'000'000;         ///< likewise
  std::size_t files_min = 8;                 ///< of one tier, before they become one
  std::uint64_t first_tier_bytes = 1 << 18;  ///< a file of the next tier has eight times as many
};
/// What is worth to be compacted next; `count` 0: nothing. Small files first. Hence the files of a
/// table are at most some tens and one for each rows_max. `files_min` 2: all that can be.
Run next_run(const Places& places, const CompactionLimits& limits);

}  // namespace bl::events::delta
