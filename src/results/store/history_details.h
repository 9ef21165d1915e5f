#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text_arena.h"

/// What a point of a history shows and no statistic needs, as SQLite keeps it: in few bytes,
/// because what a submission costs there is counted in pages, and a point is most of them. Hex is
/// kept as bytes, samples as doubles, and what follows from the commit not at all; whatever would
/// not come back letter for letter is kept as the text that it is. Format: docs/formats/history.md.
namespace bl::results {

/// Texts are views: of the caller's, or into the arena that they were read into.
struct PointDetails {
  std::string_view unit, run_id, commit_message;
  std::string_view result_id, commit_sha, info_id;
  std::string_view data, run_tags, change_annotations;  ///< JSON
  bool operator==(const PointDetails&) const = default;
};

/// Cost: under a microsecond.
std::string pack_details(const PointDetails& details);

/// Exactly what was packed. Errors: corrupt.
Result<PointDetails> unpack_details(std::string_view packed, TextArena& texts);

/// Of a packed text, a view into it. Cost: nothing to speak of. Errors: corrupt.
Result<std::string_view> unit_of_details(std::string_view packed);

}  // namespace bl::results
