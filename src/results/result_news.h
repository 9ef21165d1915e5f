#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

/// Which commits got results lately, from the change log.
namespace bl::results {

struct CommitWithNews {
  std::string repository, sha;
};

struct ResultNews {
  std::int64_t mark = 0;                ///< the newest change; ask with it for what comes after
  std::vector<CommitWithNews> commits;  ///< each once
};

/// Commits off the default branch, or of which it is not known, whose results were added behind the
/// mark; none: among the newest thousand changes. Errors: those of the store. Cost: one statement
/// where nothing came, else those changes.
Result<ResultNews> result_news(store::Database& database, std::optional<std::int64_t> mark);

}  // namespace bl::results
