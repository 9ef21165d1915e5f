#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "formats/formats.h"

/// What a reader knows of one result, before the caller's Facts are laid over it.
namespace bl::formats {

struct Draft {
  std::string name;
  json::Value tags = json::Value::object();  ///< without name
  json::Value context = json::Value::object();
  json::Value info = json::Value::object();
  json::Value stats;                    ///< null, or the stats object
  json::Value error;                    ///< null, or the error object
  json::Value machine;                  ///< null, or what the file says of the machine
  json::Value optional_benchmark_info;  ///< null when there is none
  std::optional<std::string> run_id, batch_id, repository, commit, submission_key;
  json::Value commit_info;
  std::optional<Timestamp> timestamp;
};

/// The submission: Facts that override, then the draft, then Facts that fill. Members that nobody
/// knows are left out, so that the server names them.
json::Value to_submission(Draft draft, const Facts& facts);

/// The facts that are laid over a submission that is complete already (Conbench files): run,
/// commit, tags, context.
void override_submission(json::Value& submission, const Facts& facts);

/// One batch of a run holds what one benchmark measured with all its parameters.
std::string batch_of(const std::string& run_id, const std::string& name);

/// The text at the key; empty when there is none.
std::string text_at(const json::Value& object, const char* key);
/// The number at the key; nullptr when there is none.
const json::Value* number_at(const json::Value& object, const char* key);
/// {"message": text}: what went wrong, as the stores keep it.
json::Value error_object(std::string message);

/// Parses what tools that print NaN, Infinity and -Infinity as bare words write: outside of strings
/// these become the strings "NaN", "Infinity" and "-Infinity". Errors: as json::parse.
Result<json::Value> parse_with_nonfinite(std::string_view bytes);

/// Adds `place: ` to the error's sentence and to its faults' paths.
Error at_place(Error error, const std::string& place);

}  // namespace bl::formats
