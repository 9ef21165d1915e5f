#include "lake/ducklake/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "lake/ducklake/commit_record.h"
#include "objects/key.h"

namespace bl::lake {
namespace {

bool is_table_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Result<void> check_what(std::string_view what) {
  const bool is_word = !what.empty() && what.size() <= 63 && std::ranges::all_of(what, [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  });
  if (is_word) return {};
  return Error{Code::invalid, "what a commit does is one word: " + objects::quoted(what)};
}

}  // namespace

Result<void> check_name(std::string_view name) {
  if (is_table_name(name)) return {};
  return Error{
      Code::invalid,
      "a table's name is a letter, then letters, digits and _, in lower case, at most 63: " +
          objects::quoted(name)};
}

Result<void> check_properties(const std::map<std::string, std::string>& properties,
                              std::size_t bytes_max) {
  const std::size_t bytes = properties_text(properties).size();
  if (bytes <= bytes_max) return {};
  return Error{Code::too_large,
               fmt::format("a table's properties take at most {} bytes: {}", bytes_max, bytes)};
}

Result<void> check_commit(const Commit& commit, const std::string& folder,
                          const CatalogLimits& limits) {
  if (!is_commit_id(commit.id)) {
    return Error{Code::invalid, "a commit's id is 1 to 200 letters, digits and -_.: " +
                                    objects::quoted(commit.id)};
  }
  BL_RETURN_IF_ERROR(check_what(commit.what));
  if (commit.note.size() > limits.note_bytes_max) {
    return Error{Code::too_large, fmt::format("a commit's note takes at most {} bytes: {}",
                                              limits.note_bytes_max, commit.note.size())};
  }
  if (!commit.note.empty() && !json::parse(commit.note).ok()) {
    return Error{Code::invalid, "a commit's note is JSON: " + objects::quoted(commit.note)};
  }
  for (const DataFile& file : commit.added) {
    BL_RETURN_IF_ERROR(objects::check_key(file.key));
    if (!file.key.starts_with(folder)) {
      return Error{Code::invalid,
                   fmt::format("a file of this table has a key that begins with {}: {}", folder,
                               objects::quoted(file.key))};
    }
    if (file.rows <= 0) {
      return Error{Code::invalid, "a file without rows: " + objects::quoted(file.key)};
    }
  }
  return {};
}

}  // namespace bl::lake
