#pragma once

#include <string>

#include "base/command_line.h"
#include "base/terminal.h"
#include "formats/formats.h"
#include "results/commands/submitter.h"

/// Counts and shows what became of the documents of one `submit` or `demo`.
namespace bl::results {

struct TallyOptions {
  bool print_stored = true;     ///< one JSON line per stored result on stdout
  int failures_shown_max = 20;  ///< the rest is counted
};

class Tally {
 public:
  Tally(CommandIo& io, TallyOptions options) : io_(io), options_(options) {}
  /// One call at a time.
  void add(const SubmitOutcome& outcome);
  void add_skipped(const std::vector<formats::Skipped>& skipped);
  std::uint64_t stored() const { return stored_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t skipped() const { return skipped_; }
  /// "53,658 stored, 0 failed, 0 skipped".
  std::string summary() const;

 private:
  CommandIo& io_;
  const TallyOptions options_;
  std::uint64_t stored_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace bl::results
