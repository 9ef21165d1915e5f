#pragma once

#include <string_view>

#include "base/json.h"
#include "results/model.h"

/// Wire -> model. Every fault of a request is found in one pass, each with the JSON pointer of its
/// place.
namespace bl::results {

struct DecodeLimits {
  std::size_t samples_max = 1'000'000;  ///< in data, in times
  std::size_t tags_max = 256;
  std::size_t text_bytes_max = 64 << 10;     ///< one name, tag
  std::size_t key_bytes_max = 2'000;         ///< run_id, batch_id, run_reason: a B-tree holds them
  std::size_t document_bytes_max = 1 << 20;  ///< context, info, error, ... each, as canonical text
  std::size_t number_chars_max = 1'000;      ///< of a number's text; PostgreSQL keeps 16,383 digits
  std::size_t submission_key_chars_max = 255;  ///< Unicode code points
};

/// One submission of the new dialect (spec/results-conbench.md 2.2-2.7 [N]): JSON numbers or
/// numeric strings for numbers (real submitters send strings), unknown keys are faults, null is
/// allowed for optional fields. Beyond [N]: `github.commit_info` {timestamp, parent, message,
/// author_name, author_login, author_avatar, branch, fork_point_sha} lets the client say what it
/// knows of the commit; with a timestamp and neither branch, pr_number nor fork point the commit is
/// taken to be on the default branch. And `exemplars`: the traces that it names (exemplar.h).
/// Outcome (errored, partial, success), unit rewrite, aggregates are applied here [2.3]. Errors:
/// malformed (not JSON), invalid (with all faults).
Result<Submission> decode_submission(std::string_view body, const DecodeLimits& limits = {});
/// The same for a value that is parsed already.
Result<Submission> decode_submission(const json::Value& document, const DecodeLimits& limits = {});

}  // namespace bl::results
