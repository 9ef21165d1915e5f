#pragma once

#include <cstddef>
#include <string>

#include "advice/model.h"

/// The comment as it stands under a pull request (GitHub's and GitLab's Markdown). Every text of
/// results and commits is escaped: none becomes markup, a link or a mention. Pure.
namespace bl::advice {

struct CommentStyle {
  std::string base_url;            ///< links are made absolute with it; empty: no links
  std::size_t findings_max = 20;   ///< shown; the rest is counted
  std::size_t bytes_max = 60'000;  ///< GitHub takes 65,535 characters; cut at a line
};

std::string to_markdown(const Comment& comment, const CommentStyle& style = {});

}  // namespace bl::advice
