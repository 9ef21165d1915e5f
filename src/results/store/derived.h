#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "store/database.h"

/// What is kept beside the facts so that reading never scans them: the series, the clustered
/// history, the runs and the counters. One function adds a result to all of them; submitting,
/// repairing a commit and rebuilding use the same one.
namespace bl::results {

/// One stored result, as far as the derived tables need it. Texts are borrowed for the call.
struct DerivedFact {
  std::string_view result_id;
  std::int64_t result_no = 0;
  std::string_view run_id, repository, fingerprint;
  std::optional<std::string_view> batch_id, run_reason, unit;
  Timestamp timestamp;
  bool failed = false;
  std::optional<double> mean;                ///< as stored
  std::optional<double> best, summary_mean;  ///< the summary in either mode; absent when failed
  bool begins_change = false;
  std::string_view data, run_tags, change_annotations;  ///< JSON

  std::optional<std::string_view> commit_id;
  std::string_view commit_sha, commit_message;
  std::optional<Timestamp> commit_timestamp;
  bool on_default_branch = false;

  std::string_view context_id, info_id, hardware_name, hardware_hash, case_name;
  std::string_view case_tags;  ///< JSON object without name

  /// A point of the series' history [4.6].
  bool is_history_point() const {
    return !failed && best && summary_mean && unit && on_default_branch && commit_timestamp;
  }
};

/// The runs and series of some results: their numbers, 0 while they are not there.
struct DerivedRows {
  std::map<std::pair<std::string_view, std::string_view>, std::int64_t> runs;  ///< id, repository
  std::map<std::string_view, std::int64_t> series;                             ///< fingerprint
};

/// Asks for their numbers, by Connection::query_many_later. Locks the series.
Result<void> find_later(store::Connection& connection, DerivedRows& rows);

/// Adds results that are not there yet, in their order. Inside the transaction that stores them.
/// `rows` has all of their runs and series, after find_later() and Connection::wait(); then all
/// have a number. PostgreSQL: the statements of which nothing is asked go with COMMIT. Cost: a few
/// statements for each run among them, however many results they share.
Result<void> add_derived(store::Connection& connection, std::span<const DerivedFact> facts,
                         DerivedRows& rows);

/// The same, asking for the rows itself.
Result<void> add_derived(store::Connection& connection, std::span<const DerivedFact> facts);

/// The same for the series' rows alone, or for the runs' alone: to make one of them again from its
/// facts (store/remake.h).
Result<void> add_to_series(store::Connection& connection, std::span<const DerivedFact> facts);
Result<void> add_to_runs(store::Connection& connection, std::span<const DerivedFact> facts);

/// Makes stored results points of their series' histories, because their commit became known.
Result<void> add_history_points(store::Connection& connection, std::span<const DerivedFact> facts);

/// Adds to a counter of bl_counter. PostgreSQL keeps none: a row that every submission updates
/// would make them wait for each other.
Result<void> count(store::Connection& connection, std::string_view counter, std::int64_t by);

/// What the words of a search are looked up in: name and `key=value` of every tag, ASCII lower
/// case.
std::string search_text_of(std::string_view case_name, std::string_view case_tags);
/// ASCII only.
std::string lower_case(std::string_view text);
/// The blank-separated words of a search, in lower case; the first 16.
std::vector<std::string> search_words(std::string_view text);

}  // namespace bl::results
