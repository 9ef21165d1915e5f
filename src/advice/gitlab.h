#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "advice/ports.h"

/// The forge port over GitLab's REST API (v4): a note on the merge request, a status of the commit.
namespace bl::advice {

struct GitLabOptions {
  std::string api = "https://gitlab.com/api/v4";  ///< no trailing slash
  std::string project;                        ///< `group/project`, the number of one, or its URL
  std::string token;                          ///< secret: in no error. Scope `api`
  std::chrono::milliseconds timeout{10'000};  ///< of one request
  std::string status_name = "benchlake";
};

/// Errors: invalid (no token, no project). Threads: one at a time.
Result<std::unique_ptr<Forge>> make_gitlab(GitLabOptions options);

/// What our comments and checks begin with, or are called by, on every forge.
inline constexpr std::string_view k_comment_marker = "comment";

}  // namespace bl::advice
