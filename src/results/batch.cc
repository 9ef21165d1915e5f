#include "results/batch.h"

#include <fmt/format.h>

#include "base/json.h"
#include "net/http.h"

namespace bl::results {
namespace {

Error too_many(std::size_t max) {
  return Error{Code::too_large, fmt::format("a batch has at most {} submissions", max)};
}

BatchEntry entry_of(std::size_t line, Result<Submission> submission) {
  BatchEntry entry;
  entry.line = line;
  if (submission.ok()) entry.subject = {submission->submission_key, submission->result.run_id};
  entry.submission = std::move(submission);
  return entry;
}

Result<std::vector<BatchEntry>> decode_array(std::string_view body, const BatchLimits& limits) {
  BL_TRY(const json::Value document, json::parse(body));
  if (!document.is_array()) {
    return Error{Code::invalid, "a batch is an array of submissions, or one a line as NDJSON"};
  }
  if (document.items().size() > limits.submissions_max) return too_many(limits.submissions_max);
  std::vector<BatchEntry> entries;
  entries.reserve(document.items().size());
  for (const json::Value& item : document.items()) {
    entries.push_back(entry_of(0, decode_submission(item)));
    if (!entries.back().submission.ok()) entries.back().subject = receipt_subject(item);
  }
  return entries;
}

Result<Submission> decode_line(std::string_view line, const BatchLimits& limits) {
  if (line.size() > limits.line_bytes_max) {
    return Error{Code::too_large, fmt::format("a line has at most {} bytes, this one has: {}",
                                              limits.line_bytes_max, line.size())};
  }
  return decode_submission(line);
}

Result<std::vector<BatchEntry>> decode_lines(std::string_view body, const BatchLimits& limits) {
  std::vector<BatchEntry> entries;
  std::size_t number = 0;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (entries.size() == limits.submissions_max) return too_many(limits.submissions_max);
    entries.push_back(entry_of(number, decode_line(line, limits)));
    const auto& submission = entries.back().submission;
    if (!submission.ok() && submission.error().code != Code::too_large) {
      entries.back().subject = receipt_subject(line);
    }
  }
  return entries;
}

}  // namespace

Result<std::vector<BatchEntry>> decode_batch(std::string_view body, BatchForm form,
                                             const BatchLimits& limits) {
  return form == BatchForm::array ? decode_array(body, limits) : decode_lines(body, limits);
}

std::vector<Result<Submitted>> submit_batch(ResultWriter& writer, std::span<BatchEntry> entries,
                                            const Submitter& submitter) {
  std::vector<Submission> submissions;
  submissions.reserve(entries.size());
  for (BatchEntry& entry : entries) {
    if (!entry.submission.ok()) continue;
    submissions.push_back(std::move(entry.submission).value());
    submissions.back().submitter = submitter;
  }
  auto stored = writer.submit_many(submissions);
  std::vector<Result<Submitted>> outcomes;
  outcomes.reserve(entries.size());
  std::size_t next = 0;
  for (const BatchEntry& entry : entries) {
    if (entry.submission.ok()) {
      outcomes.push_back(std::move(stored[next++]));
    } else {
      outcomes.push_back(entry.submission.error());
    }
  }
  return outcomes;
}

std::optional<Error> error_of_all(std::span<const Result<Submitted>> outcomes) {
  if (outcomes.empty()) return std::nullopt;
  for (const auto& outcome : outcomes) {
    if (outcome.ok() || net::http_status(outcome.error().code) < 500) return std::nullopt;
  }
  // Where the fate of one is unknown, that is what there is to say of all.
  for (const auto& outcome : outcomes) {
    if (outcome.error().code == Code::outcome_unknown) return outcome.error();
  }
  return outcomes.front().error();
}

std::string encode_batch(std::span<const BatchEntry> entries,
                         std::span<const Result<Submitted>> outcomes) {
  std::int64_t stored = 0;
  std::int64_t replayed = 0;
  for (const auto& outcome : outcomes) {
    if (outcome.ok()) ++(outcome->replayed ? replayed : stored);
  }
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .member("stored", stored)
      .member("replayed", replayed)
      .member("failed", static_cast<std::int64_t>(outcomes.size()) - stored - replayed)
      .key("results")
      .begin_array();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    writer.begin_object().member("index", static_cast<std::int64_t>(i));
    if (entries[i].line > 0) writer.member("line", static_cast<std::int64_t>(entries[i].line));
    if (outcomes[i].ok()) {
      writer.member("status", 201)
          .member("id", outcomes[i]->id)
          .member("run_id", outcomes[i]->run_id)
          .member("history_fingerprint", outcomes[i]->history_fingerprint);
    } else {
      const Error& error = outcomes[i].error();
      writer.member("status", net::http_status(error.code))
          .key("error")
          .raw(net::problem(error, "").body);
    }
    writer.end_object();
  }
  writer.end_array().end_object();
  return body;
}

}  // namespace bl::results
