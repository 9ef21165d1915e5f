#pragma once

#include <string>

#include "advice/model.h"
#include "advice/ports.h"

/// Comments for programs: the shapes of openapi_advice.yaml. Pure.
namespace bl::advice {

/// Schema `AdviceComment`.
std::string encode_comment(const Comment& comment);

/// What became of a comment on its forge.
struct PostedComment {
  Forge::Posted comment;
  std::optional<std::string> check_url;
};
/// Schema `AdvicePosted`.
std::string encode_posted(const PostedComment& posted);

}  // namespace bl::advice
