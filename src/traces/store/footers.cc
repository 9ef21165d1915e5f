#include "traces/store/footers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/numbers.h"
#include "traces/columns.h"

namespace bl::traces {
namespace {

using Hour = std::numeric_limits<std::int32_t>;
using High = std::numeric_limits<std::int64_t>;
constexpr std::size_t k_end_bytes = 8;  // the footer's length and the mark behind it

template <class T>
void set_bound(T& to, std::optional<std::string_view> text, T unknown) {
  const auto number = text ? parse_int64(*text) : std::nullopt;
  to = number ? static_cast<T>(*number) : unknown;
}

Result<FileLayout> read_by_engine(duck::Connection& connection, const std::string& path) {
  BL_TRY(duck::Answer answer,
         connection.query("SELECT row_group_id, any_value(row_group_num_rows), "
                          "CAST(sum(total_compressed_size) AS BIGINT), "
                          "max(stats_min_value) FILTER (path_in_schema = 'hour'), "
                          "max(stats_max_value) FILTER (path_in_schema = 'hour'), "
                          "max(stats_min_value) FILTER (path_in_schema = 'trace_high'), "
                          "max(stats_max_value) FILTER (path_in_schema = 'trace_high') "
                          "FROM parquet_metadata(?) GROUP BY 1 ORDER BY 1",
                          {path}));
  BL_TRY(const columns::Batch batch, answer.all());
  BL_TRY(const auto rows, batch.column(1).as<std::int64_t>());
  BL_TRY(const auto bytes, batch.column(2).as<std::int64_t>());
  BL_TRY(const auto hour_min, batch.column(3).as<std::string_view>());
  BL_TRY(const auto hour_max, batch.column(4).as<std::string_view>());
  BL_TRY(const auto high_min, batch.column(5).as<std::string_view>());
  BL_TRY(const auto high_max, batch.column(6).as<std::string_view>());
  FileLayout layout;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    RowGroup& group = layout.groups.emplace_back();
    group.rows = rows[i];
    group.bytes = bytes[i];
    set_bound(group.hour_min, hour_min.get(i), Hour::min());
    set_bound(group.hour_max, hour_max.get(i), Hour::max());
    set_bound(group.trace_high_min, high_min.get(i), High::min());
    set_bound(group.trace_high_max, high_max.get(i), High::max());
  }
  return layout;
}

bool is_of_type(const parquet::Column& column, const columns::Type& type) {
  switch (column.type) {
    case parquet::Physical::int32:
      return type == columns::Kind::int32;
    case parquet::Physical::int64:
      return type == columns::Kind::int64;
    case parquet::Physical::text:
      return type == columns::Kind::text;
  }
  return false;
}

// The columns of the table in its order. Errors: unsupported (one is not there).
Result<FileLayout> layout_of(parquet::Footer footer) {
  FileLayout layout;
  parquet::Footer& chunks = layout.chunks.emplace();
  std::vector<std::size_t> places;
  for (const columns::Field& field : SpanTable::schema().fields()) {
    const auto place = footer.find(field.name);
    if (!place || !is_of_type(footer.columns[*place], field.type)) {
      return Error{Code::unsupported, "a file of spans without the column: " + field.name};
    }
    places.push_back(*place);
    chunks.columns.push_back(footer.columns[*place]);
  }
  const std::size_t hour = *footer.find("hour"), high = *footer.find("trace_high"),
                    start = *footer.find("start_ns");
  for (std::size_t i = 0; i < footer.groups.size(); ++i) {
    const parquet::Group& from = footer.groups[i];
    RowGroup& group = layout.groups.emplace_back();
    group.rows = from.rows;
    for (const parquet::Chunk& chunk : from.chunks) group.bytes += chunk.bytes;
    const auto hours = footer.bounds(i, hour).value_or(parquet::Bounds{Hour::min(), Hour::max()});
    const auto highs = footer.bounds(i, high).value_or(parquet::Bounds{High::min(), High::max()});
    group.hour_min = static_cast<std::int32_t>(hours.least);
    group.hour_max = static_cast<std::int32_t>(hours.greatest);
    group.trace_high_min = highs.least;
    group.trace_high_max = highs.greatest;
    if (const auto starts = footer.bounds(i, start)) {
      group.start_min = starts->least;
      group.start_max = starts->greatest;
    }
    parquet::Group& to = chunks.groups.emplace_back();
    to.rows = from.rows;
    for (const std::size_t place : places) to.chunks.push_back(from.chunks[place]);
  }
  return layout;
}

}  // namespace

Result<FileLayout> Footers::read(const lake::DataFile& file, ReadCost& cost) {
  // The catalog says how long it is.
  const std::uint64_t size = std::min<std::uint64_t>(file.footer_bytes + k_end_bytes, file.bytes);
  BL_TRY(const std::string end, store_.get_range(file.key, {file.bytes - size, size}));
  cost.requests += 1;
  cost.bytes_read += std::ssize(end);
  std::uint32_t footer_bytes = 0;
  const bool is_parquet = end.size() == size && size > k_end_bytes && end.ends_with("PAR1");
  if (is_parquet) std::memcpy(&footer_bytes, end.data() + size - k_end_bytes, sizeof footer_bytes);
  if (footer_bytes != file.footer_bytes) {
    return Error{Code::unsupported, "a file of spans with a footer of another size: " + file.key};
  }
  BL_TRY(parquet::Footer footer,
         parquet::read_footer(std::string_view(end).substr(0, footer_bytes), file.bytes));
  return layout_of(std::move(footer));
}

Result<std::shared_ptr<const FileLayout>> Footers::of(duck::Connection& connection,
                                                      const lake::DataFile& file,
                                                      const std::string& path, ReadCost& cost) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = known_.find(file.key); it != known_.end()) return it->second;
  }
  auto layout = std::make_shared<FileLayout>();
  bool is_read = false;
  if (reads_directly_) {
    auto read_here = read(file, cost);
    is_read = read_here.ok();
    if (is_read) *layout = *std::move(read_here);
  }
  // What we do not read the engine does, or says why it cannot.
  if (!is_read) {
    cost.requests += 1;
    BL_TRY(*layout, read_by_engine(connection, path));
  }
  const std::lock_guard lock(mutex_);
  return known_.emplace(file.key, std::move(layout)).first->second;
}

void Footers::keep(const lake::FileSet& files) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [&](const auto& one) { return files.find(one.first) == nullptr; });
}

std::size_t Footers::bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [key, layout] : known_) {
    bytes += key.size() + layout->groups.size() * sizeof(RowGroup);
    if (!layout->chunks) continue;
    const auto& chunks = *layout->chunks;
    bytes += chunks.columns.size() *
             (sizeof(parquet::Column) + chunks.groups.size() * sizeof(parquet::Chunk));
  }
  return bytes;
}

}  // namespace bl::traces
