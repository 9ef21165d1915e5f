#include "events/delta/places.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/numbers.h"

namespace bl::events::delta {
namespace {

using FilePtr = std::shared_ptr<const lake::DeltaFile>;

std::optional<std::int64_t> tagged_place(const lake::DeltaFile& file) {
  const auto tag = file.tags.find(k_place_tag);
  if (tag == file.tags.end()) return std::nullopt;
  const auto place = parse_int64(tag->second);
  return place && *place >= 0 ? place : std::nullopt;
}

}  // namespace

Result<Places> places_of(
    const lake::DeltaFiles& files,
    const std::function<Result<std::int64_t>(const lake::DeltaFile& file)>& rows) {
  std::vector<std::pair<std::int64_t, FilePtr>> tagged;
  std::vector<FilePtr> others;
  for (const auto& file : files) {
    if (const auto place = tagged_place(*file)) {
      tagged.emplace_back(*place, file);
    } else {
      others.push_back(file);
    }
  }
  std::stable_sort(tagged.begin(), tagged.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Places places;
  const auto put = [&](const FilePtr& file) -> Result<void> {
    BL_TRY(const std::int64_t count, rows(*file));
    places.files.push_back({file, places.events(), count});
    return {};
  };
  std::size_t next_tagged = 0, next_other = 0;
  while (next_tagged < tagged.size() || next_other < others.size()) {
    const bool tag_is_next =
        next_tagged < tagged.size() &&
        (next_other == others.size() || tagged[next_tagged].first <= places.events());
    BL_RETURN_IF_ERROR(put(tag_is_next ? tagged[next_tagged++].second : others[next_other++]));
  }
  return places;
}

bool continues(const Places& before, const Places& after, std::int64_t events) {
  if (before.events() < events || after.events() < events) return false;
  std::unordered_map<std::string_view, std::int64_t> known;
  for (const PlacedFile& file : before.files) known.emplace(file.file->path, file.place);
  return std::all_of(after.files.begin(), after.files.end(), [&](const PlacedFile& file) {
    if (file.place >= events) return true;
    const auto was = known.find(file.file->path);
    if (was != known.end()) return was->second == file.place;
    return tagged_place(*file.file) == file.place;
  });
}

Run next_run(const Places& places, const CompactionLimits& limits) {
  for (std::uint64_t tier = limits.first_tier_bytes;; tier *= 8) {
    const std::uint64_t small = std::min(tier, limits.bytes_max / 2);
    Run run;
    std::uint64_t bytes = 0;
    std::int64_t rows = 0;
    const auto is_done = [&] { return run.count >= std::max<std::size_t>(limits.files_min, 2); };
    for (std::size_t i = 0; i < places.files.size(); ++i) {
      const PlacedFile& one = places.files[i];
      const bool is_small = one.file->size < small && one.rows < limits.rows_max / 2;
      const bool fits =
          bytes + one.file->size <= limits.bytes_max && rows + one.rows <= limits.rows_max;
      if (!is_small || (run.count > 0 && !fits)) {
        if (is_done()) return run;
        run = {is_small ? i : i + 1, 0};
        bytes = 0;
        rows = 0;
        if (!is_small) continue;
      }
      ++run.count;
      bytes += one.file->size;
      rows += one.rows;
    }
    if (is_done()) return run;
    if (small == limits.bytes_max / 2) return {};
  }
}

}  // namespace bl::events::delta
