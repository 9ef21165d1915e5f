#include "results/commits/commit_json.h"

#include "base/optional_time.h"

namespace bl::results {

void write_what_was_committed(json::Writer& out, const Commit& commit) {
  out.member("message", commit.message)
      .member("author_name", commit.author_name)
      .member("author_login", commit.author_login)
      .member("author_avatar", commit.author_avatar)
      .member("timestamp", to_rfc3339(commit.timestamp));
}

}  // namespace bl::results
