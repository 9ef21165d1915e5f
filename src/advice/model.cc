#include "advice/model.h"

#include "advice/ports.h"
#include "base/uri.h"

namespace bl::advice {

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::slower:
      return "slower";
    case Kind::failed:
      return "failed";
    case Kind::unsure:
      return "unsure";
    case Kind::faster:
      return "faster";
  }
  BL_CHECK(false);
}

const char* name_of(Status status) {
  switch (status) {
    case Status::slower:
      return "slower";
    case Status::failed:
      return "failed";
    case Status::unsure:
      return "unsure";
    case Status::faster:
      return "faster";
    case Status::steady:
      return "steady";
    case Status::unknown:
      return "unknown";
  }
  BL_CHECK(false);
}

const char* name_of(Unknown::Code code) {
  switch (code) {
    case Unknown::Code::no_results:
      return "no_results";
    case Unknown::Code::no_baseline:
      return "no_baseline";
    case Unknown::Code::runs_missing:
      return "runs_missing";
    case Unknown::Code::commit_unknown:
      return "commit_unknown";
    case Unknown::Code::too_little_history:
      return "too_little_history";
    case Unknown::Code::not_comparable:
      return "not_comparable";
    case Unknown::Code::build_failed:
      return "build_failed";
    case Unknown::Code::no_traces:
      return "no_traces";
    case Unknown::Code::traces_gone:
      return "traces_gone";
    case Unknown::Code::verdicts_off:
      return "verdicts_off";
    case Unknown::Code::facts_failed:
      return "facts_failed";
  }
  BL_CHECK(false);
}

const char* name_of(Forge::Outcome outcome) {
  switch (outcome) {
    case Forge::Outcome::created:
      return "created";
    case Forge::Outcome::updated:
      return "updated";
    case Forge::Outcome::unchanged:
      return "unchanged";
    case Forge::Outcome::no_pull_request:
      return "no_pull_request";
  }
  BL_CHECK(false);
}

std::string series_url_of(const Finding& finding) {
  return "/series/" + percent_encode(finding.fingerprint);
}

std::optional<std::string> compare_url_of(const Finding& finding) {
  if (!finding.baseline_result_id) return std::nullopt;
  return "/compare?baseline=" + percent_encode(*finding.baseline_result_id) +
         "&contender=" + percent_encode(finding.result_id);
}

std::string page_url_of(const Comment& comment) {
  std::string url = "/comment?repository=" + percent_encode(comment.repository) +
                    "&sha=" + percent_encode(comment.sha);
  if (comment.base_sha) url += "&base=" + percent_encode(*comment.base_sha);
  return url;
}

}  // namespace bl::advice
