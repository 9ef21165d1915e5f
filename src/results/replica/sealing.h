#pragma once

#include <cstdint>
#include <optional>

#include "results/replica/lake_rows.h"

/// Years that change no more: their months become files by fingerprint, so that a history of many
/// years opens one file of each. Private to the replica.
namespace bl::results::replica {

struct SealLimits {
  std::int64_t rows_per_file = 500'000;  ///< of `results`; as many files of their samples
  int files_max = 16;                    ///< of a year; a power of two
  /// A sealed year is made again when so many of its rows lie outside, of a hundred: late ones.
  std::int64_t late_percent = 10;
};

/// Seals one year before `year` of a table that is by months, in one commit: its months' files go,
/// and one for each range of fingerprints comes, named `2021-b03`. Gives the year, nullopt when
/// none is to be done. What reads and puts rows finds them by their statistics, wherever they lie.
/// Errors: not_found (compaction took a file meanwhile; the next call goes on), those of the lake.
/// Cost: reads the year once for each file that comes.
Result<std::optional<std::int64_t>> seal_one_year(lake::Lake& lake, const Shape& shape,
                                                  std::int64_t year, const SealLimits& limits);

}  // namespace bl::results::replica
