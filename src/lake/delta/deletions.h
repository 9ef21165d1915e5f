#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/delta_model.h"

/// Deletion vectors: which rows of a file are deleted (the Delta protocol, "Deletion Vector
/// Format"; Roaring's portable format). Pure.
namespace bl::lake::delta {

/// Where the bytes lie: a path below the table, or nowhere (they are in the text itself). Errors:
/// corrupt, unsupported (a place outside the table's folder).
Result<std::string> deletions_path(const DeltaDeletions& deletions, std::string_view table);

/// Row numbers from 0, ascending. `file`: the bytes of the file at deletions_path; not looked at
/// when they are in the text. Errors: corrupt, unsupported (another format), too_large (over
/// rows_max).
Result<std::vector<std::int64_t>> deleted_rows(const DeltaDeletions& deletions,
                                               std::string_view file,
                                               std::size_t rows_max = 50'000'000);

/// The bytes of a text in Z85. Errors: corrupt.
Result<std::string> decode_z85(std::string_view text);

}  // namespace bl::lake::delta
