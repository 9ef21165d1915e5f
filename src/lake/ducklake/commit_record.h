#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/catalog.h"

/// What a commit keeps of itself, as JSON, in the extra info of its snapshot. Pure. Private to this
/// folder. Format: docs/formats/lake.md.
namespace bl::lake {

struct CommitRecord {
  std::string id;
  std::string table;
  std::string what;
  std::int64_t before = 0;  ///< the snapshot that changed the table before this one; 0: none
  Watermarks watermarks;    ///< of all journals
  std::string note;         ///< JSON, or empty
};

std::string to_text(const CommitRecord& record);
/// How to_text() begins for a commit of that id: by it one is found.
std::string start_of_text(std::string_view id);
/// Errors: corrupt.
Result<CommitRecord> commit_record(std::string_view text);

/// Is it 1 to 200 letters, digits and `-_.:`?
bool is_commit_id(std::string_view id);

/// The properties of a table, as its comment: a JSON object of texts.
std::string properties_text(const std::map<std::string, std::string>& properties);
/// Errors: corrupt.
Result<std::map<std::string, std::string>> properties_of(std::string_view text);

}  // namespace bl::lake
