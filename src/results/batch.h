#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/decode.h"
#include "results/ports.h"
#include "results/receipts.h"

/// Many submissions in one request: an array of them, or one a line (NDJSON). Each stands for
/// itself: the good ones are stored, the others are named with the reason.
namespace bl::results {

struct BatchLimits {
  std::size_t submissions_max = 20'000;
  std::size_t line_bytes_max = 16u << 20;  ///< of NDJSON
};

enum class BatchForm : unsigned char { array, lines };

/// One submission of a batch, or why it is none.
struct BatchEntry {
  std::size_t line = 0;  ///< of NDJSON, from 1; else 0
  Result<Submission> submission = Error{Code::internal, "not read"};
  ReceiptSubject subject;  ///< which one it is, also when it is none
};

/// Blank lines are passed over. Errors (nothing of the batch was read): malformed (an array that is
/// no JSON), invalid (no array), too_large (too many submissions).
Result<std::vector<BatchEntry>> decode_batch(std::string_view body, BatchForm form,
                                             const BatchLimits& limits = {});

/// Stores what can be stored. The outcomes are in the order of the entries.
std::vector<Result<Submitted>> submit_batch(ResultWriter& writer, std::span<BatchEntry> entries,
                                            const Submitter& submitter = {});

/// The error that is every entry's and the store's, not theirs: then the whole request failed, and
/// may be sent again as it is. nullopt when anything was stored or refused for its own sake.
std::optional<Error> error_of_all(std::span<const Result<Submitted>> outcomes);

/// `{"stored","replayed","failed","results":[{"index","line"?,"status", "id","run_id",
/// "history_fingerprint" | "error":problem}]}`; `stored` counts what is new.
std::string encode_batch(std::span<const BatchEntry> entries,
                         std::span<const Result<Submitted>> outcomes);

}  // namespace bl::results
