#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "results/ports.h"
#include "results/read_modes.h"
#include "results/readers.h"

/// One call of a reader port as data: to be asked of the other side later, kept, and asked again.
/// Private to the routing of reads.
namespace bl::results::reads {

struct Question {
  ReadPort port = ReadPort::history;
  std::string method;              ///< of the port: `history`, `results`, ...
  std::vector<std::string> texts;  ///< its arguments that are texts, in their order
  int count = 0;                   ///< of recent_runs, search
  ResultFilter results;            ///< of results, whole_results
  SeriesFilter series;             ///< of series
};

std::string text_of(const Question& question);
/// What text_of made. Errors: malformed, corrupt.
Result<Question> parse_question(std::string_view text);

/// What a question is about, as far as one can tell from it: changes of these may change the
/// answer. Nothing set: it is about everything.
struct Subject {
  std::optional<std::string> fingerprint, run_id, batch_id;
  std::vector<std::string> result_ids;
  bool is_everything() const { return !fingerprint && !run_id && !batch_id && result_ids.empty(); }
};
Subject subject_of(const Question& question);

/// The whole answer as JSON, or what a client is told instead (`{"error":"not_found",...}`): equal
/// texts are equal answers. Errors: those that say nothing of the answer (io, timeout, ...).
Result<std::string> answer_of(const Question& question, const Readers& readers);

/// Whether an error is an answer: the same question gets it again.
bool is_answer(const Error& error);

}  // namespace bl::results::reads
