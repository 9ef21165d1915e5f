// What errors are called for clients (spec 2.7).
#include <algorithm>
#include <array>

#include "bigquery/jobs.h"

namespace bl::bigquery {
namespace {

struct Reason {
  std::string_view name;
  int status;
};
constexpr std::array k_reasons = {
    Reason{"accessDenied", 403},      Reason{"backendError", 503},
    Reason{"badRequest", 400},        Reason{"duplicate", 409},
    Reason{"internalError", 500},     Reason{"invalid", 400},
    Reason{"invalidQuery", 400},      Reason{"notFound", 404},
    Reason{"notImplemented", 501},    Reason{"quotaExceeded", 403},
    Reason{"rateLimitExceeded", 403}, Reason{"resourceInUse", 400},
    Reason{"resourcesExceeded", 400}, Reason{"responseTooLarge", 403},
    Reason{"stopped", 400},           Reason{"timeout", 400},
};

/// The engine's words.
bool is_out_of_memory(std::string_view message) {
  return std::ranges::any_of(
      std::array<std::string_view, 4>{"Out of Memory", "max_temp_directory_size",
                                      "could not allocate", "failed to pin"},
      [&](std::string_view words) { return message.find(words) != std::string_view::npos; });
}

std::string_view reason_of(const Error& error, std::string_view invalid) {
  switch (error.code) {
    case Code::malformed:
    case Code::invalid:
    case Code::method_not_allowed:
    case Code::unsupported_media:
      return invalid;
    // A statement or a file that we do not take is the asker's: a 501 would be asked again.
    case Code::unsupported:
      return invalid;
    case Code::unauthenticated:
    case Code::forbidden:
      return "accessDenied";
    case Code::not_found:
      return "notFound";
    case Code::conflict:
      return error.message.starts_with("Already Exists") ? "duplicate" : "invalid";
    case Code::too_large:
      return error.message.starts_with("Response too large") ? "responseTooLarge"
                                                             : "resourcesExceeded";
    case Code::too_many:
      return "rateLimitExceeded";
    case Code::overloaded:
      // Places come free; the memory of a query that needs more than it may have does not.
      return is_out_of_memory(error.message) ? "resourcesExceeded" : "rateLimitExceeded";
    case Code::cancelled:
      return "stopped";
    case Code::timeout:
      return "timeout";
    case Code::unavailable:
    case Code::disk_full:
    case Code::outcome_unknown:
      return "backendError";
    case Code::internal:
    case Code::io:
    case Code::corrupt:
      return "internalError";
  }
  return "internalError";
}

}  // namespace

JobError job_error(const Error& error, std::string_view invalid) {
  JobError made{std::string(reason_of(error, invalid)), error.message, ""};
  if (error.code == Code::cancelled) {
    made.message = "Job execution was cancelled: User requested cancellation";
  }
  if (made.reason == "invalidQuery") made.location = "query";
  return made;
}

int http_status(const JobError& error) {
  for (const Reason& reason : k_reasons) {
    if (reason.name == error.reason) return reason.status;
  }
  return 400;
}

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::pending:
      return "PENDING";
    case JobState::running:
      return "RUNNING";
    case JobState::done:
      break;
  }
  return "DONE";
}

std::optional<JobState> job_state_named(std::string_view name) {
  for (const JobState state : {JobState::pending, JobState::running, JobState::done}) {
    if (name_of(state) == name) return state;
  }
  return std::nullopt;
}

}  // namespace bl::bigquery
