#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Parquet as far as a lookup needs it: where the columns of a row group lie, and which numbers
/// bound it. What the files of the table `spans` are written with is known (flat columns, whole
/// numbers and texts, pages of version 1, zstd); everything else is refused, and who reads takes
/// the engine. Source: the format's parquet.thrift, Apache Thrift's compact protocol.
namespace bl::traces::parquet {

enum class Physical : unsigned char { int32, int64, text };

struct Column {
  std::string name;
  Physical type = Physical::int64;
  bool is_optional = false;
};

struct Chunk {
  std::uint64_t offset = 0;  ///< in the file, of the first page
  std::uint32_t bytes = 0;   ///< of all pages
  std::uint32_t unpacked = 0;
  bool is_zstd = false;  ///< else not compressed
};

struct Group {
  std::int64_t rows = 0;
  std::vector<Chunk> chunks;  ///< by column
};

struct Bounds {
  std::int64_t least = 0, greatest = 0;
};

struct Footer {
  std::vector<Column> columns;
  std::vector<Group> groups;
  /// Of a group and a column; absent: not said, or no whole number.
  std::optional<Bounds> bounds(std::size_t group, std::size_t column) const {
    return all_bounds[group * columns.size() + column];
  }
  std::optional<std::size_t> find(std::string_view column) const;
  std::vector<std::optional<Bounds>> all_bounds;  ///< group by group, by column
};

/// `bytes`: of the footer itself, without its length and the mark behind it; `file_bytes`: all of
/// the file. Every offset of the answer lies within the file. Errors: unsupported (what no file of
/// ours has), corrupt.
Result<Footer> read_footer(std::string_view bytes, std::uint64_t file_bytes);

struct PageHeader {
  enum class Kind : unsigned char { data, dictionary } kind = Kind::data;
  enum class Encoding : unsigned char { plain, dictionary } encoding = Encoding::plain;
  std::uint32_t values = 0;
  std::uint32_t bytes = 0, unpacked = 0;
};
/// Takes it from the front of `bytes`. Errors: as read_footer.
Result<PageHeader> take_page_header(std::string_view& bytes);

}  // namespace bl::traces::parquet
