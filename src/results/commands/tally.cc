#include "results/commands/tally.h"

#include <fmt/format.h>

namespace bl::results {
namespace {

std::string json_line(const SubmitOutcome& outcome) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("index", outcome.index).member("file", outcome.place);
  if (outcome.error) {
    writer.member("status", "failed").member("code", name_of(outcome.error->code));
    writer.member("error", outcome.error->message).key("errors").begin_array();
    for (const Fault& fault : outcome.error->faults) {
      writer.begin_object()
          .member("location", fault.path)
          .member("message", fault.message)
          .end_object();
    }
    writer.end_array();
  } else {
    writer.member("status", "stored").member("id", outcome.id).member("run_id", outcome.run_id);
    writer.member("history_fingerprint", outcome.history_fingerprint);
  }
  writer.end_object();
  return line;
}

}  // namespace

void Tally::add(const SubmitOutcome& outcome) {
  if (!outcome.error) {
    ++stored_;
    if (options_.print_stored) fmt::print(io_.out, "{}\n", json_line(outcome));
    return;
  }
  ++failed_;
  if (options_.print_stored) fmt::print(io_.out, "{}\n", json_line(outcome));
  if (failed_ <= static_cast<std::uint64_t>(options_.failures_shown_max)) {
    print_error(io_, Error(*outcome.error).with_context(outcome.place));
  }
}

void Tally::add_skipped(const std::vector<formats::Skipped>& skipped) {
  for (const formats::Skipped& entry : skipped) {
    ++skipped_;
    if (skipped_ <= static_cast<std::uint64_t>(options_.failures_shown_max)) {
      fmt::print(io_.err, "skipped {}: {}\n", entry.place, entry.reason);
    }
  }
}

std::string Tally::summary() const {
  return fmt::format("{} stored, {} failed, {} skipped", with_thousands(stored_),
                     with_thousands(failed_), with_thousands(skipped_));
}

}  // namespace bl::results
