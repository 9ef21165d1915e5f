#include "traces/store/direct_reads.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "columns/builders.h"
#include "traces/columns.h"
#include "traces/store/parquet_cells.h"

namespace bl::traces {
namespace {

using Rows = std::vector<std::uint32_t>;

// Neighbouring groups are one request up to this.
constexpr std::uint64_t k_run_bytes_max = 4u << 20;

std::int64_t high_of(const TraceId& id) {
  return std::bit_cast<std::int64_t>(id.high);
}
std::int64_t low_of(const TraceId& id) {
  return std::bit_cast<std::int64_t>(id.low);
}

std::size_t place_of(std::string_view column) {
  return static_cast<std::size_t>(*SpanTable::schema().find(column));
}

struct Extent {
  std::uint64_t begin = 0, end = 0;
};
Extent extent_of(const parquet::Group& group) {
  Extent extent{group.chunks.front().offset, 0};
  for (const parquet::Chunk& chunk : group.chunks) {
    extent.begin = std::min(extent.begin, chunk.offset);
    extent.end = std::max(extent.end, chunk.offset + chunk.bytes);
  }
  return extent;
}

// A row group whose bytes are there.
class GroupReader {
 public:
  GroupReader(const parquet::Footer& footer, const parquet::Group& group, std::string_view bytes,
              std::uint64_t offset)
      : footer_(footer), group_(group), bytes_(bytes), offset_(offset) {}

  Result<parquet::Cells> cells(std::size_t column, const Rows& rows) const {
    const parquet::Chunk& chunk = group_.chunks[column];
    return parquet::read_cells(footer_.columns[column], chunk,
                               bytes_.substr(chunk.offset - offset_, chunk.bytes), group_.rows,
                               rows);
  }
  // Keeps the rows whose number is one that is wanted.
  template <class Wanted>
  Result<void> keep(std::string_view column, Rows& rows, const Wanted& wanted) const {
    if (rows.empty()) return {};
    BL_TRY(const parquet::Cells found, cells(place_of(column), rows));
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!found.is_null.empty() && found.is_null[i]) continue;
      if (wanted(found.numbers[i], i)) rows[kept++] = rows[i];
    }
    rows.resize(kept);
    return {};
  }
  Result<Rows> rows_of(const DirectQuery& query) const {
    Rows rows(static_cast<std::size_t>(group_.rows));
    std::iota(rows.begin(), rows.end(), 0);
    // Of each row that stays, which id's high half it has: the first of those that share it.
    std::vector<std::size_t> whose;
    BL_RETURN_IF_ERROR(keep("trace_high", rows, [&](std::int64_t high, std::size_t) {
      const auto at = std::ranges::lower_bound(query.ids, high, {}, high_of);
      if (at == query.ids.end() || high_of(*at) != high) return false;
      whose.push_back(static_cast<std::size_t>(at - query.ids.begin()));
      return true;
    }));
    BL_RETURN_IF_ERROR(keep("trace_low", rows, [&](std::int64_t low, std::size_t i) {
      for (std::size_t at = whose[i]; at < query.ids.size(); ++at) {
        if (high_of(query.ids[at]) != high_of(query.ids[whose[i]])) return false;
        if (low_of(query.ids[at]) == low) return true;
      }
      return false;
    }));
    BL_RETURN_IF_ERROR(keep("hour", rows, [&](std::int64_t hour, std::size_t) {
      return hour >= query.hours.first && hour <= query.hours.last;
    }));
    if (query.starts) {
      BL_RETURN_IF_ERROR(keep("start_ns", rows, [&](std::int64_t start, std::size_t) {
        return query.starts->contains(start);
      }));
    }
    return rows;
  }

 private:
  const parquet::Footer& footer_;
  const parquet::Group& group_;
  const std::string_view bytes_;
  const std::uint64_t offset_;
};

template <class T, class From>
columns::ColumnData column_of(const std::vector<From>& values, const std::vector<bool>& is_null) {
  columns::ColumnBuilder<T> builder;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_null.empty() && is_null[i]) {
      builder.append_null();
    } else {
      builder.append(static_cast<T>(values[i]));
    }
  }
  return builder.take();
}

Result<columns::Batch> batch_of(const GroupReader& group, const parquet::Footer& footer,
                                const Rows& rows, const DirectColumns& columns) {
  std::vector<columns::ColumnData> data;
  for (const std::size_t place : columns.places) {
    BL_TRY(const parquet::Cells cells, group.cells(place, rows));
    switch (footer.columns[place].type) {
      case parquet::Physical::int32:
        data.push_back(column_of<std::int32_t>(cells.numbers, cells.is_null));
        break;
      case parquet::Physical::int64:
        data.push_back(column_of<std::int64_t>(cells.numbers, cells.is_null));
        break;
      case parquet::Physical::text:
        data.push_back(column_of<std::string_view>(cells.texts, cells.is_null));
        break;
    }
  }
  return columns::Batch::make(columns.schema, std::ssize(rows), std::move(data));
}

}  // namespace

void sort_ids(std::vector<TraceId>& ids) {
  std::ranges::sort(ids, {}, [](const TraceId& id) { return std::pair(high_of(id), low_of(id)); });
}

DirectColumns direct_columns(std::string_view names) {
  DirectColumns out;
  std::vector<columns::Field> fields;
  const auto& all = SpanTable::schema().fields();
  const auto is_named = [&](const std::string& name) {
    for (std::string_view rest = names; !rest.empty();) {
      const std::size_t end = std::min(rest.find(", "), rest.size());
      if (rest.substr(0, end) == name) return true;
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return names == "*";
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_named(all[i].name)) continue;
    // Whoever reads the batch says where none may be null.
    fields.push_back({all[i].name, all[i].type, true});
    out.places.push_back(i);
  }
  out.schema = columns::Schema::make(std::move(fields)).value();
  return out;
}

std::vector<GroupRun> runs_of(const parquet::Footer& footer, std::span<const std::size_t> groups) {
  std::vector<GroupRun> runs;
  Extent run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Extent extent = extent_of(footer.groups[groups[i]]);
    const bool is_next = !runs.empty() && groups[i] == groups[i - 1] + 1 &&
                         extent.begin >= run.begin && extent.end - run.begin <= k_run_bytes_max;
    if (is_next) {
      runs.back().last = i;
      run.end = std::max(run.end, extent.end);
    } else {
      runs.push_back({i, i});
      run = extent;
    }
  }
  return runs;
}

Result<void> read_directly(objects::ObjectStore& store, const lake::DataFile& file,
                           const parquet::Footer& footer, std::span<const std::size_t> groups,
                           const DirectQuery& query, const DirectColumns& columns,
                           const std::function<Result<void>(const columns::Batch&)>& each) {
  for (const GroupRun& run : runs_of(footer, groups)) {
    Extent extent = extent_of(footer.groups[groups[run.first]]);
    for (std::size_t i = run.first; i <= run.last; ++i) {
      extent.end = std::max(extent.end, extent_of(footer.groups[groups[i]]).end);
    }
    const std::uint64_t size = extent.end - extent.begin;
    BL_TRY(const std::string bytes, store.get_range(file.key, {extent.begin, size}));
    if (bytes.size() != size) {
      return Error{Code::corrupt, "a file of spans ends before its row groups do: " + file.key};
    }
    for (std::size_t i = run.first; i <= run.last; ++i) {
      const parquet::Group& group = footer.groups[groups[i]];
      const GroupReader reader(footer, group, bytes, extent.begin);
      BL_TRY(const Rows rows, reader.rows_of(query));
      if (rows.empty()) continue;
      BL_TRY(const columns::Batch batch, batch_of(reader, footer, rows, columns));
      BL_RETURN_IF_ERROR(each(batch));
    }
  }
  return {};
}

}  // namespace bl::traces
