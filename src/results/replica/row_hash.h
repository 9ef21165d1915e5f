#pragma once

#include <cstdint>
#include <vector>

#include "columns/batch.h"

/// What a row of a table of the replica comes to in 64 bits, on whichever side it was read. Private
/// to the replica.
namespace bl::results::replica {

/// XXH3 of each row's canonical bytes (docs/formats/replica.md): of each column in the schema's
/// order a 0 for null, else a 1 and the value: whole numbers, instants and the bits of floating
/// numbers in eight bytes, truth in one, texts behind their length in four; all little-endian.
/// Errors: invalid (a type that no table of the replica has).
Result<std::vector<std::uint64_t>> row_hashes(const columns::Batch& batch);

/// What many rows come to, in any order: equal sums of equal counts are equal rows, but for one
/// chance in 2^64. The sum sees what the exclusive or does not (a row that came twice more), and
/// the other way round.
struct RowSum {
  std::int64_t count = 0;
  std::uint64_t exclusive_or = 0;
  unsigned __int128 sum = 0;

  void add(std::uint64_t hash) {
    ++count;
    exclusive_or ^= hash;
    sum += hash;
  }
  bool operator==(const RowSum&) const = default;
};

}  // namespace bl::results::replica
