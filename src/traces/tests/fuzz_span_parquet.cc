// Any bytes as a Parquet file of spans: its footer and its cells are refused, or say one thing
// however many rows of a column are asked for at once, within the memory that the footer names.
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "traces/store/parquet_cells.h"

namespace {

using namespace bl::traces;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_known(const bl::Error& error) {
  return error.code == bl::Code::corrupt || error.code == bl::Code::unsupported;
}

struct Cell {
  std::int64_t number = 0;
  std::string text;
  bool is_null = false;
  bool operator==(const Cell&) const = default;
};
Cell cell(const parquet::Column& column, const parquet::Cells& cells, std::size_t at) {
  Cell out;
  out.is_null = !cells.is_null.empty() && cells.is_null[at];
  if (column.type == parquet::Physical::text) {
    out.text = cells.texts[at];
  } else {
    out.number = cells.numbers[at];
  }
  return out;
}

void look_at(const parquet::Column& column, const parquet::Chunk& chunk, std::string_view file,
             std::int64_t rows) {
  // What a file may claim, a machine for this cannot give.
  if (rows > 1 << 14 || chunk.unpacked > 1 << 22) return;
  require(chunk.offset <= file.size() && chunk.bytes <= file.size() - chunk.offset);
  const std::string_view bytes = file.substr(chunk.offset, chunk.bytes);
  std::vector<std::uint32_t> wanted(static_cast<std::size_t>(rows));
  std::iota(wanted.begin(), wanted.end(), 0);
  const auto all = parquet::read_cells(column, chunk, bytes, rows, wanted);
  if (!all.ok()) return require(is_known(all.error()));
  require(all->size() == wanted.size());
  std::vector<std::uint32_t> some;
  for (std::uint32_t row = 0; row < wanted.size(); row += 1 + row % 7) some.push_back(row);
  const auto few = parquet::read_cells(column, chunk, bytes, rows, some);
  require(few.ok() && few->size() == some.size());
  for (std::size_t i = 0; i < some.size(); ++i) {
    require(cell(column, *few, i) == cell(column, *all, some[i]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  // Its end: the footer, the footer's size, four letters.
  if (size < 8) return 0;
  std::uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, data + size - 8, sizeof footer_bytes);
  if (footer_bytes > size - 8) footer_bytes = static_cast<std::uint32_t>(size - 8);
  const auto footer =
      parquet::read_footer(file.substr(size - 8 - footer_bytes, footer_bytes), file.size());
  if (!footer.ok()) {
    require(is_known(footer.error()));
    return 0;
  }
  require(footer->all_bounds.size() == footer->groups.size() * footer->columns.size());
  for (std::size_t group = 0; group < footer->groups.size(); ++group) {
    for (std::size_t column = 0; column < footer->columns.size(); ++column) {
      (void)footer->bounds(group, column);
      look_at(footer->columns[column], footer->groups[group].chunks[column], file,
              footer->groups[group].rows);
    }
  }
  return 0;
}
