#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "traces/store/parquet_footer.h"

namespace bl::traces::parquet {

/// Cells of some rows of a column; those that are null are 0 or "".
struct Cells {
  std::vector<std::int64_t> numbers;    ///< of a column of numbers
  std::vector<std::string_view> texts;  ///< of a column of texts; as long as `pages` and the input
  std::vector<bool> is_null;            ///< empty: none is
  std::vector<std::unique_ptr<char[]>> pages;

  std::size_t size() const { return numbers.size() + texts.size(); }
};

/// Reads the cells of `wanted`, rows of the group in ascending order, out of the bytes of its
/// chunk. Pages without a wanted row are not unpacked; memory is at most what the footer says of
/// the chunk. Errors: corrupt, unsupported.
Result<Cells> read_cells(const Column& column, const Chunk& chunk, std::string_view bytes,
                         std::int64_t rows, std::span<const std::uint32_t> wanted);

}  // namespace bl::traces::parquet
