#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/verdicts.h"
#include "verdict/online.h"
#include "verdict/segmentation.h"

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
  /// The history is cut anew at every result that the online detector does not find quiet, while a
  /// change is news, and when it has grown by about a sixteenth, at least by so many results; the
  /// cut stands until then.
  std::size_t cut_every = 16;
  std::size_t cut_always_below = 64;  ///< results of a series that is cut at each of them
};

struct JudgedSeries {
  SeriesVerdict verdict;
  std::vector<VerdictSegment> segments;
  std::vector<VerdictChange> changes;  ///< of the whole history, oldest first
  std::vector<VerdictDrift> drifts;
  std::vector<SaidVerdict> said;  ///< oldest first
};

/// A change that was said, by the places of its results among the points.
struct SaidChange {
  std::size_t newest = 0;  ///< at which it was said
  std::size_t first = 0;
  double change = 0, confidence = 0;  ///< relative; probability
  bool recovers = false, of_unit = false;
};

/// What was made of the first points of a series, so that the next judgement begins there: the
/// online detector as it is after them, what it said, and the newest cut of the history. Good for
/// one series and one set of rules; whether the points are still those that it has seen is told by
/// their digest. Empty at first. One thread.
struct WarmSeries {
  verdict::OnlineDetector detector;
  verdict::Decision newest;
  std::vector<SaidChange> said;
  std::size_t begin = 0, end = 0;  ///< the detector has seen the points from begin to before end
  std::uint64_t digest = 0;        ///< of the points before `end`
  std::size_t cut_end = 0;         ///< the history is to be cut at the points before it
  std::size_t history_end = 0;     ///< where `history` was cut
  std::optional<verdict::HistoryOfChanges> history;

  /// That it holds, about.
  std::size_t bytes() const;
};

/// `points` in the order of commits, values finite. `unit` says what is better. The online detector
/// is given every point in turn, as it would have been at the time; a change that it said holds
/// while the level since then is at least half of the way from the old one to the new. No point:
/// `unknown`. Cost: about 20 us a point.
JudgedSeries judge_points(std::span<const VerdictPoint> points,
                          const std::optional<std::string>& unit, const VerdictRules& rules = {});

/// The same, and nothing else is answered, from where `warm` ends when the points begin with those
/// that it has seen; from the start when they do not (a result that came late, changed or went
/// away, another annotation, a long history's next stretch). Leaves in `warm` what the next
/// judgement begins with. Gives whether it was warm. Cost of a warm one: about 25 us a new point,
/// 30 ns an old one, and now and then a cut of the history.
struct WarmJudgement {
  JudgedSeries judged;
  bool was_warm = false;
};
WarmJudgement judge_points(std::span<const VerdictPoint> points,
                           const std::optional<std::string>& unit, WarmSeries& warm,
                           const VerdictRules& rules = {});

/// The sentence of a verdict whose other fields are set. `newest`: nullptr when there is no point.
std::string sentence_of(const SeriesVerdict& verdict, const VerdictPoint* newest,
                        std::string_view unit);
/// The same of a commit.
std::string sentence_of(const CommitVerdict& verdict);

}  // namespace bl::results
