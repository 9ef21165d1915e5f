#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "lake/lake.h"

/// The slim facts (table `results` of a replica) laid out in other ways. Private to the proof.
///
/// All have the same rows and columns, in groups of 24,576 rows. A bucket is one of sixteen equal
/// ranges of fingerprint64, so that the bounds of a file alone rule it out, for every reader.
namespace bl::results::proof {

struct Variant {
  enum class Split : unsigned char {
    month,
    month_and_bucket,
  };
  std::string_view name;
  std::string_view what;  ///< for people
  Split split = Split::month;
  std::string_view order;   ///< SQL, of the rows in a file
  bool is_replica = false;  ///< the replica's own table: nothing is built
  bool in_catalog = false;  ///< else the files' footers are all that is known of them
};
std::span<const Variant> all_variants();

struct BuiltVariant {
  std::int64_t files_written = 0;  ///< of this call
  std::int64_t rows_written = 0;
};

/// Writes what is not there yet, a file at a time, from the newest snapshot of `results`; publishes
/// it. May be killed anywhere. `go_on` gets files done and all. Errors: cancelled, unsupported (a
/// lake that is not on a disk), those of lake and engine.
Result<BuiltVariant> build_variant(lake::Lake& lake, Disk& disk, IdSource& ids,
                                   const std::string& scratch, const Variant& variant,
                                   const std::function<bool(std::size_t, std::size_t)>& go_on);

/// As a query reads it. Errors: not_found (it was not built), those of lake and engine.
Result<lake::Snapshot> open_variant(lake::Lake& lake, const Variant& variant);

/// Where its files lie.
std::vector<std::string> paths_of(lake::Lake& lake, const lake::Snapshot& snapshot);

}  // namespace bl::results::proof
