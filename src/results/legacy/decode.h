#pragma once

#include <string_view>
#include <vector>

#include "results/decode.h"

/// Submissions of Conbench's legacy dialect -> model. This side knows the wire only: which fields
/// must be there, what may stand for a number, and the words of a refusal
/// (spec/results-conbench.md 2.1-2.9). The rules of results (outcome, aggregates, tags, hardware,
/// commits, limits) are decode.h's, which reads the document afterwards.
namespace bl::results {

/// One submission. Unlike the new dialect: `batch_id`, `stats.unit` and all of `machine_info` are
/// required, null is refused but where real clients send it, times may be naive, and
/// `submission_key` is unknown. Beyond the legacy server: `run_reason`, `run_name`,
/// `optional_benchmark_info`, `validation` and `change_annotations` may be null, and repositories
/// need not be GitHub's.
///
/// Errors:
/// - malformed: no JSON;
/// - invalid with faults: the fields are wrong. A fault's path is its place, `_schema` stands for
///   what concerns several fields, its message is what the legacy server says;
/// - invalid without faults: a business rule is broken; the message is what the legacy server says.
Result<Submission> decode_legacy_submission(std::string_view body, const DecodeLimits& limits = {});

/// The names and indexes of a fault's path (a JSON pointer).
std::vector<std::string> legacy_place(std::string_view path);

}  // namespace bl::results
