#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "duck/value.h"
#include "engine/engine.h"
#include "lake/lake.h"

/// The families of questions of the proof (spec/lake-ducklake.md 4) as SQL over the slim facts, and
/// what to ask about. Private to the proof.
namespace bl::results::proof {

struct SeriesKey {
  std::int64_t key = 0;
  std::string fingerprint;
};
struct RunPairKey {
  std::string baseline, contender;  ///< run ids of one repository, one after the other
  Timestamp begin, end;             ///< of the results of both
};
struct RepositoryKey {
  std::int64_t number = 0;
  std::string repository;
};

/// Drawn from a replica's tables; a question takes the i-th, and begins anew at the end.
struct Samples {
  std::vector<SeriesKey> series;            ///< the longest
  std::vector<RunPairKey> pairs;            ///< the newest
  std::vector<RepositoryKey> repositories;  ///< those of the runs
  Timestamp newest;                         ///< result
};
/// Errors: not_found (no results), those of lake and engine. Cost: one scan of the fingerprints.
Result<Samples> draw_samples(lake::Lake& lake);

struct Family {
  std::string_view name;
  std::string_view what;  ///< for people
  enum class Kind : unsigned char {
    broad,     ///< must be much faster than the store
    targeted,  ///< must not be slower
  };
  Kind kind = Kind::broad;
};
std::span<const Family> all_families();

/// The i-th question of a family: SQL over `results` of that snapshot.
engine::Query question_of(const Family& family, const Samples& samples, std::size_t i,
                          const lake::Snapshot& snapshot);

}  // namespace bl::results::proof
