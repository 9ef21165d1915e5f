#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

/// Series of results whose noise is real: what quiet pull requests are made of.
namespace bl::app {

struct NoisySeries {
  std::string id;
  std::string source;  ///< the benchmark whose noise it is; several series may share one
  bool less_is_better = true;
  std::vector<double> values;  ///< NaN where nothing was measured
  std::vector<std::uint32_t> machines;
  std::vector<std::size_t> quiet;  ///< places where a pull request's first own run may be
};

/// Results that come before a pull request, at least.
inline constexpr std::size_t k_history_min = 30;

/// The series of the accuracy benchmark ($BENCHLAKE_SHARED/accuracy). Quiet: not near a labelled
/// change, own runs and history of one machine. Errors: those of reading the files.
Result<std::vector<NoisySeries>> noisy_series(const std::string& folder, std::size_t own_runs_max);

/// One half of them. The thresholds of a comment are chosen by the first and measured on the
/// second; series of one source are in the same half, by the source's hash.
enum class Half : unsigned char { to_choose_by, held_out };
std::vector<NoisySeries> half_of(const std::vector<NoisySeries>& series, Half half);

/// The raw history of an asv suite (the folder of its result files): one series a benchmark, all of
/// the same length, a place for each commit. Nobody labelled it, so all places may be asked about,
/// and what is told of one is compared with the results that came after (PullRequests::together).
/// Errors: those of reading the files.
Result<std::vector<NoisySeries>> asv_series(const std::string& folder, std::size_t own_runs_max);

}  // namespace bl::app
