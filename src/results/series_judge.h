#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/verdicts.h"

/// The points of a series -> its verdict, and what its picture shows. Pure; any thread.
namespace bl::results {

struct VerdictRules {
  std::size_t news_results = 24;  ///< a change that was said is spoken of for so many results
  std::size_t online_results_min = 2'048;    ///< of a long history the newest so many, at most
                                             ///< twice as many, are judged one by one
  std::size_t history_results_max = 20'000;  ///< the newest so many are cut into segments
  std::size_t said_max = 100;                ///< kept, the newest
  std::size_t changes_max = 500;             ///< kept, the newest; segments too
  int repeats_max = 10;                      ///< of wait
  double told_confidence = 0.85;             ///< an old change less probable is not spoken of
};

struct JudgedSeries {
  SeriesVerdict verdict;
  std::vector<VerdictSegment> segments;
  std::vector<VerdictChange> changes;  ///< of the whole history, oldest first
  std::vector<VerdictDrift> drifts;
  std::vector<SaidVerdict> said;  ///< oldest first
};

/// `points` in the order of commits, values finite. `unit` says what is better. The online detector
/// is given every point in turn, as it would have been at the time; a change that it said holds
/// while the level since then is at least half of the way from the old one to the new. No point:
/// `unknown`. Cost: about 20 us a point.
JudgedSeries judge_points(std::span<const VerdictPoint> points,
                          const std::optional<std::string>& unit, const VerdictRules& rules = {});

/// The sentence of a verdict whose other fields are set. `newest`: nullptr when there is no point.
std::string sentence_of(const SeriesVerdict& verdict, const VerdictPoint* newest,
                        std::string_view unit);
/// The same of a commit.
std::string sentence_of(const CommitVerdict& verdict);

}  // namespace bl::results
